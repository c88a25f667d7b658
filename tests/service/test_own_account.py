"""One's own account: password, second factor, sessions; and which passwords are refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from mien.errors import NotFoundError, SettingsError
from mien.permission.account import EVERYTHING, User
from mien.permission.verdict import Reason, Verdict
from mien.service.account_drafts import WORST_PASSWORDS, check_password
from mien.service.own_account import BegunFactor
from service.desk import HERE, PASSWORD, Desk
from service.stage import Stage

NEW, WRONG = "three tired badgers sing", "not the password"


@pytest.fixture
def desk(stage: Stage) -> Iterator[Desk]:
    with stage.open() as library:
        yield Desk(stage, library)


@pytest.mark.parametrize(
    "password", [PASSWORD, "zzzz zzzz zzzy", "1" * 11 + "2", "ä" * 6 + "ö" * 6]
)
def test_a_long_password_needs_nothing_else(password: str) -> None:
    check_password(password, name="ann")


@pytest.mark.parametrize(
    ("password", "name", "said"),
    [
        ("", "ann", "at least 12"),
        ("eleven char", "ann", "at least 12"),
        ("x" * 1025, "ann", "more than 1024"),
        ("a" * 12, "ann", "first that anybody"),
        ("Password1234", "ann", "first that anybody"),
        ("Maximilian Ek", "maximilian ek", "first that anybody"),
        ("annannannann", "Ann", "first that anybody"),
        ("MAXIMILIAN EK", "Maximilian Ek", "first that anybody"),
    ],
)
def test_a_bad_password_is_refused(password: str, name: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        check_password(password, name=name)


def test_the_worst_passwords_are_long_enough_to_matter() -> None:
    assert all(len(word) >= 12 and word == word.casefold() for word in WORST_PASSWORDS)


def test_a_password_is_changed_by_whoever_knows_it(desk: Desk) -> None:
    ann = desk.make("ann")
    own = desk.as_user(ann).own
    desk.sign_in("ann")
    assert isinstance(own.change_password(ann.user_id, password=PASSWORD, new=NEW), User)
    assert own.sessions(ann.user_id) == []
    assert not desk.enter("ann").token
    assert desk.enter("ann", NEW).token
    assert desk.actions().count("password-set") == 2


def test_a_password_is_not_changed_by_anybody_else(desk: Desk) -> None:
    ann = desk.make("ann")
    own = desk.as_user(ann).own
    answer = own.change_password(ann.user_id, password=WRONG, new=NEW)
    assert answer == Verdict((Reason.SIGN_IN_FAILED,))
    with pytest.raises(SettingsError, match="at least 12"):
        own.change_password(ann.user_id, password=PASSWORD, new="short")
    assert desk.sign_in("ann")


def test_whoever_finds_an_open_browser_does_not_guess_the_password(desk: Desk) -> None:
    ann = desk.make("ann")
    own = desk.as_user(ann).own
    for _ in range(5):
        own.remove_second_factor(ann.user_id, password=WRONG)
    blocked = own.change_password(ann.user_id, password=PASSWORD, new=NEW)
    assert blocked == Verdict((Reason.TOO_MANY_TRIES,))
    # To sign in is counted apart: nobody keeps anybody out by this.
    assert desk.sign_in("ann")
    desk.stage.now += timedelta(seconds=1)
    assert isinstance(own.change_password(ann.user_id, password=PASSWORD, new=NEW), User)


def test_a_second_factor_counts_once_a_code_was_handed_in(desk: Desk) -> None:
    ann = desk.make("ann")
    own = desk.as_user(ann).own
    begun = own.begin_second_factor(ann.user_id, password=PASSWORD)
    assert isinstance(begun, BegunFactor)
    assert desk.enter("ann").token
    wrong = own.set_second_factor(ann.user_id, sealed=begun.sealed, code="000000")
    assert wrong == Verdict((Reason.SIGN_IN_FAILED,))
    assert own.open_begun(ann.user_id, sealed=begun.sealed) == begun
    done = own.set_second_factor(ann.user_id, sealed=begun.sealed, code=desk.code(begun.secret))
    assert isinstance(done, User)
    assert done.has_second_factor
    assert own.sessions(ann.user_id) == []
    assert desk.enter("ann").pending


def test_what_was_begun_ends_after_a_quarter_of_an_hour(desk: Desk) -> None:
    ann = desk.make("ann")
    own = desk.as_user(ann).own
    begun = own.begin_second_factor(ann.user_id, password=PASSWORD)
    assert isinstance(begun, BegunFactor)
    desk.stage.now += timedelta(minutes=15, seconds=1)
    code = desk.code(begun.secret)
    done = own.set_second_factor(ann.user_id, sealed=begun.sealed, code=code)
    assert done == Verdict((Reason.SIGN_IN_FAILED,))


def test_nobody_brings_a_secret_of_their_own_or_of_somebody_else(desk: Desk) -> None:
    ann, eve = desk.make("ann"), desk.make("eve")
    begun = desk.as_user(eve).own.begin_second_factor(eve.user_id, password=PASSWORD)
    assert isinstance(begun, BegunFactor)
    own = desk.as_user(ann).own
    for sealed in (begun.sealed, begun.secret, "", "zz", "00" * 60):
        answer = own.set_second_factor(ann.user_id, sealed=sealed, code=desk.code(begun.secret))
        assert answer == Verdict((Reason.SIGN_IN_FAILED,))
    assert not desk.accounts.get("ann").has_second_factor


def test_a_second_factor_is_removed_with_the_password(desk: Desk) -> None:
    ann = desk.make("ann")
    desk.set_factor(ann)
    own = desk.as_user(ann).own
    assert isinstance(own.remove_second_factor(ann.user_id, password=WRONG), Verdict)
    assert desk.enter("ann").pending
    assert isinstance(own.remove_second_factor(ann.user_id, password=PASSWORD), User)
    assert desk.enter("ann").token
    assert desk.actions()[-2:] == ["second-factor-removed", "signed-in"]


def test_a_new_link_keeps_the_second_factor(desk: Desk) -> None:
    """Whoever gets hold of a link alone does not get in."""
    ann = desk.make("ann")
    secret = desk.set_factor(ann)
    desk.accounts.own.welcome(desk.link(ann), NEW)
    entry = desk.enter("ann", NEW)
    assert (entry.token, bool(entry.pending)) == ("", True)
    desk.stage.now += timedelta(minutes=2)
    pending = desk.enter("ann", NEW).pending
    assert desk.accounts.sign_in.enter_code(pending, desk.code(secret), address=HERE).token


def test_sessions_are_listed_and_ended(desk: Desk) -> None:
    ann, eve = desk.make("ann"), desk.make("eve")
    desk.sign_in("ann")
    desk.stage.now += timedelta(minutes=1)
    desk.sign_in("ann")
    own = desk.as_user(ann).own
    first, second = own.sessions(ann.user_id)
    assert second.made_at - first.made_at == timedelta(minutes=1)
    own.end_session(ann.user_id, first.session_id)
    assert own.sessions(ann.user_id) == [second]
    with pytest.raises(NotFoundError, match="no such session"):
        own.end_session(ann.user_id, first.session_id)
    with pytest.raises(NotFoundError, match="no such session"):
        desk.as_user(eve).own.end_session(eve.user_id, second.session_id)
    assert own.sessions(ann.user_id) == [second]


def test_somebody_who_was_disabled_does_nothing_for_themselves(desk: Desk) -> None:
    ann = desk.make("ann")
    begun = desk.as_user(ann).own.begin_second_factor(ann.user_id, password=PASSWORD)
    assert isinstance(begun, BegunFactor)
    desk.accounts.disable("ann", by=EVERYTHING)
    own = desk.as_user(ann).own
    answers = [
        own.change_password(ann.user_id, password=PASSWORD, new=NEW),
        own.begin_second_factor(ann.user_id, password=PASSWORD),
        own.set_second_factor(ann.user_id, sealed=begun.sealed, code=desk.code(begun.secret)),
        own.remove_second_factor(ann.user_id, password=PASSWORD),
    ]
    assert answers == [Verdict((Reason.SIGN_IN_FAILED,))] * 4
