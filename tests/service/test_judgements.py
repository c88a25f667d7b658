"""What people say of candidates: remembered, counted, taken back, and gone with the face."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from mien.errors import NotFoundError
from mien.permission.caller import OPERATIONS, Caller, Role
from mien.permission.verdict import Reason
from mien.service.erase import FacesTarget, PhotoTarget, Target
from mien.service.judgements import JudgementDraft, JudgementKind, Judgements
from mien.testing import draw_photo
from service.finding import face_in, fill, say, search, search_face
from service.stage import DOCUMENTED, PURPOSE, Stage, names_of, query

PROBE = draw_photo(1, seed=9)


def count_rows(stage: Stage) -> int:
    (number,) = query(stage.home / "catalog.db", "SELECT count(*) FROM judgements")
    return int(number)


def test_what_was_rejected_is_left_out_from_then_on(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        first = search(library, PROBE)
        judged = say(library, first, "rejected", of="a2.png")
        assert judged.opinion
        assert (judged.opinion.rejected_by, judged.opinion.mine) == (1, JudgementKind.REJECTED)
        again = search(library, PROBE)
        assert "a2.png" in names_of(first)
        assert "a2.png" not in names_of(again)
        assert [one.rank for one in again.candidates] == list(range(1, len(first.candidates)))
        assert (first.rejected, again.rejected) == (0, 1)
        shown = search(library, PROBE, is_showing_rejected=True)
        assert names_of(shown) == names_of(first)
        assert shown.rejected == 0


def test_it_is_remembered_for_everybody_and_for_this_probe_alone(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        say(
            library.acting("user:1"),
            search(library.acting("user:1"), PROBE),
            "rejected",
            of="b.png",
        )
        assert "b.png" not in names_of(search(library.acting("user:2"), PROBE))
        assert "b.png" in names_of(search(library, draw_photo(1, seed=10)))
    with stage.open() as library:
        assert "b.png" not in names_of(search(library, PROBE))


def test_the_faces_of_one_photo_are_different_probes(stage: Stage) -> None:
    both = draw_photo(1, 2, seed=3)
    with stage.open() as library:
        fill(stage, library)
        say(library, search(library, both, face=0), "rejected", of="c.png")
        assert "c.png" not in names_of(search(library, both))
        assert "c.png" in names_of(search(library, both, face=1))


def test_several_photos_together_are_one_probe_in_any_order(stage: Stage) -> None:
    one, other = draw_photo(1, seed=3), draw_photo(1, seed=4)
    with stage.open() as library:
        fill(stage, library)
        say(library, search(library, one, other), "rejected", of="c.png")
        assert "c.png" not in names_of(search(library, other, one))
        assert "c.png" in names_of(search(library, one))


def test_of_two_stored_faces_it_holds_whichever_is_searched_with(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        found = search(library, PROBE)
        a1, a2 = face_in(found, "a1.png"), face_in(found, "a2.png")
        say(library, search_face(library, a1), "rejected", of="a2.png")
        assert "a2.png" not in names_of(search_face(library, a1))
        assert "a1.png" not in names_of(search_face(library, a2))
        assert search_face(library, a2).rejected == 1
        assert "a1.png" in names_of(search(library, PROBE))


def test_a_match_is_confirmed_by_as_many_people_as_the_collection_asks(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library, **DOCUMENTED)
        said = []
        for who in ("user:1", "user:1", "user:2"):
            acting = library.acting(who)
            judged = say(acting, search(acting, PROBE), "confirmed", of="a1.png")
            assert judged.opinion
            said.append((judged.opinion.confirmed_by, judged.opinion.is_confirmed))
            assert judged.opinion.needed == 2
        assert said == [(1, False), (1, False), (2, True)]
        found = search(library, PROBE)
        opinions = {
            name: one.opinion and one.opinion.is_confirmed
            for name, one in zip(names_of(found), found.candidates, strict=True)
        }
        assert opinions["a1.png"] is True
        assert opinions["a2.png"] is False
        acting = library.acting("user:3")
        shown = search(acting, PROBE)
        judged = say(acting, shown, "rejected", of="a1.png")
        assert judged.opinion
        assert (judged.opinion.confirmed_by, judged.opinion.is_confirmed) == (2, False)


def test_at_home_one_person_confirms(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        judged = say(library, search(library, PROBE), "confirmed", of="a1.png")
        assert judged.opinion
        assert judged.opinion.is_confirmed


@pytest.mark.parametrize("who", ["key:1", "link:1"])
def test_a_key_confirms_nothing_and_may_keep_and_reject(stage: Stage, who: str) -> None:
    with stage.open() as library:
        fill(stage, library)
        acting = library.acting(who)
        found = search(acting, PROBE)
        refused = say(acting, found, "confirmed", of="a1.png")
        assert refused.verdict.reasons == (Reason.NOT_A_PERSON,)
        assert count_rows(stage) == 0
        assert say(acting, found, "kept", of="a1.png").verdict.is_allowed


def test_the_last_word_counts_and_can_be_taken_back(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        book = Judgements(library.parts)
        found = search(library, PROBE)
        say(library, found, "rejected", of="a1.png")
        kept = say(library, found, "kept", of="a1.png")
        assert count_rows(stage) == 1
        assert "a1.png" in names_of(search(library, PROBE))
        said = book.get(kept.judgement_id)
        assert (said.kind, said.search_id, said.collection) == (
            JudgementKind.KEPT,
            found.search_id,
            "default",
        )
        assert said.face_id == face_in(found, "a1.png")
        book.withdraw(kept.judgement_id)
        for call in (book.get, book.withdraw):
            with pytest.raises(NotFoundError, match="of yours"):
                call(kept.judgement_id)
        assert count_rows(stage) == 0


def test_nobody_judges_what_they_were_not_shown(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        own, other = library.acting("user:1"), library.acting("user:2")
        mine, all_faces = search(own, PROBE, limit=1), search(own, PROBE, limit=20)
        unseen = next(
            one.face.stored.uuid
            for one in all_faces.candidates
            if one.face.stored.id != mine.candidates[0].face.stored.id
        )
        shown = mine.candidates[0].face.stored.uuid
        for acting, search_id, face_id in (
            (own, mine.search_id, unseen),
            (other, mine.search_id, shown),
            (own, "", shown),
            (own, "no such search", shown),
            (own, mine.search_id, "no such face"),
        ):
            draft = JudgementDraft(
                search_id=search_id, face_id=face_id, kind=JudgementKind.REJECTED
            )
            with pytest.raises(NotFoundError, match="of yours"):
                Judgements(acting.parts).judge(draft)
        assert count_rows(stage) == 0


def test_permission_is_asked_again(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        found = search(library, PROBE)
        library.revoke(grant)
        refused = say(library, found, "kept", of="a1.png")
        assert refused.verdict.reasons == (Reason.PURPOSE_NOT_GRANTED,)
        assert count_rows(stage) == 0


def bound(**bounds: Any) -> Caller:
    return Caller(actor="user:1", name="Ann", operations=OPERATIONS[Role.SEARCHER], **bounds)


def test_a_caller_is_bound_to_their_collections_and_purposes(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        acting = library.acting("user:1")
        found = search(acting, PROBE)
        face = face_in(found, "a1.png")
        draft = JudgementDraft(search_id=found.search_id, face_id=face, kind=JudgementKind.KEPT)
        elsewhere = Judgements(acting.parts, caller=bound(collections=frozenset({"other"})))
        with pytest.raises(NotFoundError):
            elsewhere.judge(draft)
        unfit = Judgements(acting.parts, caller=bound(purposes=frozenset({"press"})))
        assert unfit.judge(draft).verdict.reasons == (Reason.PURPOSE_NOT_YOURS,)
        allowed = bound(collections=frozenset({"default"}), purposes=frozenset({PURPOSE}))
        judged = Judgements(acting.parts, caller=allowed).judge(draft)
        assert judged.verdict.is_allowed
        for call in (elsewhere.get, elsewhere.withdraw):
            with pytest.raises(NotFoundError):
                call(judged.judgement_id)


@pytest.mark.parametrize("which", ["candidate", "probe", "photo"])
def test_a_judgement_goes_with_either_of_its_faces(stage: Stage, which: str) -> None:
    with stage.open() as library:
        fill(stage, library)
        found = search(library, PROBE)
        a1, a2 = face_in(found, "a1.png"), face_in(found, "a2.png")
        judged = say(library, search_face(library, a1), "rejected", of="a2.png")
        say(library, found, "kept", of="c.png")
        assert count_rows(stage) == 2
        targets: dict[str, Target] = {
            "candidate": FacesTarget((a2,)),
            "probe": FacesTarget((a1,)),
            "photo": PhotoTarget(
                next(one.face.sha256 for one in found.candidates if one.face.stored.uuid == a2)
            ),
        }
        report = library.erase(targets[which])
        assert report.left["judgements"] == 0
        assert count_rows(stage) == 1
        with pytest.raises(NotFoundError):
            Judgements(library.parts).get(judged.judgement_id)
        assert library.audit().verify().is_sound


def test_nothing_of_the_probe_is_left_in_the_home(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        say(library, search(library, PROBE), "rejected", of="c.png")
    digest = hashlib.sha256(PROBE)
    for path in stage.home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert digest.digest() not in content
            assert digest.hexdigest().encode() not in content


def test_who_judged_stands_in_the_log_and_of_whom_under_the_face(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        found = search(library, PROBE)
        face = face_in(found, "a1.png")
        judged = say(library, found, "confirmed", of="a1.png")
        Judgements(library.parts).withdraw(judged.judgement_id)
        confirmed, withdrawn = library.audit().searches_of(face)[-2:]
        assert face not in str(confirmed.entry)
        assert confirmed.matches == ({"face": face, "kind": "confirmed"},)
        facts = confirmed.entry["facts"]
        assert isinstance(facts, dict)
        assert facts["verifiers"] == [confirmed.entry["actor"]]
        assert facts["search"] == found.search_id
        assert withdrawn.entry["facts"]["kind"] == "withdrawn"  # type: ignore[index]
        library.erase(FacesTarget((face,)))
        assert library.audit().verify().is_sound


def edit(column: str, value: str) -> Callable[[Stage], object]:
    def change(stage: Stage) -> object:
        statement = f"UPDATE judgements SET {column} = ?"  # noqa: S608  (columns named here)
        return query(stage.home / "catalog.db", statement, value)

    return change


def insert_another(stage: Stage) -> object:
    """Somebody else's confirmation, copied from the one that there is."""
    return query(
        stage.home / "catalog.db",
        "INSERT INTO judgements (uuid, face_id, probe_face_id, probe, actor, kind, search, "
        "made_at, mark) SELECT 'other', face_id, probe_face_id, probe, 'other', kind, search, "
        "made_at, mark FROM judgements",
    )


@pytest.mark.parametrize(
    "forge", [insert_another, edit("actor", "other"), edit("kind", "nonsense")]
)
def test_a_row_that_was_written_by_others_counts_for_nothing(
    stage: Stage, forge: Callable[[Stage], object]
) -> None:
    with stage.open() as library:
        fill(stage, library, **DOCUMENTED)
        say(library, search(library, PROBE), "confirmed", of="a1.png")
        forge(stage)
        found = search(library, PROBE)
        opinion = next(
            one.opinion
            for one in found.candidates
            if one.face.stored.uuid == face_in(found, "a1.png")
        )
        assert opinion
        assert not opinion.is_confirmed
        assert opinion.confirmed_by <= 1


def test_a_rejection_that_was_turned_about_keeps_nobody_out(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        say(library, search(library, PROBE), "kept", of="a1.png")
        edit("kind", "rejected")(stage)
        found = search(library, PROBE)
        assert ("a1.png" in names_of(found), found.rejected) == (True, 0)
