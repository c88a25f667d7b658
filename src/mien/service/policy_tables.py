"""The tables of the policy: one row for each collection, permission and purpose on record."""

from __future__ import annotations

from datetime import datetime, timedelta

from mien.pages.document import Table
from mien.permission.basis import Basis
from mien.permission.grant import GrantKind
from mien.permission.use import Use
from mien.permission.verdict import Reason
from mien.service.policy_facts import CollectionFacts, ErrorRate, Facts, SourceFacts
from mien.service.policy_record import DATA, MEASURES, RECIPIENTS, SUBJECTS, TRANSFERS

BASES = {
    Basis.ENROLLED_ONLY: "people who enrolled and consent, and nobody else",
    Basis.DOCUMENTED_BASIS: "everybody, for named purposes, after an assessment of the risks",
    Basis.HOUSEHOLD: "everybody in the operator's own photos, for the operator alone",
}
KINDS = {
    GrantKind.OWNER_ASSERTION: "the operator's own photos",
    GrantKind.SITE_GRANT: "permission of a site",
    GrantKind.OPEN_LICENCE: "an open licence",
    GrantKind.ACCOUNT_EXPORT: "the export of somebody's own account",
    GrantKind.CONTRACT: "a contract",
}
_GRANTORS = {
    GrantKind.OWNER_ASSERTION: "the operator",
    GrantKind.ACCOUNT_EXPORT: "the holder of the account",
}
_STATES = {Reason.GRANT_REVOKED: "revoked", Reason.GRANT_CHANGED: "changed since, allows nothing"}
_CHANGED = "changed since it was made: nothing is done in it"
USES = {
    Use.FETCH: "fetch",
    Use.STORE: "keep",
    Use.TEMPLATE: "recognise faces",
    Use.SEARCH: "search",
    Use.DISPLAY: "show",
    Use.TRAIN: "train (never done)",
}


def make_tables(facts: Facts) -> dict[str, Table]:
    """Every table, by the name that the words call it."""
    return {
        "collections": Table(
            ("Collection", "Whose templates", "Photos", "Faces", "Faces not kept", "Model"),
            tuple(map(_describe_collection, facts.collections)),
            empty="There is no collection yet, and nothing is held.",
        ),
        "sources": Table(
            ("Permission", "Given by", "Rests on", "Where", "Allows", "Photos", "State"),
            tuple(map(_describe_source, facts.sources)),
            empty="No permission is on record, so nothing can be added.",
        ),
        "purposes": Table(
            ("Purpose", "Collections", "Permissions in force", "People who consent"),
            tuple(_describe_purpose(purpose, facts) for purpose in facts.purposes),
            empty="No purpose is on record, so every search is refused.",
        ),
        "assessments": Table(
            ("Collection or permission", "Assessment of the risks"),
            (
                *(
                    (found.name, found.assessment)
                    for found in facts.collections
                    if found.assessment
                ),
                *((name_source(s), s.assessment) for s in facts.sources if s.assessment),
            ),
            empty="No assessment of the risks is on record.",
        ),
        "ends": Table(
            ("Permission", "Each photo is kept", "Permission ends", "First erasure"),
            tuple(map(_describe_end, facts.sources)),
            empty="Nothing is held.",
        ),
        "own_ends": Table(
            ("Collection", "Each photo is kept", "First erasure"),
            tuple(
                (found.name, _say_days(found.retention_days), _say_end(found.erase_at))
                for found in facts.collections
                if found.retention_days is not None
            ),
            empty="No collection has a time of its own beside that of its permissions.",
        ),
        "rates": Table(
            ("Strangers who score this high", "Pairs of one person that score lower"),
            tuple(map(_describe_rate, facts.model.rates)),
            empty="There are no figures.",
        ),
        "record": Table(("Asked for", "Here"), _describe_record(facts), empty=""),
    }


def name_source(source: SourceFacts) -> str:
    """How the text refers to a permission: the first part of its id."""
    return source.grant_id.partition("-")[0]


def _describe_collection(found: CollectionFacts) -> tuple[str, ...]:
    numbers = (f"{number:,}" for number in (found.photos, found.faces, found.dropped))
    whose = BASES[found.basis] if found.is_vouched else _CHANGED
    return (found.name, whose, *numbers, found.model_id)


def _describe_source(source: SourceFacts) -> tuple[str, ...]:
    return (
        name_source(source),
        source.grantor or _GRANTORS[source.kind],
        _describe_kind(source),
        ", ".join(source.places) or "nothing that can be read",
        ", ".join(USES[use] for use in source.uses) or "nothing",
        f"{source.photos:,}",
        _describe_state(source),
    )


def _describe_kind(source: SourceFacts) -> str:
    law = f", under the law of {source.jurisdiction}" if source.jurisdiction else ""
    return f"{KINDS[source.kind]}{law}{', with evidence' if source.has_evidence else ''}"


def _describe_state(source: SourceFacts) -> str:
    if source.verdict.is_allowed:
        return f"in force until {_last_day(source.valid_until)}"
    reason = source.verdict.reasons[0]
    if reason is Reason.GRANT_EXPIRED:
        return f"ended on {_last_day(source.valid_until)}"
    return _STATES.get(reason, "not in force")


def _describe_purpose(purpose: str, facts: Facts) -> tuple[str, ...]:
    collections = [found.name for found in facts.collections if purpose in found.purposes]
    in_force = [
        name_source(source)
        for source in facts.sources
        if source.verdict.is_allowed and purpose in source.purposes
    ]
    return (
        purpose,
        ", ".join(collections) or "none",
        ", ".join(in_force) or "none",
        f"{facts.consented.get(purpose, 0):,}",
    )


def _describe_end(source: SourceFacts) -> tuple[str, ...]:
    is_revoked = Reason.GRANT_REVOKED in source.verdict.reasons
    return (
        name_source(source),
        _say_days(source.retention_days),
        "revoked" if is_revoked else _last_day(source.valid_until),
        _say_end(source.erase_at),
    )


def _say_days(days: int | None) -> str:
    return "as long as the permission holds" if days is None else f"{days:,} days at most"


def _say_end(erase_at: datetime | None) -> str:
    return "nothing is held" if erase_at is None else _day(erase_at)


def _describe_rate(rate: ErrorRate) -> tuple[str, ...]:
    missed = "not measured"
    if rate.missed_per_mille is not None:
        missed = f"{rate.missed_per_mille:,} in 1,000"
    return (f"1 in {rate.strangers_one_in:,}", missed)


def _describe_record(facts: Facts) -> tuple[tuple[str, ...], ...]:
    subjects = [
        ("people who enrolled", facts.people),
        ("people who opted out", facts.suppressed),
        ("people who asked for something", facts.cases),
    ]
    sources = sorted({KINDS[source.kind] for source in facts.sources})
    return (
        ("Controller", facts.operator.controller or "not said yet"),
        ("Contact", facts.operator.contact or "not said yet"),
        ("Purposes", ", ".join(facts.purposes) or "none"),
        ("Categories of people", ", ".join([SUBJECTS, *(who for who, any_ in subjects if any_)])),
        ("Categories of data", "; ".join(text for _, text in DATA)),
        ("Sources", ", ".join(sources) or "none"),
        ("Recipients", RECIPIENTS),
        ("Transfers to other countries", TRANSFERS),
        ("Time limits for erasure", "for each permission as in the table under How long"),
        ("Security measures", "; ".join(text for _, text in MEASURES)),
    )


def _last_day(end: datetime) -> str:
    return _day(end - timedelta(microseconds=1))


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
