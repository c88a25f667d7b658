"""Requests of strangers: a case with what was written, a secret link, and no word about anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mien.errors import PhotoError, SettingsError
from mien.library import Library
from mien.permission.case import CaseKind, CaseState, Channel
from mien.service.case import Case
from mien.service.request_desk import NAMELESS, RequestDesk, StrangersDraft
from mien.service.request_words import Matter, Wish
from mien.testing import draw_photo
from service.inbox import ANN, EVE, entries_of, fill, found, locations, publish, sha256_of
from service.stage import Stage, query


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        fill(stage, library)
        yield library


@pytest.fixture
def desk(library: Library) -> RequestDesk:
    return RequestDesk(library.acting("public").parts)


def draft(wish: Wish, matter: Matter, **said: Any) -> StrangersDraft:
    return StrangersDraft(wish=wish, matter=matter, **said)


def case_of(library: Library) -> Case:
    """The newest case."""
    return max(library.cases().list(), key=lambda case: case.id)


@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        (Wish.ACCESS, CaseKind.ACCESS),
        (Wish.OPT_OUT, CaseKind.ERASURE),
        (Wish.OBJECTION, CaseKind.OBJECTION),
        (Wish.TAKEDOWN, CaseKind.TAKEDOWN),
    ],
)
def test_what_was_written_becomes_a_case(
    library: Library, desk: RequestDesk, stage: Stage, *, wish: Wish, kind: CaseKind
) -> None:
    number = sha256_of(stage, "ann.png")
    desk.open(draft(wish, Matter.PHOTO, number=number, words="Please.", contact="a@example.org"))
    case = case_of(library)
    assert case.kind is kind
    assert case.request is not None
    assert case.request.channel is Channel.WEB
    assert case.request.about.photos == (number,)
    assert (case.request.requester, case.request.reason) == (NAMELESS, "Please.")
    assert case.request.contact == "a@example.org"


def test_a_photo_that_is_handed_in_is_meant_by_its_hash_and_kept_nowhere(
    library: Library, desk: RequestDesk, stage: Stage
) -> None:
    photo = (stage.photos / "ann.png").read_bytes()
    desk.open(draft(Wish.OPT_OUT, Matter.PHOTO, photo=photo))
    assert found(library, ANN) == {"both.png"}
    assert not [path for path in files_of(stage) if photo in path.read_bytes()]


def files_of(stage: Stage) -> list[Path]:
    return [path for path in stage.home.rglob("*") if path.is_file()]


def test_whoever_hands_in_their_face_is_hidden_until_somebody_looked(
    library: Library, desk: RequestDesk
) -> None:
    desk.open(draft(Wish.OBJECTION, Matter.FACE, photo=draw_photo(ANN, seed=99)))
    assert found(library, ANN) == set()
    assert not case_of(library).is_checked


def test_a_face_of_nobody_here_is_answered_in_the_same_way(
    library: Library, desk: RequestDesk
) -> None:
    said: list[tuple[Any, ...]] = []
    for person in (ANN, EVE):
        token = desk.open(draft(Wish.OPT_OUT, Matter.FACE, photo=draw_photo(person, seed=99)))
        standing = desk.find(token)
        assert standing is not None
        said.append((standing.state, standing.next, standing.due_at, standing.answer))
        acknowledgement = json.loads(desk.acknowledge(token) or "")["acknowledgement"]
        said.append((acknowledgement["next"], sorted(acknowledgement)))
    assert said[:2] == said[2:]


def test_a_name_that_is_enrolled_twice_is_answered_as_one_that_nobody_has(
    library: Library, desk: RequestDesk, stage: Stage
) -> None:
    from service.enrolling import consent, portraits

    for person in (ANN, EVE):
        library.enrol("Ann Ek", *portraits(stage, person, number=1), consent=consent(stage))
    answers = set()
    for name in ("Ann Ek", "Nobody Here"):
        standing = desk.find(desk.open(draft(Wish.ACCESS, Matter.NAME, name=name)))
        assert standing is not None
        answers.add((standing.state, standing.next))
    assert len(answers) == 1


def test_an_address_is_hidden_when_somebody_decided_and_not_before(
    library: Library, desk: RequestDesk, stage: Stage
) -> None:
    """Otherwise one anonymous sentence could empty every search."""
    token = desk.open(draft(Wish.OPT_OUT, Matter.ADDRESS, address="file:///"))
    assert set(locations(stage).values()) == {"present"}
    assert len(found(library, ANN)) == 2
    standing = desk.find(token)
    assert standing is not None
    assert "was taken out of every search" not in standing.next
    case = case_of(library)
    assert case.state is CaseState.QUARANTINED
    library.cases().decide(case.case_id, is_granted=True)
    assert found(library, ANN) == set()


def test_a_letter_about_an_address_does_not_claim_that_it_was_hidden(
    library: Library, desk: RequestDesk, stage: Stage
) -> None:
    grant = stage.grant(library, scope="https://photos.example.org/")
    path = stage.draw("web.png", EVE, seed=5)
    publish(library, path, uri="https://photos.example.org/web.png", grant=grant)
    token = desk.open(
        draft(Wish.TAKEDOWN, Matter.ADDRESS, address="https://photos.example.org/web.png")
    )
    case = case_of(library)
    library.cases().decide(case.case_id, is_granted=True, reason="Yes.")
    library.cases().answer(case.case_id, stage.folder / "answer")
    standing = desk.find(token)
    assert standing is not None
    assert standing.answer is not None
    letter = standing.answer["letter.md"].decode()
    assert "It is erased" in letter
    assert "no search showed" not in letter


def test_an_operators_own_case_about_an_address_still_hides_at_once(
    library: Library, stage: Stage
) -> None:
    from service.inbox import request

    request(library, CaseKind.TAKEDOWN, source="file:///", channel=Channel.WEB)
    assert set(locations(stage).values()) == {"quarantined"}


def test_a_correction_says_what_is_wrong_and_how_it_should_read(
    library: Library, desk: RequestDesk, stage: Stage
) -> None:
    number = sha256_of(stage, "ann.png")
    desk.open(draft(Wish.CORRECTION, Matter.PHOTO, number=number, field="credit", value=" Ann Ek "))
    request = case_of(library).request
    assert request is not None
    assert request.corrections == {"credit": "Ann Ek"}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ((Wish.ACCESS, Matter.NAME, {}), "Give the name"),
        ((Wish.ACCESS, Matter.PHOTO, {}), "Attach the photo"),
        ((Wish.ACCESS, Matter.PHOTO, {"number": "12"}), "64 hexadecimal digits"),
        ((Wish.OPT_OUT, Matter.ADDRESS, {"address": " "}), "Give the address"),
        ((Wish.OPT_OUT, Matter.FACE, {"name": "Ann"}), "Attach a photo of yourself"),
        ((Wish.CORRECTION, Matter.ADDRESS, {"address": "x"}), "about one photo"),
        ((Wish.CORRECTION, Matter.NAME, {"name": "Ann", "field": "credit"}), "what is wrong: name"),
        ((Wish.CORRECTION, Matter.NAME, {"name": "Ann", "field": "name"}), "how it should read"),
        ((Wish.ACCESS, Matter.NAME, {"name": "x" * 201}), "more than 200 characters"),
        ((Wish.ACCESS, Matter.NAME, {"name": "x", "words": "x" * 5001}), "more than 5,000"),
    ],
)
def test_what_cannot_be_meant_is_told_in_the_words_of_the_page(
    library: Library, desk: RequestDesk, *, said: tuple[Wish, Matter, dict[str, str]], told: str
) -> None:
    wish, matter, fields = said
    with pytest.raises(SettingsError, match=told) as raised:
        desk.open(draft(wish, matter, **fields))
    assert "--" not in str(raised.value), "a stranger has no command line"
    assert library.cases().list() == []


def test_what_is_no_photo_of_a_face_is_refused(library: Library, desk: RequestDesk) -> None:
    with pytest.raises(PhotoError):
        desk.open(draft(Wish.OPT_OUT, Matter.FACE, photo=b"no photo"))
    with pytest.raises(SettingsError, match="shows no face"):
        desk.open(draft(Wish.OPT_OUT, Matter.FACE, photo=draw_photo()))
    assert library.cases().list() == []


def test_the_answer_is_at_the_link_once_it_was_given_and_for_thirty_days(
    library: Library, desk: RequestDesk, stage: Stage
) -> None:
    token = desk.open(draft(Wish.ACCESS, Matter.PHOTO, number=sha256_of(stage, "ann.png")))
    before = desk.find(token)
    assert before is not None
    assert before.answer is None
    library.cases().answer(case_of(library).case_id, stage.folder / "answer")
    library.cases().close(case_of(library).case_id)
    given = desk.find(token)
    assert given is not None
    assert given.answer is not None
    assert {"letter.md", "held.json", "acknowledgement.json"} <= given.answer.keys()
    stage.now += timedelta(days=30)
    later = desk.find(token)
    assert later is not None
    assert later.answer is None


def test_a_link_leads_to_its_own_case_and_to_no_other(
    library: Library, desk: RequestDesk, stage: Stage
) -> None:
    first = desk.open(draft(Wish.ACCESS, Matter.NAME, name="Ann"))
    second = desk.open(draft(Wish.ACCESS, Matter.NAME, name="Ben"))
    cases = [desk.find(token) for token in (first, second)]
    assert len({one.case_id for one in cases if one}) == 2
    for wrong in ("", first[:-1], second + "x", case_of(library).case_id):
        assert desk.find(wrong) is None
    stored = query(stage.home / "catalog.db", "SELECT token_hash FROM case_links")
    assert not {first, second} & {*stored}


def test_a_link_that_was_bent_to_another_case_opens_nothing(
    library: Library, desk: RequestDesk, stage: Stage
) -> None:
    mine = desk.open(draft(Wish.ACCESS, Matter.NAME, name="Mallory"))
    theirs = desk.open(draft(Wish.ACCESS, Matter.NAME, name="Ann"))
    query(stage.home / "catalog.db", "UPDATE case_links SET case_id = 2 WHERE id = 1")
    assert desk.find(mine) is None
    assert desk.find(theirs) is not None


def test_a_case_that_was_forgotten_is_gone_from_its_link(stage: Stage) -> None:
    with stage.open(case_days=10) as library:
        fill(stage, library)
        desk = RequestDesk(library.acting("public").parts)
        token = desk.open(draft(Wish.ACCESS, Matter.NAME, name="Ann"))
        library.cases().answer(case_of(library).case_id, stage.folder / "answer")
        library.cases().close(case_of(library).case_id)
        stage.now += timedelta(days=11)
        library.enforce_retention()
        assert desk.find(token) is None


def test_the_log_names_the_public_as_who_asked(
    library: Library, desk: RequestDesk, stage: Stage
) -> None:
    desk.open(draft(Wish.ACCESS, Matter.NAME, name="Ann"))
    public = library.parts.deployment.vault.notary.refer("actor", "public")
    opened = [entry for entry in entries_of(stage) if entry["action"] == "case-opened"]
    assert [entry["actor"] for entry in opened] == [public]
