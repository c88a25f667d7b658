"""Attempts to bring rights and photos back with an old catalog; every one must fail."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from mien.errors import MienError
from mien.library import Library
from mien.permission.account import EVERYTHING
from mien.permission.caller import Role
from mien.permission.link import GuestState
from mien.service import sessions
from mien.service.account_drafts import UserChange
from mien.service.long_runs import Runs
from mien.service.photo_book import PhotoBook
from mien.testing import draw_photo
from service.desk import HERE, PASSWORD, Desk
from service.party import ANN, Party
from service.riches import ANN as RICH_ANN
from service.riches import Riches, ask_for_uploads, send
from service.shelves import read_back, sha256_of, shelf_grant
from service.stage import Stage, check_sound, query


class Backup:
    """The catalog as it was, put back over the one that is."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._copy = stage.folder / "backup.db"

    @contextmanager
    def taken(self) -> Iterator[Library]:
        """What is done here is in the backup."""
        with self.stage.open() as library:
            yield library
        shutil.copy(self.stage.home / "catalog.db", self._copy)

    @contextmanager
    def undone(self) -> Iterator[Library]:
        """What is done here is undone in the catalog afterwards."""
        with self.stage.open() as library:
            yield library
        for name in ("catalog.db-wal", "catalog.db-shm"):
            (self.stage.home / name).unlink(missing_ok=True)
        shutil.copy(self._copy, self.stage.home / "catalog.db")


@pytest.fixture
def backup(stage: Stage) -> Backup:
    return Backup(stage)


def test_a_user_who_was_disabled_stays_out(stage: Stage, backup: Backup) -> None:
    with backup.taken() as library:
        desk = Desk(stage, library)
        desk.make("boss", Role.ADMIN)
        desk.make("eve", Role.CURATOR)
        token = desk.sign_in("eve")
    with backup.undone() as library:
        Desk(stage, library).accounts.disable("eve", by=EVERYTHING)
    with stage.open() as library:
        desk = Desk(stage, library)
        assert not desk.enter("eve").token
        assert sessions.find_user(library.parts.deployment, token) is None
        assert desk.enter("boss").token


def test_a_role_that_was_taken_does_not_come_back(stage: Stage, backup: Backup) -> None:
    with backup.taken() as library:
        desk = Desk(stage, library)
        desk.make("boss", Role.ADMIN)
        desk.make("eve", Role.ADMIN)
    with backup.undone() as library:
        Desk(stage, library).accounts.change("eve", UserChange(role=Role.VIEWER), by=EVERYTHING)
    with stage.open() as library:
        desk = Desk(stage, library)
        assert not desk.accounts.get("eve").is_in_force
        assert not desk.enter("eve").token
        assert desk.enter("boss").token


def test_a_password_that_was_changed_does_not_come_back(stage: Stage, backup: Backup) -> None:
    with backup.taken() as library:
        desk = Desk(stage, library)
        eve = desk.make("eve", Role.ADMIN)
    with backup.undone() as library:
        desk = Desk(stage, library)
        changed = desk.as_user(eve).own.welcome(desk.link(eve), "another one that is long")
        assert changed
    with stage.open() as library:
        for password in (PASSWORD, "another one that is long"):
            assert not Desk(stage, library).enter("eve", password).token


def test_a_session_that_ended_and_a_key_that_was_revoked_stay_so(
    stage: Stage, backup: Backup
) -> None:
    with backup.taken() as library:
        desk = Desk(stage, library)
        desk.make("eve", Role.ADMIN)
        token, key = desk.sign_in("eve"), desk.key("eve")
    with backup.undone() as library:
        desk = Desk(stage, library)
        desk.accounts.sign_in.leave(token)
        desk.accounts.keys.revoke(key.key.key_id, by=EVERYTHING)
    with stage.open() as library:
        desk = Desk(stage, library)
        assert sessions.find_user(library.parts.deployment, token) is None
        assert desk.accounts.keys.find_caller(key.secret) is None
        assert desk.accounts.sign_in.enter("eve", PASSWORD, address=HERE).token


def test_a_one_time_link_that_was_used_opens_nothing(stage: Stage, backup: Backup) -> None:
    with backup.taken() as library:
        desk = Desk(stage, library)
        desk.make("boss", Role.ADMIN)
        token = desk.link(desk.invite("eve"))
    with backup.undone() as library:
        Desk(stage, library).accounts.own.welcome(token, PASSWORD)
    with stage.open() as library:
        assert Desk(stage, library).accounts.own.find_welcomed(token) is None


def test_a_link_for_guests_that_was_ended_stays_so(stage: Stage, backup: Backup) -> None:
    with backup.taken() as library:
        party = Party(stage, library).fill()
        link = party.open()
        token = party.links.token(link)
    with backup.undone() as library:
        Party(stage, library).links.revoke(link.link_id)
    with stage.open() as library:
        found = Party(stage, library).guests.find(token)
        assert found is not None
        assert [str(reason) for reason in found[1].reasons] == ["link-changed"]
        assert library.policy().facts.links == 0


Step = Callable[[Party, str], object]


def answer(party: Party, token: str) -> None:
    link = party.links.list_all()[0]
    party.decide(link)
    party.guests.show(link, token)


def deny(party: Party, _: str) -> None:
    party.decide(party.links.list_all()[0], is_approved=False)


@pytest.mark.parametrize("step", [answer, deny])
def test_a_selfie_that_served_is_not_brought_back(stage: Stage, backup: Backup, step: Step) -> None:
    with backup.taken() as library:
        party = Party(stage, library).fill()
        token = party.ask(party.open(), ANN)
    with backup.undone() as library:
        step(Party(stage, library), token)
    with stage.open() as library:
        party = Party(stage, library)
        link = party.links.list_all()[0]
        assert party.guests.get(link, token).state is GuestState.WAITING
        (waiting,) = party.links.requests(link.link_id)
        with pytest.raises(MienError):
            party.links.look(link.link_id, waiting.request_id)
        with pytest.raises(MienError):
            party.decide(link)
        party.guests.show(link, token)
        assert party.names(link, token) == []


def test_an_upload_that_was_done_is_not_done_again(stage: Stage, backup: Backup) -> None:
    photo = draw_photo(7, seed=7)
    with backup.taken() as library:
        grant = shelf_grant(stage, library)
        run_id = send(Runs(library.parts), ask_for_uploads(grant), photo)
    with backup.undone() as library:
        assert Runs(library.parts).cancel(run_id).state == "cancelled"
    with stage.open() as library:
        runs = Runs(library.parts)
        runs._settle()
        assert runs._do_next()
        assert runs.get(run_id).state == "failed"
        assert "gone" in runs.get(run_id).outcome.message
        assert read_back(library, photo) is None
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM photos") == [0]


def test_a_photo_that_was_erased_is_opened_by_nobody(stage: Stage, backup: Backup) -> None:
    with backup.taken() as library:
        riches = Riches(stage, library).fill()
    content = riches.originals["ann"]
    with backup.undone() as library:
        library.revoke(riches.shelf_grant)
    with stage.open() as library:
        book = PhotoBook(library.parts)
        with pytest.raises(MienError):
            book.get_photo(sha256_of(content))
        riches.library = library
        assert sha256_of(content) not in {
            one.face.sha256 for one in riches.search(RICH_ANN).candidates
        }


def test_the_log_says_that_something_was_put_back_and_the_home_is_sound(
    stage: Stage, backup: Backup
) -> None:
    with backup.taken() as library:
        Riches(stage, library).fill()
    stage.now += timedelta(hours=1)
    with backup.undone() as library:
        Desk(stage, library).make("eve")
    with stage.open() as library:
        actions = [entry["action"] for entry in library.audit().entries()]
        assert "log-succeeded" in actions
        assert "user-invited" not in actions
    check_sound(stage.home)
