"""A collection is deleted with what came in under one grant, however it is cut short."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import patch

import pytest

from mien.errors import ConflictError, NotFoundError
from mien.library import Library
from mien.permission.access_key import AccessTerms
from mien.permission.basis import Basis
from mien.service import drop_collection as module
from mien.service.bound import ask_bound_leave
from mien.service.collections import CollectionDraft, create_collection
from mien.service.commit import commit_batch
from mien.service.drop_collection import Dropped, drop_collection
from mien.service.erasing import NOTHING_LEFT
from mien.service.leave import Leave
from mien.service.standing import get_collection
from mien.testing import draw_photo
from service.logs import verify
from service.stage import PURPOSE, Stage, blobs_of, check_sound, names_of, query
from service.traces import find_traces, traces_of_photo

NAME = "people"


def leave_of(library: Library, grant: str, name: str = NAME) -> Leave:
    terms = AccessTerms(grant_id=grant, collections=frozenset({name}), purpose=PURPOSE)
    leave = ask_bound_leave(library._deployment, terms, collection=name)
    assert isinstance(leave, Leave)
    return leave


def drop(library: Library, grant: str, name: str = NAME) -> Dropped:
    return drop_collection(
        library._deployment,
        leave_of(library, grant, name),
        grant_id=grant,
        galleries=library.parts.galleries,
    )


def fill(stage: Stage, library: Library, *, photos: int = 3) -> tuple[str, list[Path]]:
    grant = stage.grant(library)
    paths = [stage.draw(f"{number}.png", number) for number in range(photos)]
    library.add(*paths, grant=grant, collection=NAME)
    return grant, paths


def collections_of(stage: Stage) -> list[str]:
    return query(stage.home / "catalog.db", "SELECT name FROM collections ORDER BY id")


def test_the_report_says_what_went_and_that_nothing_is_left(stage: Stage) -> None:
    with stage.open() as library:
        grant, paths = fill(stage, library)
        dropped = drop(library, grant)
    assert verify(stage).is_sound
    assert dropped.is_gone
    assert dropped.erasure.left == NOTHING_LEFT
    assert (dropped.erasure.erased["photos"], dropped.erasure.erased["faces"]) == (3, 3)
    assert sorted(dropped.erasure.outside) == sorted(path.resolve().as_uri() for path in paths)
    assert all(path.exists() for path in paths)
    assert json.loads(dropped.erasure.certificate)["certificate"]["target"] == "collection"


def test_the_log_knows_the_collection_by_a_reference_alone(stage: Stage) -> None:
    with stage.open() as library:
        grant, _ = fill(stage, library)
        drop(library, grant)
        (entry,) = [e for e in library.audit().entries() if e["action"] == "collection-deleted"]
        (made,) = [e for e in library.audit().entries() if e["action"] == "collection-made"]
    assert entry["facts"]["collection"] == made["facts"]["collection"]  # type: ignore[index]
    assert entry["facts"]["faces"] == 3  # type: ignore[index]
    assert NAME not in json.dumps(entry)


@pytest.mark.parametrize("step", ["forget_snapshot", "conclude_erasure"])
def test_killed_in_the_middle_it_is_there_or_gone_and_never_half(stage: Stage, step: str) -> None:
    with stage.open() as library:
        grant, paths = fill(stage, library)
        traces = traces_of_photo(stage, library, paths[0])
        with (
            patch.object(module, step, side_effect=KeyboardInterrupt),
            pytest.raises(KeyboardInterrupt),
        ):
            drop(library, grant)
    with stage.open() as library:
        if step == "forget_snapshot":
            assert collections_of(stage) == [NAME]
            found = library.search(draw_photo(1), purpose=PURPOSE, collection=NAME, min_score=0.8)
            assert names_of(found) == ["1.png"]
            drop(library, grant)
        assert find_traces(stage.home, traces) == []
        assert collections_of(stage) == []
        assert blobs_of(stage.home) == []
    check_sound(stage.home)


def test_a_snapshot_goes_with_its_key(stage: Stage) -> None:
    with stage.open() as library, patch("mien.service.gallery._SNAPSHOT_FACES", 1):
        grant, _ = fill(stage, library)
        library.search(draw_photo(1), purpose=PURPOSE, collection=NAME)
        (snapshot,) = (stage.home / "snapshots").iterdir()
        key = f"snapshot:{snapshot.stem}:%"
        held = "SELECT count(*) FROM secrets WHERE name LIKE ?"
        assert query(stage.home / "keys" / "keys.db", held, key) == [1]
        drop(library, grant)
        assert list((stage.home / "snapshots").iterdir()) == []
        assert query(stage.home / "keys" / "keys.db", held, key) == [0]


def test_a_row_that_comes_back_with_an_old_catalog_is_good_for_nothing(stage: Stage) -> None:
    with stage.open() as library:
        grant = stage.grant(library)
        create_collection(library._deployment, CollectionDraft(name=NAME, basis=Basis.HOUSEHOLD))
        catalog = stage.home / "catalog.db"
        row = query(catalog, "SELECT * FROM collections")[0]
        drop(library, grant)
        places = ", ".join("?" * len(row))
        query(catalog, f"INSERT INTO collections VALUES ({places})", *row)  # noqa: S608
        with library._deployment.database.reading() as connection:
            back = get_collection(library._deployment, connection, name=NAME)
        assert not back.charter.is_vouched


def test_photos_on_their_way_into_a_deleted_collection_are_kept_nowhere(stage: Stage) -> None:
    """They were read before it was deleted, and are to be recorded after."""
    with stage.open() as library:
        grant, _ = fill(stage, library)
        late = stage.draw("late.png", 7)

        def drop_first(*parts: object, **terms: object) -> object:
            drop(library, grant)
            return commit_batch(*parts, **terms)  # type: ignore[arg-type]

        with (
            patch("mien.service.ingest.commit_batch", drop_first),
            pytest.raises(ConflictError, match="was deleted while photos were being added"),
        ):
            library.add(late, grant=grant, collection=NAME)
        assert blobs_of(stage.home) == []
        assert query(stage.home / "keys" / "keys.db", "SELECT count(*) FROM face_keys") == [0]
        assert library.add(late, grant=grant, collection=NAME).photos_new == 1
    check_sound(stage.home)


def test_only_a_collection_that_is_there_is_deleted(stage: Stage) -> None:
    with stage.open() as library:
        grant, _ = fill(stage, library)
        leave = leave_of(library, grant)
        drop(library, grant)
        with pytest.raises(NotFoundError):
            drop_collection(
                library._deployment, leave, grant_id=grant, galleries=library.parts.galleries
            )
        with pytest.raises(NotFoundError):
            drop(library, grant)
