"""One call of a client's: who signed it, and what their access key is bound to."""

from __future__ import annotations

from dataclasses import dataclass

from mien.http.site import Site
from mien.library import Library
from mien.permission.access_key import AccessTerms
from mien.permission.caller import Caller, Operation, may_operate, may_reach
from mien.rekognition.errors import check, no_collection
from mien.service.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Somebody whose signature was verified; `terms` are those of their access key."""

    site: Site
    caller: Caller
    terms: AccessTerms

    @property
    def library(self) -> Library:
        """The library, as the caller acts in it."""
        return self.site.library.acting(self.caller.actor)

    @property
    def parts(self) -> Parts:
        return self.library.parts

    def check(self, operation: Operation, *, collection: str | None = None) -> None:
        """Raises a refusal where the key is not for this.

        A collection that the key does not name is answered as if there were none.
        """
        check(may_operate(self.caller, operation, purpose=self.terms.purpose))
        if collection is not None and not may_reach(self.caller, collection):
            raise no_collection(collection)
