"""Signing in: who is let in, what the others hear, and how long they wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from mien.permission.account import EVERYTHING, User
from mien.permission.caller import Role
from mien.permission.verdict import Reason
from mien.service import sessions
from mien.service.sign_in import Entry
from mien.service.tries import LONGEST_WAIT
from mien.vault.passwords import Passwords
from service.desk import CHEAP, HERE, PASSWORD, Desk
from service.stage import Stage, query


@pytest.fixture
def desk(stage: Stage) -> Iterator[Desk]:
    with stage.open() as library:
        yield Desk(stage, library)


def find(desk: Desk, token: str) -> User | None:
    return sessions.find_user(desk.library.parts.deployment, token)


def sql(desk: Desk, statement: str, *values: object) -> list[object]:
    return query(desk.stage.home / "catalog.db", statement, *values)


def test_a_name_and_its_password_open_a_session(desk: Desk) -> None:
    ann = desk.make("Ann Ek")
    token = desk.sign_in("  ann EK ")
    assert find(desk, token) == ann
    assert desk.actions()[-1] == "signed-in"


def test_each_session_has_a_token_of_its_own_and_none_is_kept(desk: Desk) -> None:
    desk.make("ann")
    tokens = {desk.sign_in("ann") for _ in range(3)}
    assert len(tokens) == 3
    content = (desk.stage.home / "catalog.db").read_bytes()
    content += (desk.stage.home / "catalog.db-wal").read_bytes()
    content += (desk.stage.home / "keys" / "keys.db").read_bytes()
    for token in tokens:
        assert token.encode() not in content
    assert b"ann" not in b"".join(
        row for row in sql(desk, "SELECT name FROM users") if isinstance(row, bytes)
    )


@pytest.mark.parametrize("name", ["ann", "nobody", "", "invited", "disabled", "\udc80"])
def test_whoever_fails_hears_the_same(desk: Desk, name: str) -> None:
    desk.make("ann")
    desk.invite("invited")
    desk.make("disabled")
    desk.accounts.disable("disabled", by=EVERYTHING)
    entry = desk.enter(name, "not the password" if name != "disabled" else PASSWORD)
    assert entry == Entry(verdict=entry.verdict)
    assert entry.verdict.reasons == (Reason.SIGN_IN_FAILED,)
    assert desk.actions()[-1] == "sign-in-failed"


def test_as_much_is_done_for_a_name_that_nobody_has(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hash is checked with the same parameters, and as many transactions are made."""
    desk.make("ann")
    checked: list[bool] = []
    fits = Passwords.fits

    def note(passwords: Passwords, kept: str, password: str) -> bool:
        checked.append(True)
        return fits(passwords, kept, password)

    monkeypatch.setattr(Passwords, "fits", note)
    written = []
    for name in ("ann", "nobody", "invited"):
        before = len(desk.actions())
        desk.enter(name, "not the password")
        written.append(len(desk.actions()) - before)
    assert len(checked) == 3
    assert written == [1, 1, 1]


def test_a_failure_names_nobody_in_the_log(desk: Desk) -> None:
    desk.make("ann")
    desk.enter("my password by mistake", "x")
    log = desk.library.audit()
    told = log.entry(len(log.entries()) - 1)
    assert told.entry["subject_ref"] is None
    assert told.details == {"actor": "nobody"}


def test_a_try_that_waits_is_not_even_looked_at(desk: Desk) -> None:
    desk.make("ann")
    waits = []
    for number in range(16):
        entry = desk.enter("ann", "wrong", address=f"198.51.100.{number}")
        while entry.verdict.reasons == (Reason.TOO_MANY_TRIES,):
            waits.append(entry.wait_s)
            assert desk.enter("ann", address="203.0.113.9").wait_s == entry.wait_s
            desk.stage.now += timedelta(seconds=entry.wait_s)
            entry = desk.enter("ann", "wrong", address=f"198.51.100.{number}")
        assert entry.verdict.reasons == (Reason.SIGN_IN_FAILED,)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, int(LONGEST_WAIT.total_seconds())]
    desk.stage.now += LONGEST_WAIT
    assert desk.sign_in("ann")
    assert desk.enter("ann", "wrong").wait_s == 0


def test_a_name_that_nobody_has_is_made_to_wait_too(desk: Desk) -> None:
    desk.make("ann")

    def fail(name: str) -> list[int]:
        return [desk.enter(name, "x", address=f"10.0.0.{n}").wait_s for n in range(7)]

    assert fail("nobody") == fail("ann") == [0, 0, 0, 0, 0, 1, 1]


def test_tries_are_counted_by_where_they_come_from(desk: Desk) -> None:
    desk.make("ann")
    for number in range(20):
        assert desk.enter(f"name {number}", "x").wait_s == 0
    assert desk.enter("ann").wait_s == 1
    assert desk.enter("ann", address="192.0.2.2").token


def test_one_who_is_let_in_does_not_clear_the_tries_of_others(desk: Desk) -> None:
    """Whoever has an account must not guess at other ones for as long as they like."""
    desk.make("eve")
    for number in range(20):
        desk.enter(f"name {number}", "x")
        if number % 4 == 0 and number < 19:
            assert desk.enter("eve").token
    assert desk.enter("eve").wait_s == 1


def test_addresses_of_one_network_are_one(desk: Desk) -> None:
    for number in range(20):
        desk.enter(f"name {number}", "x", address=f"2001:db8:1:2::{number:x}")
    assert desk.enter("other", "x", address="2001:db8:1:2:ffff::1").wait_s == 1
    assert desk.enter("other", "x", address="2001:db8:1:3::1").wait_s == 0


def test_tries_are_forgotten_after_a_day(desk: Desk) -> None:
    for number in range(6):
        desk.enter("ann", "x", address=f"10.0.0.{number}")
    desk.stage.now += timedelta(days=1, seconds=1)
    desk.enter("another", "x", address="10.0.0.9")
    assert sql(desk, "SELECT count(*) FROM failed_tries") == [2]


def test_no_name_and_no_address_stands_in_the_tries(desk: Desk) -> None:
    desk.enter("Somebody Private", "x", address="203.0.113.77")
    assert b"Private" not in (desk.stage.home / "catalog.db-wal").read_bytes()
    assert b"203.0.113.77" not in (desk.stage.home / "catalog.db-wal").read_bytes()


def test_a_session_ends_by_itself(desk: Desk) -> None:
    desk.make("ann")
    token = desk.sign_in("ann")
    for _ in range(5):
        desk.stage.now += timedelta(hours=2, seconds=-1)
        assert find(desk, token) is not None
    desk.stage.now += timedelta(hours=2)
    assert find(desk, token) is None


def test_a_session_ends_after_twelve_hours_however_much_it_is_used(desk: Desk) -> None:
    desk.make("ann")
    token = desk.sign_in("ann")
    for _ in range(11):
        desk.stage.now += timedelta(hours=1)
        assert find(desk, token) is not None
    desk.stage.now += timedelta(minutes=59, seconds=59)
    assert find(desk, token) is not None
    desk.stage.now += timedelta(seconds=1)
    assert find(desk, token) is None
    desk.sign_in("ann")
    assert sql(desk, "SELECT count(*) FROM sessions") == [1]


def test_a_clock_that_goes_back_lets_nobody_in(desk: Desk) -> None:
    desk.make("ann")
    token = desk.sign_in("ann")
    desk.stage.now -= timedelta(minutes=1)
    assert find(desk, token) is None


def test_signing_out_ends_this_session_alone(desk: Desk) -> None:
    ann = desk.make("ann")
    here, there = desk.sign_in("ann"), desk.sign_in("ann")
    desk.accounts.sign_in.leave(here)
    assert find(desk, here) is None
    assert find(desk, there) == ann
    assert desk.actions()[-1] == "signed-out"
    before = desk.actions()
    desk.accounts.sign_in.leave(here)
    desk.accounts.sign_in.leave("made up")
    assert desk.actions() == before


def test_whoever_is_disabled_is_out_at_once(desk: Desk) -> None:
    desk.make("ann")
    token = desk.sign_in("ann")
    desk.accounts.disable("ann", by=EVERYTHING)
    assert find(desk, token) is None
    desk.accounts.enable("ann", by=EVERYTHING)
    assert find(desk, token) is None
    assert desk.sign_in("ann")


def test_a_hash_is_renewed_when_parameters_rise(desk: Desk) -> None:
    desk.make("ann")
    desk.passwords = Passwords(memory_kib=128, passes=2)
    assert desk.sign_in("ann")
    (kept,) = sql(desk, "SELECT password FROM users")
    assert str(kept).startswith("$argon2id$v=19$m=128,t=2,p=1$")
    assert desk.sign_in("ann")
    desk.passwords = CHEAP
    assert desk.sign_in("ann")


def test_a_code_is_asked_for_where_a_second_factor_is_set(desk: Desk) -> None:
    ann = desk.make("ann")
    secret = desk.set_factor(ann)
    desk.stage.now += timedelta(minutes=2)
    entry = desk.enter("ann")
    assert (entry.token, bool(entry.pending)) == ("", True)
    assert find(desk, entry.pending) is None
    done = desk.accounts.sign_in.enter_code(entry.pending, desk.code(secret), address=HERE)
    assert find(desk, done.token) is not None


def test_a_code_counts_once(desk: Desk) -> None:
    ann = desk.make("ann")
    secret = desk.set_factor(ann)
    desk.stage.now += timedelta(minutes=2)
    door = desk.accounts.sign_in
    code = desk.code(secret)
    assert door.enter_code(desk.enter("ann").pending, code, address=HERE).token
    again = door.enter_code(desk.enter("ann").pending, code, address=HERE)
    assert again.verdict.reasons == (Reason.SIGN_IN_FAILED,)
    desk.stage.now += timedelta(seconds=30)
    assert door.enter_code(again.pending, desk.code(secret), address=HERE).token


def test_the_code_that_set_it_up_is_spent(desk: Desk) -> None:
    ann = desk.make("ann")
    secret = desk.set_factor(ann)
    entry = desk.enter("ann")
    door = desk.accounts.sign_in
    assert not door.enter_code(entry.pending, desk.code(secret), address=HERE).token


def test_codes_are_not_guessed(desk: Desk) -> None:
    ann = desk.make("ann")
    secret = desk.set_factor(ann)
    desk.stage.now += timedelta(minutes=2)
    pending = desk.enter("ann").pending
    for number in range(5):
        entry = desk.accounts.sign_in.enter_code(
            pending, f"{number:06}", address=f"10.0.0.{number}"
        )
        assert entry.verdict.reasons == (Reason.SIGN_IN_FAILED,)
        assert entry.pending == pending
    right = desk.accounts.sign_in.enter_code(pending, desk.code(secret), address="10.0.0.9")
    assert (right.token, right.wait_s) == ("", 1)
    # The password, said once more, does not help either.
    other = desk.enter("ann", address="10.0.0.8").pending
    right = desk.accounts.sign_in.enter_code(other, desk.code(secret), address="10.0.0.9")
    assert (right.token, right.wait_s) == ("", 1)


def test_a_code_is_awaited_for_five_minutes(desk: Desk) -> None:
    ann = desk.make("ann")
    secret = desk.set_factor(ann)
    pending = desk.enter("ann").pending
    desk.stage.now += timedelta(minutes=5)
    entry = desk.accounts.sign_in.enter_code(pending, desk.code(secret), address=HERE)
    assert entry == Entry(verdict=entry.verdict)


def test_a_link_to_choose_a_password_is_no_step_towards_a_session(desk: Desk) -> None:
    ann = desk.make("ann")
    secret = desk.set_factor(ann)
    desk.stage.now += timedelta(minutes=2)
    link = desk.link(ann)
    assert not desk.accounts.sign_in.enter_code(link, desk.code(secret), address=HERE).token
    pending = desk.enter("ann").pending
    assert desk.accounts.own.find_welcomed(pending) is None


def test_what_is_handed_out_once_is_not_shown_by_chance(desk: Desk) -> None:
    desk.make("ann", Role.ADMIN)
    entry = desk.enter("ann")
    made = desk.key("ann")
    link = desk.accounts.link("ann", by=EVERYTHING)
    for secret, value in ((entry.token, entry), (made.secret, made)):
        assert secret not in repr(value)
    assert getattr(link, "token", "") not in repr(link)
