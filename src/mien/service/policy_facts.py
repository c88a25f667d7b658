"""What the policy speaks of, gathered from the record in one transaction and kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mien.catalog import grants as grant_rows
from mien.catalog import holdings
from mien.catalog.collections import Collection
from mien.catalog.connect import Connection
from mien.catalog.consents import iter_consents
from mien.catalog.grants import StoredGrant
from mien.catalog.holdings import Holding
from mien.catalog.people import iter_people
from mien.permission.basis import Basis
from mien.permission.consent import may_process
from mien.permission.grant import GrantKind, keep_until, may_apply
from mien.permission.link import may_open
from mien.permission.publication import publish_grantor, publish_places
from mien.permission.use import Use
from mien.permission.verdict import Verdict
from mien.service.consents import believe
from mien.service.deployment import Deployment
from mien.service.link import Link
from mien.service.link_record import iter_links
from mien.service.people import describe_people
from mien.service.retention import Terms
from mien.service.standing import iter_collections, iter_grants
from mien.service.user_record import iter_users
from mien.types import EmbeddingModel, GrantId, PersonId


@dataclass(frozen=True, slots=True)
class Operator:
    """Who answers for what is held, in their own words; empty where nobody said so."""

    controller: str
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionFacts:
    """A collection; `sources` are ids of the grants under which it holds anything.

    `purposes` are its own where it has any, else those of its grants. `erase_at` is when the
    first of it goes by its own retention; `is_vouched`, that it is what it was made as.
    """

    name: str
    basis: Basis
    assessment: str
    retention_days: int | None
    erase_at: datetime | None
    is_vouched: bool
    model_id: str
    photos: int
    faces: int
    dropped: int
    sources: tuple[str, ...]
    purposes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """A grant as far as it may be published; `grantor` is empty where it may not be named.

    `erase_at` is when the first of what is held under it goes; `has_evidence` says that
    something that shows it was recorded with it.
    """

    grant_id: str
    kind: GrantKind
    grantor: str
    places: tuple[str, ...]
    uses: tuple[Use, ...]
    purposes: tuple[str, ...]
    bases: tuple[Basis, ...]
    jurisdiction: str
    has_evidence: bool
    assessment: str
    retention_days: int | None
    valid_from: datetime
    valid_until: datetime
    verdict: Verdict
    photos: int
    erase_at: datetime | None


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """At one score: one in so many strangers reaches it, and so many in 1,000 pairs do not."""

    strangers_one_in: int
    missed_per_mille: int | None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """The model at hand and how often it is wrong, as its card says."""

    model_id: str
    measured_on: str
    rates: tuple[ErrorRate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the policy says of one deployment at one moment.

    `consented` holds every purpose of a consent on record, and how many people it holds for now;
    `people_until` is when the first of what is kept of those people goes. `originals` are photos
    that were handed in and lie here, `users` may sign in, `links` are open to guests.
    """

    operator: Operator
    collections: tuple[CollectionFacts, ...]
    sources: tuple[SourceFacts, ...]
    consented: Mapping[str, int]
    people: int
    people_until: datetime | None
    suppressed: Mapping[str, int]
    cases: int
    originals: int
    users: int
    links: int
    model: ModelFacts
    terms: Terms

    @property
    def purposes(self) -> tuple[str, ...]:
        """Every purpose on record, each once."""
        granted = (purpose for source in self.sources for purpose in source.purposes)
        served = (purpose for found in self.collections for purpose in found.purposes)
        return _sort((*granted, *served, *self.consented))


def gather_facts(deployment: Deployment, operator: Operator, *, terms: Terms) -> Facts:
    """What the record says now."""
    now = deployment.clock()
    with deployment.database.reading() as connection:
        stored = list(iter_grants(deployment, connection))
        held = holdings.count_photos_by_grant(connection)
        first = grant_rows.find_first_additions(connection)
        return Facts(
            operator=Operator(_tidy(operator.controller), _tidy(operator.contact)),
            collections=_gather_collections(deployment, connection, stored=stored),
            sources=tuple(
                _describe_source(
                    each,
                    verdict=may_apply(each.grant, at=now),
                    photos=held.get(each.id, 0),
                    erase_at=_find_end(each, first=first, grace=terms.grace),
                )
                for each in stored
            ),
            consented=_count_consents(deployment, connection, at=now),
            people=holdings.count_people(connection),
            people_until=_find_end_of_people(deployment, connection, grace=terms.grace),
            suppressed=holdings.count_suppressions(connection),
            cases=holdings.count_cases(connection),
            originals=holdings.count_originals(connection),
            users=sum(user.is_in_force for user in iter_users(deployment, connection)),
            links=sum(_is_open(link, at=now) for link in iter_links(deployment, connection)),
            model=_describe_model(deployment.model),
            terms=terms,
        )


def _is_open(link: Link, *, at: datetime) -> bool:
    verdict = may_open(link.terms, is_vouched=link.is_vouched, revoked_at=link.revoked_at, at=at)
    return verdict.is_allowed


def _gather_collections(
    deployment: Deployment, connection: Connection, *, stored: Iterable[StoredGrant]
) -> tuple[CollectionFacts, ...]:
    by_id = {each.id: each for each in stored}
    held, sources = holdings.count_holdings(connection), holdings.find_sources(connection)
    return tuple(
        _describe_collection(
            found,
            held.get(found.id, holdings.NOTHING),
            grants=[
                by_id[grant_id]
                for grant_id in sorted(sources.get(found.id, ()))
                # The same photo may lie in another collection, under a grant of another basis.
                if found.basis in by_id[grant_id].grant.bases
            ],
        )
        for found in iter_collections(deployment, connection)
    )


def _describe_collection(
    found: Collection, holding: Holding, *, grants: list[StoredGrant]
) -> CollectionFacts:
    charter = found.charter
    granted = (purpose for stored in grants for purpose in stored.grant.purposes)
    until = None
    if charter.retention is not None and holding.since is not None:
        until = holding.since + charter.retention
    return CollectionFacts(
        name=_tidy(found.name),
        basis=charter.basis,
        assessment=_tidy(charter.assessment),
        retention_days=_count_days(charter.retention),
        erase_at=until,
        is_vouched=charter.is_vouched,
        model_id=found.model_id,
        photos=holding.photos,
        faces=holding.faces,
        dropped=holding.dropped,
        sources=tuple(stored.grant.grant_id for stored in grants),
        purposes=_sort(charter.purposes or granted),
    )


def _describe_source(
    stored: StoredGrant, *, verdict: Verdict, photos: int, erase_at: datetime | None
) -> SourceFacts:
    grant = stored.grant
    return SourceFacts(
        grant_id=grant.grant_id,
        kind=grant.kind,
        grantor=_tidy(publish_grantor(grant)),
        places=publish_places(grant),
        uses=tuple(use for use in Use if use in grant.uses),
        purposes=_sort(grant.purposes),
        bases=tuple(basis for basis in Basis if basis in grant.bases),
        jurisdiction=grant.jurisdiction,
        has_evidence=bool(grant.evidence),
        assessment=_tidy(grant.assessment),
        retention_days=_count_days(grant.retention),
        valid_from=grant.valid_from,
        valid_until=grant.valid_until,
        verdict=verdict,
        photos=photos,
        erase_at=erase_at,
    )


def _count_consents(
    deployment: Deployment, connection: Connection, *, at: datetime
) -> dict[str, int]:
    people: dict[str, set[PersonId]] = {}
    for stored in iter_consents(connection):
        consent = believe(deployment, stored)
        for purpose in consent.purposes:
            covered = people.setdefault(purpose, set())
            if may_process(consent, purpose=purpose, at=at).is_allowed:
                covered.add(stored.person_id)
    return {purpose: len(people[purpose]) for purpose in sorted(people)}


def _find_end_of_people(
    deployment: Deployment, connection: Connection, *, grace: timedelta
) -> datetime | None:
    known = list(iter_people(connection))
    people = describe_people(deployment, connection, people=known, grace=grace)
    return min((min(each.templates_until, each.record_until) for each in people), default=None)


def _find_end(
    stored: StoredGrant, *, first: Mapping[GrantId, datetime], grace: timedelta
) -> datetime | None:
    since = first.get(stored.id)
    return None if since is None else keep_until(stored.grant, since=since, grace=grace)


def _describe_model(model: EmbeddingModel) -> ModelFacts:
    rates = [
        ErrorRate(round(1 / fmr), _per_mille(model.missed_by_fmr.get(fmr)))
        for fmr in sorted(model.score_by_fmr, reverse=True)
    ]
    return ModelFacts(model.model_id, model.measured_on, tuple(rates))


def _count_days(time: timedelta | None) -> int | None:
    return None if time is None else time.days


def _per_mille(share: float | None) -> int | None:
    return None if share is None else round(1000 * share)


def _sort(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts)))


def _tidy(text: str) -> str:
    """On one line, and without what would steer whoever shows it."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(shown.split())
