"""What opt-outs survive: an old catalog, old keys, rows that somebody deleted, another model."""

from __future__ import annotations

from dataclasses import replace

from mien.catalog import suppressions as rows
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
    """Restores whatever an old catalog, old keys or somebody's hand made one of the two forget."""
    if _is_settled(deployment):
        return
    with erasing(deployment.home):
        finish_erasures(deployment, galleries)  # what is being lifted must not come back
        _put_back_copies(deployment)
        restored = _put_back_rows(deployment)
    if restored:
        enforce(deployment, galleries, some=restored)


def keep_up(deployment: Deployment, galleries: Galleries) -> None:
    """Shows the portraits of faces to a model that never saw them, and erases what is like them.

    Cheap where there are none. Raises `SuppressionError` where the model finds no face.
    """
    if not deployment.suppressed.load(deployment.model).unknown:
        return
    with erasing(deployment.home):
        unknown = deployment.suppressed.load(deployment.model).unknown
        introduced = [_introduce(deployment, one) for one in unknown]
    enforce(deployment, galleries, some=introduced)


def _is_settled(deployment: Deployment) -> bool:
    copies = deployment.vault.suppressions
    with deployment.database.reading() as connection:
        recoveries = rows.find_recoveries(connection)
    if {subject_of(uuid) for uuid in recoveries} != copies.find_subjects():
        return False
    return all(copies.is_wrapped(subject_of(u), recovery) for u, recovery in recoveries.items())


def _put_back_copies(deployment: Deployment) -> None:
    """Copies and keys that the key file lacks. One that cannot be had again is told when asked."""
    copies = deployment.vault.suppressions
    with deployment.database.writing() as connection:
        for row in list(rows.iter_suppressions(connection)):
            subject = subject_of(row.uuid)
            try:
                copies.recover_key(subject, row.recovery)
            except TamperedError:
                if not copies.holds_key(subject):
                    continue
                rows.put_recoveries(connection, {row.uuid: copies.wrap_key(subject)})
            if copies.find(subject) is None:
                keep_copy(deployment.vault, row)


def _put_back_rows(deployment: Deployment) -> list[Suppression]:
    """Records that the catalog lacks."""
    restored = []
    with deployment.database.writing() as connection:
        known = rows.find_uuids(connection)
        for subject in sorted(deployment.vault.suppressions.find_subjects()):
            row = (
                None if uuid_of(subject) in known else find_copy(deployment.vault, uuid_of(subject))
            )
            if row is not None:
                one = open_row(deployment.vault, row)
                rows.record_suppression(connection, row)
                tell_opted_out(deployment, connection, one=one, is_restored=True)
                restored.append(one)
    return restored


def _introduce(deployment: Deployment, one: Suppression) -> Suppression:
    """The record of a face, with the present model's template of it."""
    with deployment.database.reading() as connection:
        row = rows.get_suppression(connection, one.uuid)
    portrait = open_portrait(deployment.vault, row)
    analysis = deployment.vision(threads=1).analyse(portrait)
    found = find_pictured(analysis, one.facts.place)
    if found is None:
        raise SuppressionError(
            f"The model {deployment.model.model_id} finds no face in what is kept of the opt-out "
            f"{one.uuid}, so that it could not be kept, and nothing is added or searched. Use the "
            "model it was made with, or ask for another photo, opt that out and lift this one."
        )
    known = one.with_template(deployment.model, found.embedding)
    fresh = replace(seal_row(deployment.vault, known), portrait=row.portrait)
    with deployment.database.writing() as connection:
        rows.record_suppression(connection, fresh)
    keep_copy(deployment.vault, fresh)
    return known
