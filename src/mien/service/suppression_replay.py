"""What opt-outs survive: an old catalog, old keys, rows that somebody deleted, another model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

from mien.catalog import suppressions as rows
from mien.catalog.suppressions import SuppressionRow
from mien.errors import SuppressionError, TamperedError
from mien.service.deployment import Deployment, erasing
from mien.service.erasing import finish_erasures
from mien.service.gallery import Galleries
from mien.service.suppressing import enforce, tell_opted_out
from mien.service.suppression_records import (
    Suppression,
    find_copy,
    keep_copy,
    open_portrait,
    open_row,
    seal_row,
    subject_of,
    uuid_of,
)
from mien.vision.portrait import find_pictured


def settle_suppressions(deployment: Deployment, galleries: Galleries) -> None:
    """Makes whole what an old catalog, old keys, somebody's hand or a sudden end left half.

    What that keeps out is erased first, so that whoever is cut short here begins anew.
    """
    if _is_settled(deployment):
        return
    with erasing(deployment.home):
        finish_erasures(deployment, galleries)  # what is being lifted must not come back
        _put_back_keys(deployment)
    halves = [*_find_without_copy(deployment), *_find_without_row(deployment)]
    enforce(deployment, galleries, some=list(_iter_open(deployment, halves)))
    with erasing(deployment.home):
        for row in _find_without_copy(deployment):
            keep_copy(deployment.vault, row)
        _put_back_rows(deployment)


def keep_up(deployment: Deployment, galleries: Galleries) -> None:
    """Shows the portraits of faces to a model that never saw them, and erases what is like them.

    Cheap where there are none. Raises `SuppressionError` where the model finds no face.
    """
    unknown = deployment.suppressed.load(deployment.model).unknown
    if not unknown:
        return
    introduced = [_introduce(deployment, one) for one in unknown]
    enforce(deployment, galleries, some=introduced)
    with erasing(deployment.home):
        for one in introduced:
            _rewrite(deployment, one)


def _is_settled(deployment: Deployment) -> bool:
    copies = deployment.vault.suppressions
    with deployment.database.reading() as connection:
        recoveries = rows.find_recoveries(connection)
    if {subject_of(uuid) for uuid in recoveries} != copies.find_subjects():
        return False
    return all(copies.is_wrapped(subject_of(u), recovery) for u, recovery in recoveries.items())


def _put_back_keys(deployment: Deployment) -> None:
    """Keys that the key file lacks. One that cannot be had again is told when it is asked for."""
    copies = deployment.vault.suppressions
    with deployment.database.writing() as connection:
        for uuid, recovery in rows.find_recoveries(connection).items():
            subject = subject_of(uuid)
            try:
                copies.recover_key(subject, recovery)
            except TamperedError:
                if copies.holds_key(subject):
                    rows.put_recoveries(connection, {uuid: copies.wrap_key(subject)})


def _find_without_copy(deployment: Deployment) -> list[SuppressionRow]:
    copies = deployment.vault.suppressions
    with deployment.database.reading() as connection:
        found = list(rows.iter_suppressions(connection))
    lacking = [row for row in found if copies.find(subject_of(row.uuid)) is None]
    return [row for row in lacking if copies.holds_key(subject_of(row.uuid))]


def _find_without_row(deployment: Deployment) -> list[SuppressionRow]:
    with deployment.database.reading() as connection:
        known = rows.find_uuids(connection)
    kept = {uuid_of(subject) for subject in deployment.vault.suppressions.find_subjects()}
    found = []
    for uuid in sorted(kept - known):
        with suppress(SuppressionError):  # a damaged copy; whoever asks for it is told
            row = find_copy(deployment.vault, uuid)
            found += [] if row is None else [row]
    return found


def _put_back_rows(deployment: Deployment) -> None:
    """Records that the catalog lacks, those that do not open too: so they can be lifted."""
    lacking = _find_without_row(deployment)
    with deployment.database.writing() as connection:
        for row in lacking:
            rows.record_suppression(connection, row)
            tell_opted_out(deployment, connection, row=row, is_restored=True)


def _iter_open(deployment: Deployment, some: Iterable[SuppressionRow]) -> Iterator[Suppression]:
    for row in some:
        with suppress(SuppressionError):
            yield open_row(deployment.vault, row)


def _introduce(deployment: Deployment, one: Suppression) -> Suppression:
    """The record of a face, with the present model's template of it."""
    with deployment.database.reading() as connection:
        row = rows.get_suppression(connection, one.uuid)
    analysis = deployment.vision(threads=1).analyse(open_portrait(deployment.vault, row))
    found = find_pictured(analysis, one.facts.place)
    if found is None:
        raise SuppressionError(
            f"The model {deployment.model.model_id} finds no face in what is kept of the opt-out "
            f"{one.uuid}, so that it could not be kept, and nothing is added or searched. Use the "
            "model it was made with, or ask for another photo, opt that out and lift this one."
        )
    return one.with_template(deployment.model, found.embedding)


def _rewrite(deployment: Deployment, one: Suppression) -> None:
    """The record with what is new in it, in both places; the portrait stays as it is."""
    with deployment.database.writing() as connection:
        if one.uuid not in rows.find_uuids(connection):
            return  # lifted meanwhile
        old = rows.get_suppression(connection, one.uuid)
        fresh = replace(seal_row(deployment.vault, one), portrait=old.portrait)
        rows.record_suppression(connection, fresh)
    keep_copy(deployment.vault, fresh)
