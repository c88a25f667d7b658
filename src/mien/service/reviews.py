"""The sampled review of searches: a random share of them is looked at by an auditor.

Which ones is decided by a keyed reference of the entry in the audit log. The entry holds random
commitments, so nobody can tell before a search whether it will be looked at, and afterwards it
cannot be changed. What a review says stands in the audit log, the comment sealed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from mien.catalog import audit as audit_rows
from mien.catalog import reviews as rows
from mien.catalog.audit import StoredEntry
from mien.catalog.connect import Connection
from mien.errors import NotFoundError, SettingsError
from mien.permission.caller import Caller, Operation, may_operate
from mien.permission.verdict import Reason, Verdict, refuse
from mien.service import audit
from mien.service.accounts import Accounts
from mien.service.audit import DEPLOYMENT, Action, Event, Note
from mien.service.audit_check import open_note
from mien.service.drafts import check_texts
from mien.service.parts import Parts

_DRAWS = 10_000
_DIGITS = 8
_LONGEST_COMMENT = 2000


class Finding(StrEnum):
    """What an auditor thinks of a search."""

    FINE = "fine"
    OBJECTED = "objected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What was found, and by whom."""

    finding: Finding
    comment: str
    reviewer: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSearch:
    """A search that stands for review: who searched what for, and how many faces were shown.

    `seq` is its entry in the audit log, `at` as that has it. Whom it showed is not told.
    """

    seq: int
    at: str
    actor: str
    collection: str
    purpose: str
    reason: str
    shown: int
    was_refused: bool
    is_own: bool
    review: Review | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Actors:
    """Those who act through the server: what they are called, and the user behind each key."""

    names: Mapping[str, str]
    owners: Mapping[str, str]

    def name(self, actor: str) -> str:
        return self.names.get(actor, actor)

    def own(self, actor: str) -> str:
        return self.owners.get(actor, actor)


class Reviews:
    """The searches of one deployment that stand for review, as one caller may see them."""

    def __init__(self, parts: Parts, *, caller: Caller, share: int) -> None:
        """`share` is the percentage of searches that is drawn."""
        self._deployment = parts.deployment
        self._accounts = Accounts(parts)
        self._caller = caller
        self._share = share

    def list(self, *, before: int | None = None, limit: int = 50) -> list[DrawnSearch]:
        """The newest first; those below an entry's number."""
        with self._deployment.database.reading() as connection:
            first = audit_rows.find_next_seq(connection) if before is None else before
            return list(islice(self._iter_drawn(connection, before=first), limit))

    def get(self, seq: int) -> DrawnSearch:
        """One of them. Raises `NotFoundError`."""
        with self._deployment.database.reading() as connection:
            return self._get(connection, seq)

    def review(self, seq: int, *, finding: Finding, comment: str) -> DrawnSearch | Verdict:
        """Marks a search; a later review takes the place of an earlier one.

        Raises `NotFoundError`, `SettingsError` for an objection that does not say why.
        """
        check_texts(comment)
        if finding is Finding.OBJECTED and not comment.strip():
            raise SettingsError("Whoever objects to a search says why.")
        if len(comment) > _LONGEST_COMMENT:
            raise SettingsError(f"The comment has more than {_LONGEST_COMMENT} characters.")
        with self._deployment.database.writing_durably() as connection:
            if self._get(connection, seq).is_own:
                return refuse(Reason.OWN_SEARCH)
            event = Event(
                action=Action.SEARCH_REVIEWED,
                facts={"search": seq, "finding": finding},
                note=Note({"comment": comment.strip()}),
            )
            review_seq = audit.append(self._deployment, connection, event=event)
            rows.put_review(connection, seq, review_seq=review_seq)
        return self.get(seq)

    def _get(self, connection: Connection, seq: int) -> DrawnSearch:
        found = None
        if 0 <= seq < audit_rows.find_next_seq(connection):
            found = next(self._iter_drawn(connection, before=seq + 1, last=seq), None)
        if found is None:
            raise NotFoundError(f"No search stands for review under {seq}.")
        return found

    def _iter_drawn(
        self, connection: Connection, *, before: int, last: int = 0
    ) -> Iterator[DrawnSearch]:
        actors = self._find_actors()
        for entry in audit_rows.iter_entries_back(connection, before=before):
            if entry.seq < last:
                return
            described = json.loads(entry.content)
            if described["action"] == Action.SEARCH and self._is_drawn(entry):
                search = self._describe(connection, entry, described=described, actors=actors)
                if search is not None:
                    yield search

    def _is_drawn(self, entry: StoredEntry) -> bool:
        drawn = self._deployment.vault.notary.refer(
            "review", f"{entry.seq}:{entry.leaf_hash.hex()}"
        )
        return int(drawn[:_DIGITS], 16) % _DRAWS < self._share * _DRAWS // 100

    def _describe(
        self,
        connection: Connection,
        entry: StoredEntry,
        *,
        described: Mapping[str, object],
        actors: _Actors,
    ) -> DrawnSearch | None:
        """Nothing where it was in a collection or for a purpose that is not the caller's."""
        details = self._open(connection, entry)
        actor, collection = str(details.get("actor", "")), str(details.get("collection", ""))
        purpose = str(details.get("purpose", ""))
        verdict = may_operate(self._caller, Operation.AUDIT, collection=collection, purpose=purpose)
        if not verdict.is_allowed:
            return None
        facts = described["facts"]
        matches = facts.get("matches", ()) if isinstance(facts, dict) else ()
        return DrawnSearch(
            seq=entry.seq,
            at=str(described["time"]),
            actor=actors.name(actor),
            collection=collection,
            purpose=purpose,
            reason=str(details.get("reason", "")),
            shown=len(matches),
            was_refused=described["outcome"] == "refused",
            is_own=actors.own(actor) == actors.own(self._caller.actor),
            review=self._find_review(connection, entry.seq, actors=actors),
        )

    def _find_review(self, connection: Connection, seq: int, *, actors: _Actors) -> Review | None:
        """What the log says of it; a row that names another entry says nothing."""
        for _, review_seq in rows.iter_reviews(connection, [seq]):
            entry = audit_rows.find_entry(connection, review_seq)
            described = {} if entry is None else json.loads(entry.content)
            facts = described.get("facts", {})
            is_review = described.get("action") == Action.SEARCH_REVIEWED
            if entry is not None and is_review and facts.get("search") == seq:
                details = self._open(connection, entry)
                actor = str(details.get("actor", ""))
                return Review(
                    finding=Finding(facts["finding"]),
                    comment=str(details.get("comment", "")),
                    reviewer=actors.name(actor),
                    at=described["time"],
                )
        return None

    def _open(self, connection: Connection, entry: StoredEntry) -> Mapping[str, object]:
        for note in audit_rows.find_notes(connection, entry.seq)[:1]:
            notary = self._deployment.vault.notary
            return open_note(notary, entry, note=note, owner=DEPLOYMENT) or {}
        return {}

    def _find_actors(self) -> _Actors:
        users, keys = self._accounts.list(), [*self._accounts.keys, *self._accounts.access_keys]
        return _Actors(
            names={user.actor: user.name for user in users} | {key.actor: key.name for key in keys},
            owners={key.actor: f"user:{key.owner_id}" for key in keys},
        )
