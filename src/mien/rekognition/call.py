"""One call of a client's: who signed it, and what their access key is bound to."""

from __future__ import annotations

from dataclasses import dataclass

from mien.http.site import Site
from mien.library import Library
from mien.permission.access_key import AccessTerms
from mien.permission.caller import Caller, Operation, may_operate, may_reach
from mien.permission.verdict import Reason
from mien.rekognition.errors import Code, ServiceError, check, denied, no_collection
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
        """Raises a refusal where the key is not for this, which says what it would have to be for.

        A collection that the key does not name is answered as if there were none.
        """
        verdict = may_operate(self.caller, operation, purpose=self.terms.purpose)
        if Reason.OPERATION_NOT_YOURS in verdict.reasons:
            words = f"{denied(verdict).message} It takes an access key for '{operation}'."
            raise ServiceError(Code.ACCESS_DENIED, words)
        check(verdict)
        if collection is not None and not may_reach(self.caller, collection):
            raise no_collection(collection)
