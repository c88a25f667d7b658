"""What was asked and shown in one search, and how the audit log hears of it.

The entry has what article 12(3) of the EU AI Act asks for: when the use began and ended,
the collection and its revision, a commitment to the probe, one to each face that was shown,
and who verified a match (nobody yet: a result is only ever candidates).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from hashlib import sha256

from mien.catalog.audit import Json
from mien.catalog.collections import Collection
from mien.permission.verdict import Verdict
from mien.service import audit
from mien.service.audit import SALT_BYTES, Action, Event, Note
from mien.service.deployment import Deployment


class SearchSession:
    """One search under way, from the question to the entry in the log."""

    def __init__(
        self, deployment: Deployment, *, purpose: str, collection: str, reason: str = ""
    ) -> None:
        """`reason` is what whoever searches says of it, for whoever reviews the search."""
        self._deployment = deployment
        self._purpose = purpose
        self._reason = reason
        self._collection_name = collection
        self._probe: bytes | None = None
        self.began = deployment.clock()
        self.collection: Collection | None = None

    def note_probes(self, contents: Sequence[bytes]) -> None:
        """Keeps a commitment: whoever has the photos can be shown that it was these."""
        digests = b"".join(sha256(content).digest() for content in contents)
        self._probe = secrets.token_bytes(SALT_BYTES) + digests

    def end(self, verdict: Verdict, *, shown: Sequence[Note] = ()) -> None:
        """Enters the search into the audit log."""
        event = Event(
            action=Action.SEARCH,
            purpose=self._purpose,
            reasons=verdict.reasons,
            facts=self._facts(),
            note=Note(self._details()),
            shown=shown,
        )
        with self._deployment.database.writing() as connection:
            audit.append(self._deployment, connection, event=event)

    def _facts(self) -> dict[str, Json]:
        collection, ended = self.collection, self._deployment.clock()
        facts: dict[str, Json] = {
            "began": audit.format_time(self.began),
            "ended": audit.format_time(ended),
            "input": None if self._probe is None else audit.commit(self._probe),
            "verifiers": [],
        }
        if collection is not None:
            facts["collection"] = audit.refer_collection(self._deployment, collection.uuid)
            facts["collection_revision"] = collection.revision
        return facts

    def _details(self) -> dict[str, Json]:
        """The salt alone: what was searched with is not kept, nor anything made of it."""
        salt = "" if self._probe is None else self._probe[:SALT_BYTES].hex()
        details: dict[str, Json] = {
            "purpose": self._purpose,
            "collection": self._collection_name,
            "input_salt": salt,
        }
        return details | ({"reason": self._reason} if self._reason else {})
