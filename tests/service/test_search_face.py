"""Searches with a face of the collection, with every face of a photo, and within filters."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mien.catalog.faces import Wanted
from mien.errors import NotFoundError, PhotoError, SettingsError
from mien.permission.verdict import Reason
from mien.service.erase import FacesTarget
from mien.service.leave import Filters
from mien.service.search_desk import SearchDesk
from mien.testing import draw_photo
from service.enrolled_stage import COLLECTION as MEMBERS
from service.enrolled_stage import add as add_members
from service.enrolling import enrol
from service.finding import BYTES, ask, face_in, fill, search, search_face
from service.stage import PURPOSE, Stage, names_of


def test_a_stored_face_finds_the_other_photos_of_its_person(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        face = face_in(search(library, draw_photo(1)), "a1.png")
        result = search_face(library, face)
        assert set(names_of(result)[:2]) == {"a2.png", "a3.png"}
        assert "a1.png" not in names_of(result)
        assert result.probes == ()
        uploaded = search(library, stage.photos / "a1.png")
    scores = {one.face.stored.uuid: one.score for one in result.candidates}
    others = [one for one in uploaded.candidates if one.face.stored.uuid != face]
    assert len(others) == len(scores) == 6
    for one in others:
        assert scores[one.face.stored.uuid] == pytest.approx(one.score, abs=2e-3)


def test_others_in_the_probes_own_photo_are_no_candidates(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        face = face_in(search(library, draw_photo(4)), "both.png")
        assert "both.png" not in names_of(search_face(library, face))


def test_a_search_by_face_decodes_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    with stage.open() as library:
        fill(stage, library)
        face = face_in(search(library, draw_photo(1)), "a1.png")

        def fail(_: object, __: bytes) -> None:
            pytest.fail("a photo was decoded")

        monkeypatch.setattr("mien.testing.FakeVision.analyse", fail)
        assert search_face(library, face).candidates


def test_a_face_of_elsewhere_or_of_nobody_is_no_probe(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        library.add(stage.photos / "b.png", grant=grant, collection="other")
        elsewhere = face_in(search(library, draw_photo(2), collection="other"), "b.png")
        erased = face_in(search(library, draw_photo(3)), "c.png")
        library.erase(FacesTarget((erased,)))
        messages = set()
        for face in (elsewhere, erased, "nobody", ""):
            with pytest.raises(NotFoundError) as raised:
                search_face(library, face)
            messages.add(str(raised.value).replace(face, "F") if face else "")
        assert len(messages - {""}) == 1, "the answers tell nothing apart"


def test_a_face_that_no_grant_covers_is_no_probe(stage: Stage) -> None:
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.draw("a1.png", 1), grant=grant)
        other = stage.grant(library, "archive")
        library.add(stage.draw("a2.png", 1), grant=other)
        hidden = face_in(search(library, draw_photo(1), purpose="archive"), "a2.png")
        with pytest.raises(NotFoundError):
            search_face(library, hidden)
        refused = search_face(library, hidden, purpose="press")
        assert refused.verdict.reasons == (Reason.PURPOSE_NOT_GRANTED,)
        library.revoke(other)
        refused = search_face(library, hidden, purpose="archive")
        assert refused.verdict.reasons == (Reason.PURPOSE_NOT_GRANTED,)


def test_a_face_of_somebody_who_opted_out_is_no_probe(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        face = face_in(search(library, draw_photo(2)), "b.png")
        library.optouts().face(draw_photo(2, seed=9), consent="letter")
        with pytest.raises(NotFoundError):
            search_face(library, face)


def test_of_enrolled_people_those_are_probes_who_consent_to_the_purpose(stage: Stage) -> None:
    stage.draw("one.png", 1)
    stage.draw("again.png", 1)
    with stage.open() as library:
        enrol(stage, library, 1, "Ada", purposes=(PURPOSE,))
        add_members(stage, library)
        found = search(library, draw_photo(1), collection=MEMBERS)
        face = face_in(found, "one.png")
        assert names_of(search_face(library, face, collection=MEMBERS)) == ["again.png"]
        with pytest.raises(NotFoundError):
            search_face(library, face, collection=MEMBERS, purpose="other-purpose")


def test_every_face_of_a_photo_has_its_own_answer(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        photo = draw_photo(1, 7, 2, seed=5)
        before = len(library.audit().entries())
        result = SearchDesk(library.parts).search_faces(photo, ask(max_fmr=1e-3))
        entries = library.audit().entries()[before:]
    names = [names_of(answer) for answer in result.answers]
    assert [sorted(one) for one in names] == [["a1.png", "a2.png", "a3.png"], [], ["b.png"]]
    assert [answer.probe and answer.probe.searched for answer in result.answers] == [0, 1, 2]
    assert {answer.search_id for answer in result.answers} == {result.search_id}
    (entry,) = entries
    facts = entry["facts"]
    assert isinstance(facts, dict)
    assert (facts["probes"], facts["search"], len(facts["matches"])) == (3, result.search_id, 4)


def test_of_many_faces_the_answer_for_one_who_opted_out_is_a_refusal(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        library.optouts().face(draw_photo(2, seed=9), consent="letter")
        desk = SearchDesk(library.parts)
        one, other = desk.search_faces(draw_photo(1, 2), ask()).answers
        alone = desk.search_faces(draw_photo(2), ask())
    assert one.verdict.is_allowed
    assert (other.verdict.reasons, other.candidates) == ((Reason.FACE_SUPPRESSED,), ())
    assert (alone.verdict.reasons, alone.answers) == ((Reason.FACE_SUPPRESSED,), ())


def test_a_photo_of_nobody_has_no_answers(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        result = SearchDesk(library.parts).search_faces(draw_photo(), ask())
        assert (result.verdict.is_allowed, result.answers) == (True, ())
        with pytest.raises(SettingsError, match="Either one face"):
            SearchDesk(library.parts).search_faces(draw_photo(1), ask(face=0))


def test_a_filter_loses_no_candidate(stage: Stage) -> None:
    """The one that is wanted is the least alike of many: it is found all the same."""
    for i in range(60):
        stage.draw(f"many/{i}.png", 1, seed=i)
    stage.draw("wanted/x.png", 2)
    with stage.open() as library:
        library.add(stage.photos / "many", grant=stage.grant(library))
        stage.now += timedelta(days=1)
        moment = stage.now
        grant = stage.grant(library)
        library.add(stage.photos / "wanted", grant=grant)
        below = (stage.photos / "wanted").resolve().as_uri()
        for filters in (
            Filters(wanted=Wanted(below=below)),
            Filters(wanted=Wanted(added_from=moment)),
            Filters(grant_id=grant),
        ):
            found = search(library, draw_photo(1, seed=9), limit=3, filters=filters)
            assert names_of(found) == ["x.png"]
            assert found.candidates[0].rank == 1
        early = Filters(wanted=Wanted(added_before=moment))
        assert len(search(library, draw_photo(2), limit=61, filters=early).candidates) == 60
        nothing = search(library, draw_photo(1), filters=Filters(grant_id="no such"))
        assert (nothing.verdict.is_allowed, nothing.candidates) == (True, ())


def test_a_filter_does_not_hide_the_probe(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        face = face_in(search(library, draw_photo(1)), "a1.png")
        only = Filters(wanted=Wanted(below=(stage.photos / "a2.png").resolve().as_uri()))
        assert names_of(search_face(library, face, filters=only)) == ["a2.png"]


def test_a_reason_is_kept_for_whoever_reviews(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        result = search(library, draw_photo(1), reason="  Whose is the blue coat?  ")
        entry = library.audit().entry(len(library.audit().entries()) - 1)
        assert entry.details
        assert entry.details["reason"] == "Whose is the blue coat?"
        assert "coat" not in str(entry.entry)
        facts = entry.entry["facts"]
        assert isinstance(facts, dict)
        assert facts["search"] == result.search_id
        with pytest.raises(SettingsError, match="1000 characters"):
            search(library, draw_photo(1), reason="x" * 1001)


def test_photos_beyond_the_limit_are_not_searched_with(stage: Stage) -> None:
    with stage.open(max_file_bytes=1000) as library:
        fill(stage, library)
        large = stage.folder / "large.png"
        large.write_bytes(draw_photo(1) + bytes(1000))
        with pytest.raises(PhotoError, match="larger than 1,000 bytes"):
            search(library, large, max_file_bytes=BYTES)
