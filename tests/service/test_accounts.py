"""Accounts: invited, changed, ended, and never more than whoever does it has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from mien.errors import ConflictError, NotFoundError, SettingsError
from mien.permission.account import EVERYTHING, Rights, User
from mien.permission.caller import OPERATIONS, Role
from mien.permission.verdict import Reason, Verdict
from mien.service.account_drafts import UserChange, UserDraft
from mien.service.one_time import OneTimeLink
from service.desk import PASSWORD, Desk
from service.stage import Stage

CURATOR = Rights(operations=OPERATIONS[Role.CURATOR])
PRESS_ADMIN = Rights(operations=OPERATIONS[Role.ADMIN], collections=frozenset({"press"}))


@pytest.fixture
def desk(stage: Stage) -> Iterator[Desk]:
    with stage.open() as library:
        for name in ("press", "club"):
            library.create_collection(name, basis="household")
        yield Desk(stage, library)


def reasons_of(answer: object) -> tuple[Reason, ...]:
    assert isinstance(answer, Verdict), answer
    return answer.reasons


def test_somebody_is_invited(desk: Desk) -> None:
    made = desk.invite("  Ann   Ek ", collections=["press"], purposes=["family-album"])
    assert made == desk.accounts.get("ANN EK") == desk.accounts.get(made.user_id)
    assert (made.name, made.role) == ("Ann Ek", Role.SEARCHER)
    assert made.collections == frozenset({"press"})
    assert made.purposes == frozenset({"family-album"})
    assert (made.is_in_force, made.has_password) == (True, False)
    told = desk.library.audit().entry(len(desk.actions()) - 1)
    assert (told.entry["action"], told.entry["facts"]) == ("user-invited", {"role": "searcher"})
    assert told.details is not None
    assert told.details["user"] == "Ann Ek"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": " "}, "A name has"),
        ({"name": "x" * 65}, "A name has"),
        ({"name": "a\x1b[1mb"}, "A name has"),
        ({"name": "\udc80"}, "is no text"),
        ({"purposes": ["Not A Slug"]}, "is no purpose"),
        ({"collections": ["nowhere"]}, "nowhere"),
        ({"collections": []}, "or none at all"),
        ({"purposes": []}, "or none at all"),
    ],
)
def test_what_cannot_be_is_not_recorded(desk: Desk, change: dict[str, object], said: str) -> None:
    draft = UserDraft(**({"name": "ann", "role": Role.VIEWER} | change))  # type: ignore[arg-type]
    with pytest.raises((SettingsError, NotFoundError), match=said):
        desk.accounts.invite(draft, by=EVERYTHING)
    assert desk.accounts.list() == []


def test_a_name_is_given_once(desk: Desk) -> None:
    desk.invite("Ann")
    for name in ("ann", " ANN ", "\uff21nn"):
        with pytest.raises(ConflictError, match="Choose another name"):
            desk.invite(name)
    assert len(desk.accounts.list()) == 1


@pytest.mark.parametrize(
    ("by", "draft"),
    [
        (CURATOR, UserDraft(name="x", role=Role.ADMIN)),
        (CURATOR, UserDraft(name="x", role=Role.AUDITOR)),
        (PRESS_ADMIN, UserDraft(name="x", role=Role.VIEWER)),
        (PRESS_ADMIN, UserDraft(name="x", role=Role.VIEWER, collections=["press", "club"])),
    ],
)
def test_nobody_invites_somebody_who_may_more(desk: Desk, by: Rights, draft: UserDraft) -> None:
    assert reasons_of(desk.accounts.invite(draft, by=by)) == (Reason.MORE_THAN_YOURS,)
    assert desk.accounts.list() == []


def test_a_bounded_admin_looks_after_those_within_the_bounds(desk: Desk) -> None:
    within = UserDraft(name="x", role=Role.CURATOR, collections=["press"])
    made = desk.accounts.invite(within, by=PRESS_ADMIN)
    assert isinstance(made, User)
    assert isinstance(desk.accounts.link(made.user_id, by=PRESS_ADMIN), OneTimeLink)
    assert isinstance(desk.accounts.disable(made.user_id, by=PRESS_ADMIN), User)


def test_nobody_touches_somebody_who_may_more(desk: Desk) -> None:
    boss = desk.make("boss", Role.ADMIN)
    desk.make("other", Role.ADMIN)
    lower = UserChange(role=Role.VIEWER, collections=["press"])
    accounts = desk.accounts
    answers = [
        accounts.link(boss.user_id, by=PRESS_ADMIN),
        accounts.disable(boss.user_id, by=PRESS_ADMIN),
        accounts.enable(boss.user_id, by=PRESS_ADMIN),
        accounts.change(boss.user_id, lower, by=PRESS_ADMIN),
    ]
    assert {reasons_of(answer) for answer in answers} == {(Reason.MORE_THAN_YOURS,)}
    assert accounts.get("boss") == boss


def test_nobody_raises_somebody_above_themselves(desk: Desk) -> None:
    ann = desk.make("ann", Role.VIEWER, collections=["press"])
    for change in (
        UserChange(role=Role.VIEWER),
        UserChange(role=Role.VIEWER, collections=["press", "club"]),
    ):
        answer = desk.accounts.change("ann", change, by=PRESS_ADMIN)
        assert reasons_of(answer) == (Reason.MORE_THAN_YOURS,)
    assert desk.accounts.get("ann") == ann


def test_a_change_holds_from_the_next_request_on(desk: Desk) -> None:
    desk.make("ann")
    changed = desk.accounts.change(
        "ann", UserChange(role=Role.VIEWER, collections=["club"]), by=EVERYTHING
    )
    assert isinstance(changed, User)
    assert changed.rights.operations == OPERATIONS[Role.VIEWER]
    assert changed.collections == frozenset({"club"})
    assert desk.enter("ann").user == changed
    assert desk.actions()[-2:] == ["user-changed", "signed-in"]


def test_the_last_admin_stays(desk: Desk) -> None:
    desk.make("boss", Role.ADMIN)
    accounts, bounded = desk.accounts, UserChange(role=Role.ADMIN, collections=["press"])
    for change in (bounded, UserChange(role=Role.VIEWER)):
        with pytest.raises(ConflictError, match="last admin"):
            accounts.change("boss", change, by=EVERYTHING)
    with pytest.raises(ConflictError, match="last admin"):
        accounts.disable("boss", by=EVERYTHING)
    # Somebody who was only invited, is bounded, or is disabled takes nobody's place.
    desk.invite("invited", Role.ADMIN)
    desk.make("bounded", Role.ADMIN, collections=["press"])
    desk.make("gone", Role.ADMIN)
    accounts.disable("gone", by=EVERYTHING)
    with pytest.raises(ConflictError, match="last admin"):
        accounts.disable("boss", by=EVERYTHING)
    desk.make("second", Role.ADMIN)
    assert isinstance(accounts.disable("boss", by=EVERYTHING), User)
    with pytest.raises(ConflictError, match="last admin"):
        accounts.disable("second", by=EVERYTHING)


def test_a_link_lets_choose_a_password_once(desk: Desk) -> None:
    ann = desk.invite("ann")
    token = desk.link(ann)
    own = desk.accounts.own
    assert own.find_welcomed(token) == own.find_welcomed(token) == ann
    done = own.welcome(token, PASSWORD)
    assert isinstance(done, User)
    assert done.has_password
    assert own.find_welcomed(token) is None
    assert reasons_of(own.welcome(token, "another one of mine")) == (Reason.LINK_NOT_IN_FORCE,)
    assert desk.sign_in("ann")


def test_a_link_lasts_a_day(desk: Desk) -> None:
    token = desk.link(desk.invite("ann"))
    desk.stage.now += timedelta(hours=24)
    assert reasons_of(desk.accounts.own.welcome(token, PASSWORD)) == (Reason.LINK_NOT_IN_FORCE,)
    desk.stage.now -= timedelta(seconds=1)
    assert isinstance(desk.accounts.own.welcome(token, PASSWORD), User)


def test_a_new_link_ends_the_one_before(desk: Desk) -> None:
    ann = desk.invite("ann")
    first, second = desk.link(ann), desk.link(ann)
    assert desk.accounts.own.find_welcomed(first) is None
    assert desk.accounts.own.find_welcomed(second) == ann


def test_a_refused_password_does_not_use_the_link_up(desk: Desk) -> None:
    token = desk.link(desk.invite("ann"))
    with pytest.raises(SettingsError, match="at least 12"):
        desk.accounts.own.welcome(token, "short")
    assert isinstance(desk.accounts.own.welcome(token, PASSWORD), User)


def test_a_link_of_somebody_who_was_disabled_is_over(desk: Desk) -> None:
    ann = desk.invite("ann")
    token = desk.link(ann)
    desk.accounts.disable("ann", by=EVERYTHING)
    assert desk.accounts.own.find_welcomed(token) is None
    with pytest.raises(ConflictError, match="not in force"):
        desk.accounts.link("ann", by=EVERYTHING)
    desk.accounts.enable("ann", by=EVERYTHING)
    assert desk.accounts.own.find_welcomed(token) is None


def test_an_admin_removes_the_second_factor_of_whoever_lost_it(desk: Desk) -> None:
    ann = desk.make("ann")
    desk.set_factor(ann)
    pending = desk.enter("ann").pending
    answer = desk.accounts.remove_second_factor("ann", by=PRESS_ADMIN)
    assert reasons_of(answer) == (Reason.MORE_THAN_YOURS,)
    assert desk.accounts.get("ann").has_second_factor
    done = desk.accounts.remove_second_factor("ann", by=EVERYTHING)
    assert isinstance(done, User)
    assert (done.has_second_factor, done.has_password) == (False, True)
    assert desk.actions()[-1] == "second-factor-removed"
    assert not desk.accounts.sign_in.enter_code(pending, "000000", address="").token
    assert desk.enter("ann").token


def test_whoever_uses_a_link_is_signed_out_elsewhere(desk: Desk) -> None:
    ann = desk.make("ann")
    desk.sign_in("ann")
    desk.accounts.own.welcome(desk.link(ann), "three tired badgers sing")
    assert desk.accounts.own.sessions(ann.user_id) == []
    assert not desk.enter("ann").token
    assert desk.enter("ann", "three tired badgers sing").token


def test_a_home_without_users_gets_a_first_admin(desk: Desk) -> None:
    link = desk.accounts.first_link()
    assert link is not None
    assert link.path == f"/welcome/{link.token}"
    done = desk.accounts.own.welcome(link.token, PASSWORD)
    assert isinstance(done, User)
    assert (done.name, done.role) == ("admin", Role.ADMIN)
    assert done.rights == EVERYTHING
    assert desk.accounts.first_link() is None


def test_the_first_admin_gets_another_link_until_one_was_used(desk: Desk) -> None:
    first = desk.accounts.first_link()
    desk.stage.now += timedelta(days=2)
    second = desk.accounts.first_link()
    assert first is not None
    assert second is not None
    assert desk.accounts.own.find_welcomed(first.token) is None
    assert desk.accounts.own.find_welcomed(second.token) is not None
    assert len(desk.accounts.list()) == 1


def test_nobody_becomes_the_first_admin_of_a_home_with_users(desk: Desk) -> None:
    desk.make("ann", Role.CURATOR)
    assert desk.accounts.first_link() is None
    assert [user.name for user in desk.accounts.list()] == ["ann"]


@pytest.mark.parametrize("call", ["get", "disable", "enable", "link"])
def test_nobody_of_that_name(desk: Desk, call: str) -> None:
    by = {} if call == "get" else {"by": EVERYTHING}
    with pytest.raises(NotFoundError, match="mien users list"):
        getattr(desk.accounts, call)("nobody", **by)


def test_the_log_stays_sound_and_names_nobody(desk: Desk) -> None:
    desk.make("Somebody Private", Role.ADMIN)
    desk.sign_in("Somebody Private")
    entries = desk.library.audit().entries()
    assert "Private" not in repr(entries)
    assert desk.library.audit().verify().is_sound
