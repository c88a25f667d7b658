"""Every photo explains itself: where from, by whose permission, and what was done with it."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from mien.errors import NotFoundError, SettingsError
from mien.library import Library
from mien.permission.use import Use
from mien.permission.verdict import Reason
from mien.service.erase import FacesTarget
from mien.service.explain import Explanation
from mien.service.grants import Narrowing
from mien.testing import draw_photo
from service.stage import NOON, PURPOSE, Stage, query


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def explain(library: Library, path: Path) -> Explanation:
    return library.explain(sha256_of(path))


def actions_of(explanation: Explanation) -> list[object]:
    return [entry["action"] for entry in explanation.entries]


def test_a_photo_tells_place_grant_collection_and_entries(stage: Stage) -> None:
    path = stage.draw("ann and ben.png", 1, 2)
    with stage.open() as library:
        grant = stage.grant(library)
        stage.now += timedelta(hours=1)
        library.add(path, grant=grant)
        library.search(draw_photo(1), purpose=PURPOSE)
        library.search(draw_photo(2), purpose=PURPOSE, limit=1)
        found = explain(library, path)
        entry = library.audit().entry(found.places[0].entered_with or 0).entry
    (one,) = found.places
    assert (one.place.uri, one.place.state.value) == (path.resolve().as_uri(), "present")
    assert one.place.added_at == one.place.seen_at == NOON + timedelta(hours=1)
    assert (one.grant.grant_id, one.grant.grantor) == (grant, "A. Holder")
    assert (entry["action"], entry["facts"]["photos_new"]) == ("photos-added", 1)  # type: ignore[index]
    (indexing,) = found.indexings
    assert (indexing.collection, len(indexing.face_ids), indexing.dropped) == ("default", 2, 0)
    assert found.photo.sha256 == sha256_of(path)
    assert (found.photo.media_type, found.photo.first_seen_at) == ("image/png", one.place.added_at)
    assert actions_of(found) == ["grant-recorded", "search", "search"]


def test_what_may_be_done_is_told_use_by_use_as_things_stand_now(stage: Stage) -> None:
    path = stage.draw("ann.png", 1)
    with stage.open() as library:
        grant = stage.grant(library, uses=[Use.STORE, Use.TEMPLATE, Use.SEARCH])
        library.add(path, grant=grant)

        def reasons() -> dict[Use, tuple[Reason, ...]]:
            (one,) = explain(library, path).places
            return {use: verdict.reasons for use, verdict in one.verdicts.items()}

        now = reasons()
        assert now[Use.SEARCH] == now[Use.TEMPLATE] == now[Use.STORE] == ()
        assert now[Use.DISPLAY] == now[Use.TRAIN] == (Reason.USE_NOT_GRANTED,)
        library.narrow(grant, Narrowing(uses=[Use.STORE, Use.TEMPLATE]))
        assert reasons()[Use.SEARCH] == (Reason.USE_NOT_GRANTED,)
        library.revoke(grant)
        assert all(Reason.GRANT_REVOKED in found for found in reasons().values())
        assert actions_of(explain(library, path)) == [
            *("grant-recorded", "grant-narrowed", "grant-revoked")
        ]


def test_a_changed_grant_shows(stage: Stage) -> None:
    path = stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(path, grant=stage.grant(library))
        query(stage.home / "catalog.db", "UPDATE grants SET grantor = 'Somebody else'")
        (one,) = explain(library, path).places
    assert not one.grant.is_vouched
    assert {v.reasons[0] for v in one.verdicts.values()} == {Reason.GRANT_CHANGED}


def test_a_photo_at_several_places_tells_each_with_its_own_grant(stage: Stage) -> None:
    first, second = stage.draw("a/ann.png", 1, seed=1), stage.draw("b/ann.png", 1, seed=1)
    with stage.open() as library:
        grants = [
            stage.grant(library, scope=path.parent, grantor=f"Holder of {path.parent.name}")
            for path in (first, second)
        ]
        for path, grant in zip((first, second), grants, strict=True):
            stage.now += timedelta(hours=1)
            library.add(path, grant=grant)
        found = explain(library, first)
    assert [one.grant.grantor for one in found.places] == ["Holder of a", "Holder of b"]
    entered = [one.entered_with for one in found.places]
    assert entered == sorted(set(entered), key=lambda number: number or 0)
    assert None not in entered
    assert actions_of(found) == ["grant-recorded", "grant-recorded"]


def test_a_photo_in_several_collections_tells_each(stage: Stage) -> None:
    path = stage.draw("ann.png", 1)
    with stage.open() as library:
        grant = stage.grant(library)
        for name in ("one", "two"):
            library.add(path, grant=grant, collection=name)
        found = explain(library, path)
    assert [indexing.collection for indexing in found.indexings] == ["one", "two"]
    assert len({face for indexing in found.indexings for face in indexing.face_ids}) == 2


def test_faces_that_are_not_kept_are_a_number(stage: Stage) -> None:
    path = stage.draw("ann and ben.png", 1, 2)
    with stage.open() as library:
        library.create_collection("club", basis="enrolled_only")
        grant = stage.grant(library, bases=["enrolled_only"])
        library.add(path, grant=grant, collection="club")
        (indexing,) = explain(library, path).indexings
    assert (indexing.face_ids, indexing.dropped) == ((), 2)


def test_searches_are_told_for_as_long_as_the_face_that_they_showed_is_kept(stage: Stage) -> None:
    path = stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(path, grant=stage.grant(library))
        library.search(draw_photo(1), purpose=PURPOSE)
        assert "search" in actions_of(explain(library, path))
        (indexing,) = explain(library, path).indexings
        library.erase(FacesTarget(indexing.face_ids))
        assert "search" not in actions_of(explain(library, path))


def test_entries_about_others_are_not_told(stage: Stage) -> None:
    path, other = stage.draw("ann.png", 1), stage.draw("ben.png", 2)
    with stage.open() as library:
        library.add(path, grant=stage.grant(library))
        library.add(other, grant=stage.grant(library, "yearbook"))
        library.search(draw_photo(2), purpose="yearbook")
        assert actions_of(explain(library, path)) == ["grant-recorded"]
        assert actions_of(explain(library, other)) == ["grant-recorded", "search"]


def test_what_is_overdue_is_gone_before_it_is_explained(stage: Stage) -> None:
    path = stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(path, grant=stage.grant(library, retention_days=5))
        stage.now += timedelta(days=5)
        with pytest.raises(NotFoundError, match="no photo"):
            explain(library, path)


@pytest.mark.parametrize("sha256", ["", "x", "0" * 63, "g" * 64, "0" * 65, "' OR 1=1 --"])
def test_what_is_no_photo_is_told(stage: Stage, sha256: str) -> None:
    with stage.open() as library:
        with pytest.raises(SettingsError, match="no SHA-256"):
            library.explain(sha256)
        with pytest.raises(NotFoundError, match="no photo"):
            library.explain("0" * 64)
