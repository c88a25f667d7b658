"""What was asked and shown in one search, and how the audit log hears of it.

The entry has what article 12(3) of the EU AI Act asks for: when the use began and ended,
the collection and its revision, a commitment to the probe, one to each face that was shown,
and who verified a match (nobody yet: a result is only ever candidates, and what somebody says
of one is an entry of its own, which names the search).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

from mien.catalog.audit import Json
from mien.catalog.collections import Collection
from mien.catalog.judgements import ProbeKey
from mien.evidence.strength import Band, Strength
from mien.permission.verdict import Verdict
from mien.service import audit
from mien.service.audit import SALT_BYTES, Action, Event, Note
from mien.service.deployment import Deployment
from mien.service.ranking import Candidate
from mien.vault.notary import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Why somebody searches, and where; the reason is in their own words, for whoever reviews."""

    purpose: str
    collection: str
    reason: str = ""


class SearchSession:
    """One search under way, from the question to the entry in the log."""

    def __init__(
        self, deployment: Deployment, asked: Asked, *, action: Action = Action.SEARCH
    ) -> None:
        self._deployment = deployment
        self._asked = asked
        self._action = action
        self._probe: bytes | None = None
        self._keys: list[ProbeKey] = []
        self.id = str(uuid4())
        self.began = deployment.clock()
        self.collection: Collection | None = None

    def note_probes(self, contents: Sequence[bytes]) -> None:
        """Keeps a commitment: whoever has the photos can be shown that it was these."""
        digests = b"".join(sha256(content).digest() for content in contents)
        self._probe = secrets.token_bytes(SALT_BYTES) + digests

    def note_keys(self, keys: Sequence[ProbeKey]) -> None:
        """Keeps what the faces that are searched with are known by, if they are met again."""
        self._keys = list(keys)

    def tell_shown(self, candidate: Candidate, *, probe: int = 0) -> Note:
        """What the log keeps of a face that was shown, as long as the face is kept."""
        stored = candidate.face.stored
        details: dict[str, Json] = {
            "face": stored.uuid,
            "rank": candidate.rank,
            "score": round(candidate.score, 4),
            "search": self.id,
            "probe": probe,
            "strength": _describe_strength(candidate.strength),
        }
        return Note(details, Owner(photo_id=stored.photo_uuid, face_id=stored.uuid))

    def end(self, verdict: Verdict, *, shown: Sequence[Note] = ()) -> None:
        """Enters the search into the audit log."""
        event = Event(
            action=self._action,
            purpose=self._asked.purpose,
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
            "search": self.id,
            "began": audit.format_time(self.began),
            "ended": audit.format_time(ended),
            "input": None if self._probe is None else audit.commit(self._probe),
            "probes": len(self._keys),
            "verifiers": [],
        }
        if collection is not None:
            facts["collection"] = audit.refer_collection(self._deployment, collection.uuid)
            facts["collection_revision"] = collection.revision
        return facts

    def _details(self) -> dict[str, Json]:
        """What was searched with is not kept, nor anything made of it: a salt and references."""
        salt = "" if self._probe is None else self._probe[:SALT_BYTES].hex()
        details: dict[str, Json] = {
            "purpose": self._asked.purpose,
            "collection": self._asked.collection,
            "input_salt": salt,
            "probes": [key.reference for key in self._keys],
            "probe_face": self._keys[0].face_id if self._keys else None,
        }
        return details | ({"reason": self._asked.reason} if self._asked.reason else {})


def _describe_strength(strength: Strength | None) -> dict[str, Json] | None:
    if strength is None:
        return None
    return asdict(strength) | {"band": strength.band.value}


def parse_strength(described: Mapping[str, Any] | None) -> Strength | None:
    """The strength that a note of `tell_shown` has."""
    if described is None:
        return None
    return Strength(**{**described, "band": Band(described["band"])})
