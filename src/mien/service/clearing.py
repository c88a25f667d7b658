"""Puts right what the world changed meanwhile: killed runs, files that went away."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mien.catalog import faces as face_rows
from mien.catalog import photos as photo_rows
from mien.catalog import runs as run_rows
from mien.catalog.originals import iter_original_ids
from mien.service import audit
from mien.service.audit import Action, Event
from mien.service.deployment import Deployment
from mien.sources.address import folder_scope, path_of
from mien.types import GrantId


def clear_up(deployment: Deployment) -> None:
    """Destroys what a run that never ended sealed but did not record. Only while nobody adds."""
    with deployment.database.writing() as connection:
        runs = run_rows.close_cut_short(connection, at=deployment.clock())
        if runs == 0:
            return
        event = Event(action=Action.RUNS_CUT_SHORT, facts={"runs": runs})
        audit.append(deployment, connection, event=event)
        originals = set(iter_original_ids(connection))
        blob_ids = set(face_rows.iter_blob_ids(connection)) | originals
        photo_ids = set(photo_rows.iter_photo_uuids(connection))
        face_ids = set(face_rows.iter_face_uuids(connection)) | originals
        deployment.vault.sweep(blob_ids=blob_ids, photo_ids=photo_ids, face_ids=face_ids)


def mark_vanished(deployment: Deployment, paths: Iterable[Path], *, grant_id: GrantId) -> None:
    """Marks the locations below these folders whose file is gone."""
    for path in paths:
        if not path.is_dir():
            continue
        with deployment.database.reading() as connection:
            gone = [
                location_id
                for location_id, uri in photo_rows.iter_present_uris(
                    connection, prefix=folder_scope(path), grant_id=grant_id
                )
                if _is_gone(uri)
            ]
        if gone:
            with deployment.database.writing() as connection:
                photo_rows.mark_vanished(connection, gone)


def _is_gone(uri: str) -> bool:
    """A file that merely cannot be looked at, in a locked folder say, is not gone."""
    path = path_of(uri)
    if path is None:
        return False
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
