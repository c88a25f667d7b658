"""Where photos came from, and what became of them."""

from __future__ import annotations

from mien.permission.basis import Basis
from mien.permission.verdict import Reason
from mien.service.source_book import SourceBook
from mien.testing import draw_photo
from service.stage import Stage


def test_sources_are_grants_with_their_folders_and_their_last_run(stage: Stage) -> None:
    trip, home = stage.photos / "trip", stage.photos / "home"
    for folder in (trip, home):
        for name in ("a.png", "b.png"):
            stage.draw(f"{folder.name}/{name}", 1, seed=len(list(stage.photos.rglob("*"))))
    (trip / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    (stage.photos / "elsewhere").mkdir()
    (stage.photos / "elsewhere" / "c.png").write_bytes(draw_photo(9))
    with stage.open() as library:
        grant = stage.grant(library, scope=trip)
        library.add(stage.photos, grant=grant)
        (trip / "a.png").unlink()
        library.add(stage.photos, grant=grant)
        library.create_collection("other", basis=Basis.HOUSEHOLD)
        second = stage.grant(library, scope=home)
        library.add(stage.photos, grant=second, collection="other")
        first, other = SourceBook(library.parts).list_sources()
        (bound,) = SourceBook(library.parts, bounds=frozenset({"other"})).list_sources()
        library.revoke(grant)
        revoked = SourceBook(library.parts).list_sources()[0]
    assert (first.collection, first.grant.grant_id) == ("default", grant)
    assert first.verdict.is_allowed
    (below,) = first.folders
    assert below.address == f"{trip.resolve().as_uri()}/"
    assert dict(below.photos) == {"present": 1, "vanished": 1}
    assert first.last_run is not None
    assert (first.last_run.state, first.last_run.ended_at) == ("done", stage.now)
    assert first.last_run.counts["failed"] == 1
    assert first.last_run.counts["refused"] == 3
    assert first.last_run.counts["reasons"] == {"out-of-scope": 3}
    assert bound == other
    assert (other.collection, dict(other.folders[0].photos)) == ("other", {"present": 2})
    assert revoked.verdict.reasons == (Reason.GRANT_REVOKED,)


def test_nothing_was_added_yet(stage: Stage) -> None:
    with stage.open() as library:
        stage.grant(library)
        assert SourceBook(library.parts).list_sources() == []
