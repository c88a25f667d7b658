"""Cases from the letter to the end: what is hidden when, what goes, what comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mien.errors import ConflictError, NotFoundError, SettingsError
from mien.library import Library
from mien.permission.case import CaseKind, CaseState, Channel
from mien.permission.use import Use
from mien.permission.verdict import Reason
from mien.service.case import About
from mien.service.cases import CaseDraft
from mien.service.erase import PhotoTarget
from mien.service.grants import Narrowing
from mien.sources.address import folder_scope
from mien.testing import draw_photo
from service.enrolling import enrol
from service.inbox import (
    ANN,
    BEN,
    HIDING,
    REQUESTER,
    answer,
    entries_of,
    faces_of,
    fill,
    found,
    grant_case,
    locations,
    refuse_case,
    request,
    sha256_of,
)
from service.stage import PURPOSE, Stage, check_sound, query
from service.traces import find_traces, traces_of_photo


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        fill(stage, library)
        yield library


def ways(stage: Stage) -> dict[str, dict[str, Any]]:
    """Every way to name the photo of Ann alone, or more than that."""
    return {
        "photo": {"photos": (sha256_of(stage, "ann.png"),)},
        "face": {"faces": tuple(faces_of(stage, "ann.png"))},
        "source": {"source": (stage.photos / "ann.png").resolve().as_uri()},
        "folder": {"source": folder_scope(stage.photos)},
        "grantor": {"grantor": "a. holder"},
        "like": {"like": draw_photo(ANN)},
    }


WAYS = ("photo", "face", "source", "folder", "grantor", "like")


@pytest.mark.parametrize("kind", HIDING)
@pytest.mark.parametrize("way", WAYS)
def test_what_is_meant_is_hidden_before_anybody_decides(
    stage: Stage, library: Library, kind: str, way: str
) -> None:
    assert "ann.png" in found(library, ANN)
    with stage.open() as other:
        assert "ann.png" in found(other, ANN)
        opened = request(library, kind, **ways(stage)[way])
        assert "ann.png" not in found(library, ANN) | found(other, ANN)
    assert opened.case.state is CaseState.QUARANTINED
    assert opened.held >= 1


@pytest.mark.parametrize("kind", ["access", "rectification"])
def test_who_only_asks_or_corrects_hides_nothing(stage: Stage, library: Library, kind: str) -> None:
    corrections = {"credit": "Ann Ek"} if kind == "rectification" else {}
    photos = (sha256_of(stage, "ann.png"),)
    opened = request(library, kind, photos=photos, corrections=corrections)
    assert (opened.case.state, opened.held) == (CaseState.RECEIVED, 0)
    assert "ann.png" in found(library, ANN)


@pytest.mark.parametrize("way", WAYS)
def test_a_refusal_brings_back_exactly_what_was_hidden(
    stage: Stage, library: Library, way: str
) -> None:
    before = locations(stage)
    opened = request(library, "erasure", **ways(stage)[way])
    assert locations(stage) != before
    assert refuse_case(library, opened).state is CaseState.VERIFIED
    assert locations(stage) == before
    assert found(library, ANN) == {"ann.png", "both.png"}
    assert found(library, BEN) == {"ben.png", "both.png"}
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM holds") == [0]


@pytest.mark.parametrize("way", ["photo", "source", "face"])
def test_what_is_granted_is_gone_from_every_byte_and_the_rest_stays(
    stage: Stage, library: Library, way: str
) -> None:
    path = stage.photos / "ann.png"
    traces = traces_of_photo(stage, library, path)
    if way == "face":  # the photo itself stays
        traces = {name: t for name, t in traces.items() if name.startswith(("face", "thumb"))}
    opened = request(library, "erasure", **ways(stage)[way])
    assert grant_case(library, opened).state is CaseState.VERIFIED
    assert found(library, ANN) == {"both.png"}
    assert found(library, BEN) == {"ben.png", "both.png"}
    assert find_traces(stage.home, traces) == []
    check_sound(stage.home)


@pytest.mark.parametrize("way", ["folder", "grantor"])
def test_everything_of_a_source_or_a_grantor_goes(stage: Stage, library: Library, way: str) -> None:
    opened = request(library, "takedown", **ways(stage)[way])
    case = grant_case(library, opened)
    assert locations(stage) == {}
    executed = case.find(CaseState.EXECUTED)
    assert executed is not None
    assert executed.details["outside"] == 3
    grants = query(stage.home / "catalog.db", "SELECT count(*) FROM grants")
    assert grants == [0 if way == "grantor" else 1]
    keys = query(stage.home / "keys" / "keys.db", "SELECT count(*) FROM grant_keys")
    assert keys == grants


def test_of_a_face_its_neighbour_comes_back(stage: Stage, library: Library) -> None:
    face = faces_of(stage, "both.png")[0]
    opened = request(library, "erasure", faces=(face,))
    assert found(library, BEN) == {"ben.png"}
    grant_case(library, opened)
    assert found(library, BEN) == {"ben.png", "both.png"}
    assert found(library, ANN) == {"ann.png"}


def test_several_photos_are_one_case_and_one_erasure(stage: Stage, library: Library) -> None:
    photos = tuple(sha256_of(stage, name) for name in ("ann.png", "ben.png"))
    case = grant_case(library, request(library, "erasure", photos=photos))
    assert len(case.erasure_ids) == 1
    assert locations(stage) == {"both.png": "present"}


def test_two_cases_about_one_photo_hold_it_until_the_last(stage: Stage, library: Library) -> None:
    photos = (sha256_of(stage, "ann.png"),)
    first = request(library, "erasure", photos=photos)
    second = request(library, "takedown", photos=photos)
    refuse_case(library, first)
    assert "ann.png" not in found(library, ANN)
    refuse_case(library, second)
    assert "ann.png" in found(library, ANN)


def test_what_another_case_erased_is_done_for_this_one_too(stage: Stage, library: Library) -> None:
    photos = (sha256_of(stage, "ann.png"),)
    first = request(library, "erasure", photos=photos)
    second = request(library, "takedown", photos=photos)
    grant_case(library, first)
    case = grant_case(library, second)
    assert (case.state, case.erasure_ids) == (CaseState.VERIFIED, [])
    assert refuse_case(library, request(library, "takedown", photos=photos)).is_closed is False


@pytest.mark.parametrize("way", ["photo", "face", "source", "folder", "grantor"])
def test_nothing_of_it_comes_in_while_the_case_is_open(
    stage: Stage, library: Library, way: str
) -> None:
    grant = library.grants()[0].grant_id
    request(library, "objection", **ways(stage)[way])
    before = locations(stage)
    report = library.add(stage.photos, grant=grant)
    assert report.refused[Reason.UNDER_CASE] >= 1
    assert locations(stage) == before
    copy = stage.photos / "sub" / "copy of ann.png"
    copy.parent.mkdir()
    copy.write_bytes((stage.photos / "ann.png").read_bytes())
    assert library.add(copy, grant=grant).refused == {Reason.UNDER_CASE: 1}
    other = stage.grant(library, grantor="B. Other")
    assert library.add(stage.photos / "ann.png", grant=other).refused == {Reason.UNDER_CASE: 1}
    assert "ann.png" not in found(library, ANN)


def test_new_photos_of_a_grantor_wait_until_it_is_decided(stage: Stage, library: Library) -> None:
    grant = library.grants()[0].grant_id
    opened = request(library, "objection", grantor="A. Holder")
    stage.draw("new.png", 7)
    assert library.add(stage.photos, grant=grant).refused[Reason.UNDER_CASE] == 4
    refuse_case(library, opened)
    assert library.add(stage.photos, grant=grant).photos_new == 1


def test_a_home_with_no_grace_erases_nothing_before_it_is_decided(stage: Stage) -> None:
    """What nobody may see any more is erased at once there; what waits for a decision is not."""
    with stage.open(grace_days=0) as library:
        fill(stage, library)
        opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
        stage.now += timedelta(days=90)
        assert library.enforce_retention() is None
        refuse_case(library, opened)
        assert "ann.png" in found(library, ANN)


def test_what_its_grant_no_longer_covers_does_not_come_back(stage: Stage, library: Library) -> None:
    grant = library.grants()[0].grant_id
    inner = stage.photos / "inner"
    inner.mkdir()
    opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    library.narrow(grant, Narrowing(scope=[inner]))
    case = refuse_case(library, opened)
    executed = case.find(CaseState.EXECUTED)
    assert executed is not None
    assert executed.details["released"] == 0
    assert set(locations(stage).values()) == {"quarantined"}
    stage.now += timedelta(days=31)
    assert library.enforce_retention() is not None
    assert locations(stage) == {}


def test_nor_what_may_not_be_kept_any_more(stage: Stage, library: Library) -> None:
    grant = library.grants()[0].grant_id
    opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    library.narrow(grant, Narrowing(uses=[Use.SEARCH]))
    refuse_case(library, opened)
    assert set(locations(stage).values()) == {"quarantined"}


def test_time_ends_what_a_case_holds_as_it_ends_everything(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library, retention_days=10)
        opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
        stage.now += timedelta(days=11)
        assert library.enforce_retention() is not None
        assert locations(stage) == {}
        case = grant_case(library, opened)
        assert (case.state, case.erasure_ids) == (CaseState.VERIFIED, [])


def test_erasing_it_by_hand_leaves_the_case_to_be_decided(stage: Stage, library: Library) -> None:
    sha256 = sha256_of(stage, "ann.png")
    opened = request(library, "erasure", photos=(sha256,))
    library.erase(PhotoTarget(sha256))
    assert grant_case(library, opened).state is CaseState.VERIFIED


@pytest.mark.parametrize("kind", CaseKind)
def test_a_case_about_what_is_not_held_goes_all_the_way(
    stage: Stage, library: Library, kind: CaseKind
) -> None:
    corrections = {"credit": "Ann"} if kind is CaseKind.RECTIFICATION else {}
    opened = request(library, kind, photos=("ab" * 32,), corrections=corrections)
    assert opened.held == 0
    if kind is not CaseKind.ACCESS:
        assert grant_case(library, opened).state is CaseState.VERIFIED
    answered = answer(stage, library, opened)
    letter = (answered.folder / "letter.md").read_text("utf-8")
    assert "othing" in letter
    assert "is erased:" not in letter
    assert library.cases().close(opened.case.case_id).is_closed


def test_a_case_is_found_again_in_another_process(stage: Stage, library: Library) -> None:
    draft = CaseDraft(
        kind=CaseKind.TAKEDOWN,
        requester=f"  {REQUESTER} ",
        contact="zoe@example.org",
        channel=Channel.MAIL,
        about=About(host="example.org"),
        reason="Ours.",
        statement="In good faith.",
        is_intimate=True,
    )
    opened = library.cases().open(draft)
    with stage.open() as other:
        case = other.cases().get(f" {opened.case.case_id.upper()} ")
    assert case == opened.case
    assert case.request is not None
    assert (case.request.requester, case.request.contact) == (REQUESTER, "zoe@example.org")
    assert (case.request.channel, case.request.is_intimate) == (Channel.MAIL, True)
    assert (case.request.reason, case.request.statement) == ("Ours.", "In good faith.")
    assert case.request.about == About(host="example.org")


def test_words_that_are_no_text_are_kept_as_they_came(library: Library) -> None:
    strange = "Z\udcffoe \N{SNOWMAN}"
    opened = request(library, "access", source="file:///x", requester=strange)
    case = library.cases().get(opened.case.case_id)
    assert case.request is not None
    assert case.request.requester == strange


def test_nobody_and_nothing_of_a_request_stands_in_the_home_in_the_clear(
    stage: Stage, library: Library
) -> None:
    traces = {
        name: name.encode()
        for name in ("Zoe Requester", "zoe@example.org", "Because of it.", "In good faith.", "Bob")
    }
    opened = request(
        library,
        "takedown",
        photos=(sha256_of(stage, "ann.png"),),
        contact="zoe@example.org",
        reason="Because of it.",
        statement="In good faith.",
    )
    library.cases().counter(opened.case.case_id, name="Bob", statement="In good faith.")
    library.cases().decide(opened.case.case_id, is_granted=False, reason="Because of it.")
    library.close()
    assert find_traces(stage.home, traces) == []


def test_cases_are_listed_by_their_deadline(stage: Stage, library: Library) -> None:
    takedown = request(library, "takedown", source="file:///x")
    stage.now += timedelta(days=1)
    access = request(library, "access", source="file:///x")
    intimate = request(library, "erasure", source="file:///x", is_intimate=True)
    ids = [case.case_id for case in library.cases().list()]
    assert ids == [opened.case.case_id for opened in (intimate, takedown, access)]


@pytest.mark.parametrize(
    ("days", "due"),
    [(0, []), (1.9, []), (2, ["erasure"]), (29.9, ["erasure"]), (31, ["erasure", "access"])],
)
def test_what_is_due_is_told_in_time(library: Library, days: float, due: list[str]) -> None:
    request(library, "access", source="file:///x")
    request(library, "erasure", source="file:///x", is_intimate=True)
    told = library.cases().due(within=timedelta(days=days))
    assert [case.kind for case in told] == due


def test_a_case_is_overdue_from_its_deadline_until_it_is_closed(
    stage: Stage, library: Library
) -> None:
    opened = request(library, "access", source="file:///x")
    stage.now = opened.case.due_at
    assert not library.cases().get(opened.case.case_id).is_overdue(stage.now)
    stage.now += timedelta(seconds=1)
    case = library.cases().get(opened.case.case_id)
    assert case.is_overdue(stage.now)
    assert [one.case_id for one in library.cases().due(within=timedelta())] == [case.case_id]
    answer(stage, library, opened)
    closed = library.cases().close(case.case_id)
    assert not closed.is_overdue(stage.now)
    assert library.cases().due(within=timedelta(days=999)) == []


def test_the_audit_log_has_every_step_and_no_name(stage: Stage, library: Library) -> None:
    opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    stage.now = opened.case.due_at + timedelta(days=1)
    grant_case(library, opened)
    answer(stage, library, opened)
    library.cases().close(opened.case.case_id)
    entries = [entry for entry in entries_of(stage) if entry["action"].startswith("case-")]
    told = [(e["action"], e["facts"].get("state", e["facts"].get("did"))) for e in entries]
    assert told == [
        ("case-opened", None),
        ("case-moved", "quarantined"),
        ("case-moved", "decided"),
        ("case-moved", "executed"),
        ("case-moved", "verified"),
        ("case-noted", "answered"),
        ("case-moved", "closed"),
    ]
    assert entries[0]["facts"]["kind"] == "erasure"
    assert [e["facts"]["overdue"] for e in entries if "overdue" in e["facts"]] == [
        *(False, True, True, True, False)
    ]
    assert len({entry["facts"]["case"] for entry in entries}) == 1
    text = json.dumps(entries)
    assert opened.case.case_id not in text
    assert REQUESTER not in text
    assert library.audit().verify().is_sound
    seq = entries[0]["seq"]
    assert library.audit().entry(seq).details == {
        "actor": library._deployment.actor,
        "case": opened.case.case_id,
    }


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"requester": "  ", "source": "file:///x"}, "needs somebody who asks"),
        ({"source": "file:///x", "host": "example.org"}, "exactly one way"),
        ({"photos": ("ab" * 32,), "faces": ("x",)}, "exactly one way"),
        ({"photos": ("not a hash",)}, "is no SHA-256"),
        ({"source": "file:///x", "corrections": {"credit": "x"}}, "belong to a case of rect"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_leaves_nothing(
    stage: Stage, library: Library, said: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        request(library, "erasure", **said)
    for table in ("cases", "case_events", "holds"):
        assert query(stage.home / "catalog.db", f"SELECT count(*) FROM {table}") == [0]  # noqa: S608  (tables above)
    assert "ann.png" in found(library, ANN)


def test_an_unknown_case_is_told(library: Library) -> None:
    for attempt in (
        lambda: library.cases().get("nonsense"),
        lambda: library.cases().close("nonsense"),
        lambda: library.cases().decide("nonsense", is_granted=True),
        lambda: library.cases().answer("nonsense", Path("nowhere")),
        lambda: library.cases().acknowledge("nonsense"),
    ):
        with pytest.raises(NotFoundError, match="There is no case nonsense"):
            attempt()


def test_a_refusal_gives_its_reason(stage: Stage, library: Library) -> None:
    opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    with pytest.raises(SettingsError, match="A refusal gives its reason"):
        library.cases().decide(opened.case.case_id, is_granted=False, reason="  ")
    assert library.cases().get(opened.case.case_id).state is CaseState.QUARANTINED


def test_a_decision_may_be_repeated_and_not_turned(stage: Stage, library: Library) -> None:
    granted = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    refused = request(library, "erasure", photos=(sha256_of(stage, "ben.png"),))
    once, twice = (grant_case(library, granted) for _ in range(2))
    assert once == twice
    once, twice = (refuse_case(library, refused) for _ in range(2))
    assert once == twice
    with pytest.raises(ConflictError, match="not decided anew"):
        refuse_case(library, granted)
    with pytest.raises(ConflictError, match="not decided anew"):
        grant_case(library, refused)
    assert found(library, BEN) == {"ben.png", "both.png"}


def test_a_counter_notice_is_heard_and_kept(stage: Stage, library: Library) -> None:
    opened = request(library, "takedown", photos=(sha256_of(stage, "ann.png"),))
    case = library.cases().counter(opened.case.case_id, name="Bob ", statement=" It is mine.")
    assert case.state is CaseState.QUARANTINED
    assert case.events[-1].details == {"did": "countered", "by": "Bob", "statement": "It is mine."}
    assert library.cases().get(case.case_id) == case
    with pytest.raises(SettingsError, match="who makes it"):
        library.cases().counter(case.case_id, name="Bob", statement=" ")
    refuse_case(library, opened)
    with pytest.raises(ConflictError, match="not decided yet"):
        library.cases().counter(case.case_id, name="Bob", statement="Late.")


@pytest.mark.parametrize("kind", ["access", "objection", "erasure"])
def test_nobody_else_is_heard_about_a_persons_request(
    stage: Stage, library: Library, kind: str
) -> None:
    opened = request(library, kind, photos=(sha256_of(stage, "ann.png"),))
    with pytest.raises(ConflictError, match="made to a takedown"):
        library.cases().counter(opened.case.case_id, name="Bob", statement="No.")


def test_searches_of_other_things_go_on_while_a_case_is_open(
    stage: Stage, library: Library
) -> None:
    request(library, "erasure", photos=(sha256_of(stage, "both.png"),))
    result = library.search(draw_photo(BEN), purpose=PURPOSE, min_score=0.8)
    assert [c.face.sha256 for c in result.candidates] == [sha256_of(stage, "ben.png")]


def test_whoever_says_nothing_more_asks_about_themselves(stage: Stage) -> None:
    with stage.open() as library:
        enrol(stage, library, 1, "Ann Ek")
        draft = CaseDraft(kind=CaseKind.ACCESS, requester=" Ann Ek ", about=About())
        case = library.cases().open(draft).case
        assert case.request is not None
        assert case.request.about == About(person="Ann Ek")
        assert case.request.person_id
