"""A grant counts only as it was last recorded: not edited, not forged, not brought back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from unittest.mock import patch

import pytest

from mien.catalog.connect import Database
from mien.errors import ConflictError, NotFoundError
from mien.library import Library
from mien.permission.grant import Grant
from mien.permission.use import Use
from mien.permission.verdict import Reason
from mien.service.erase import GrantorTarget, GrantTarget
from mien.service.grants import Narrowing
from mien.testing import draw_photo
from mien.vault.notary import Notary
from service.stage import PURPOSE, Stage, last_day, names_of, query

OTHER = "yearbook"


class KilledError(Exception):
    """Stands for a sudden death."""


@pytest.fixture
def held(stage: Stage) -> tuple[Stage, str]:
    """A photo of Ann under a grant of two purposes and uses enough."""
    stage.draw("ann.png", 1)
    with stage.open() as library:
        grant = stage.grant(library, PURPOSE, OTHER)
        assert library.add(stage.photos, grant=grant).photos_new == 1
    return stage, grant


@contextmanager
def killed(when: str) -> Iterator[None]:
    """Dies just before the mark is left beside the keys, or just before the catalog has it too."""
    vouch, writing = Notary.vouch, Database.writing_durably

    def die_first(notary: Notary, name: str, content: bytes) -> None:
        if when == "before the mark":
            raise KilledError
        vouch(notary, name, content)

    @contextmanager
    def die_last(database: Database) -> Iterator[object]:
        with writing(database) as connection:
            yield connection
            if when == "after the mark":
                raise KilledError

    with (
        patch.object(Notary, "vouch", die_first),
        patch.object(Database, "writing_durably", die_last),
        pytest.raises(KilledError),
    ):
        yield


WHENS = ["before the mark", "after the mark"]
NARROWINGS = [
    Narrowing(purposes=[PURPOSE]),
    Narrowing(uses=[Use.STORE, Use.TEMPLATE, Use.SEARCH]),
    Narrowing(until=date(2030, 6, 1)),
    Narrowing(retention_days=20),
]


def is_found(stage: Stage, *, purpose: str = PURPOSE) -> bool:
    with stage.open() as library:
        result = library.search(draw_photo(1), purpose=purpose)
    return names_of(result) == ["ann.png"]


def refusals(stage: Stage, grant: str) -> tuple[Reason, ...]:
    with stage.open() as library:
        return library.add(stage.photos, grant=grant).verdict.reasons


def changed(stage: Stage) -> tuple[str, ...]:
    with stage.open() as library:
        return library.examine().changed_grants


def test_a_grant_is_vouched_for_from_the_start_and_after_every_change(
    held: tuple[Stage, str],
) -> None:
    stage, grant = held
    changes: list[Callable[[Library], Grant]] = [
        lambda library: library.get_grant(grant),
        lambda library: library.narrow(grant, NARROWINGS[0]),
        lambda library: library.narrow(grant, NARROWINGS[3]),
        lambda library: library.revoke(grant),
        lambda library: library.revoke(grant),
    ]
    for change in changes:
        with stage.open() as library:
            said = change(library)
            assert said.is_vouched
            assert library.get_grant(grant) == said
            assert library.grants() == [said]
        assert changed(stage) == ()


@pytest.mark.parametrize("narrowing", NARROWINGS)
@pytest.mark.parametrize("when", WHENS)
def test_a_narrowing_cut_short_never_widens_and_is_mended_by_repeating_it(
    held: tuple[Stage, str], narrowing: Narrowing, when: str
) -> None:
    stage, grant = held
    with stage.open() as library, killed(when):
        library.narrow(grant, narrowing)
    if when == "before the mark":
        assert is_found(stage, purpose=OTHER)  # nothing was done yet, and nothing was said
    else:
        assert changed(stage) == (grant,)
        assert not is_found(stage)
        assert refusals(stage, grant) == (Reason.GRANT_CHANGED,)
    with stage.open() as library:
        narrowed = library.narrow(grant, narrowing)
        assert library.get_grant(grant) == narrowed
    assert changed(stage) == ()
    assert is_found(stage)
    assert is_found(stage, purpose=OTHER) is (not narrowing.purposes)


def test_a_narrowing_cut_short_is_not_completed_as_another(held: tuple[Stage, str]) -> None:
    stage, grant = held
    with stage.open() as library, killed("after the mark"):
        library.narrow(grant, Narrowing(purposes=[PURPOSE]))
    with stage.open() as library:
        for other in (Narrowing(purposes=[OTHER]), Narrowing(), Narrowing(retention_days=1)):
            with pytest.raises(ConflictError, match="Repeat the command"):
                library.narrow(grant, other)
        library.revoke(grant)
    assert refusals(stage, grant) == (Reason.GRANT_REVOKED,)
    assert changed(stage) == ()


@pytest.mark.parametrize("when", WHENS)
def test_a_revocation_cut_short_is_mended_by_repeating_it(
    held: tuple[Stage, str], when: str
) -> None:
    stage, grant = held
    with stage.open() as library, killed(when):
        library.revoke(grant)
    assert is_found(stage) is (when == "before the mark")
    stage.now += timedelta(hours=1)
    with stage.open() as library:
        assert library.revoke(grant).revoked_at == stage.now
    assert refusals(stage, grant) == (Reason.GRANT_REVOKED,)
    assert changed(stage) == ()


@pytest.mark.parametrize("when", WHENS)
def test_a_recording_cut_short_leaves_no_grant(stage: Stage, when: str) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        with killed(when):
            stage.grant(library)
        assert library.grants() == []
        assert library.add(stage.photos, grant=stage.grant(library)).photos_new == 1
    assert changed(stage) == ()


@pytest.mark.parametrize("when", WHENS)
def test_a_collection_cut_short_is_made_by_repeating_it(stage: Stage, when: str) -> None:
    with stage.open() as library:
        with killed(when):
            library.create_collection("club", basis="household")
        assert library.collections() == []
        library.create_collection("club", basis="household")
        assert library.examine().changed_collections == ()


def test_an_erasure_cut_short_at_the_mark_fails_closed_and_is_mended_by_repeating_it(
    held: tuple[Stage, str],
) -> None:
    stage, grant = held
    with (
        stage.open() as library,
        patch("mien.service.erasing.ledger.record_erasure", side_effect=KilledError),
        pytest.raises(KilledError),
    ):
        library.erase(GrantTarget(grant))
    assert changed(stage) == (grant,)
    assert not is_found(stage)
    with stage.open() as library:
        assert library.erase(GrantTarget(grant)).erased["faces"] == 1
        assert library.get_grant(grant).is_vouched
    assert refusals(stage, grant) == (Reason.GRANT_REVOKED,)


def test_an_erasure_vouches_for_no_grant_that_it_did_not_end(held: tuple[Stage, str]) -> None:
    """An expired grant that was edited stays changed, whatever the clock says later."""
    stage, grant = held
    stage.now += timedelta(days=400)
    query(stage.home / "catalog.db", "UPDATE grants SET scope = ?", '["file:///"]')
    with stage.open() as library:
        library.enforce_retention()
        assert library.get_grant(grant).revoked_at is None
    stage.now -= timedelta(days=400)
    assert refusals(stage, grant) == (Reason.GRANT_CHANGED,)


@pytest.mark.parametrize(
    "change",
    [
        lambda library, grant: library.narrow(grant, Narrowing(purposes=[PURPOSE])),
        lambda library, grant: library.revoke(grant),
        lambda library, grant: library.erase(GrantTarget(grant)),
    ],
    ids=["narrowed", "revoked", "ended by erasure"],
)
def test_an_older_catalog_brings_no_grant_back_as_it_was(
    held: tuple[Stage, str], change: Callable[[Library, str], object]
) -> None:
    stage, grant = held
    backup = stage.folder / "catalog.db"
    shutil.copy(stage.home / "catalog.db", backup)
    with stage.open() as library:
        change(library, grant)
    for old in stage.home.glob("catalog.db*"):
        old.unlink()
    shutil.copy(backup, stage.home / "catalog.db")
    assert changed(stage) == (grant,)
    assert refusals(stage, grant) == (Reason.GRANT_CHANGED,)
    for purpose in (PURPOSE, OTHER):
        assert not is_found(stage, purpose=purpose)


def test_an_older_catalog_is_mended_by_narrowing_as_before(held: tuple[Stage, str]) -> None:
    stage, grant = held
    backup = stage.folder / "catalog.db"
    shutil.copy(stage.home / "catalog.db", backup)
    with stage.open() as library:
        library.narrow(grant, Narrowing(purposes=[PURPOSE], retention_days=9))
    for old in stage.home.glob("catalog.db*"):
        old.unlink()
    shutil.copy(backup, stage.home / "catalog.db")
    with stage.open() as library:
        with pytest.raises(ConflictError):
            library.narrow(grant, Narrowing(purposes=[PURPOSE]))
        library.narrow(grant, Narrowing(purposes=[PURPOSE], retention_days=9))
    assert is_found(stage)
    assert not is_found(stage, purpose=OTHER)


def test_older_keys_vouch_for_nothing_that_was_recorded_since(held: tuple[Stage, str]) -> None:
    stage, grant = held
    shutil.copytree(stage.home / "keys", stage.folder / "keys")
    with stage.open() as library:
        library.narrow(grant, Narrowing(purposes=[PURPOSE]))
        later = stage.grant(library, days=9)
    shutil.rmtree(stage.home / "keys")
    shutil.copytree(stage.folder / "keys", stage.home / "keys")
    assert changed(stage) == (grant, later)
    assert not is_found(stage)


def test_what_a_changed_grant_brought_in_goes_when_its_terms_say_so(
    held: tuple[Stage, str],
) -> None:
    stage, grant = held
    query(stage.home / "catalog.db", "UPDATE grants SET retention_days = 3650, kind = 'contract'")
    stage.now += timedelta(days=366)
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM photos") == [1]
    stage.now += timedelta(days=30)
    with stage.open() as library:
        library.enforce_retention()
        assert [deadline.grant.grant_id for deadline in library.deadlines()] == []
        assert library.get_grant(grant).is_vouched is False
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM photos") == [0]


def test_what_an_unreadable_grant_brought_in_stays_until_it_is_revoked_or_erased(
    held: tuple[Stage, str],
) -> None:
    stage, grant = held
    query(stage.home / "catalog.db", "UPDATE grants SET valid_until = 'never'")
    stage.now += timedelta(days=4000)
    with stage.open() as library:
        assert library.enforce_retention() is None
        assert [deadline.grant.grant_id for deadline in library.deadlines()] == [grant]
        library.revoke(grant)
        stage.now += timedelta(days=30)
        report = library.enforce_retention()
    assert report is not None
    assert report.erased["faces"] == 1


@pytest.mark.parametrize("column", ["valid_until", "scope", "revoked_at"])
def test_an_unreadable_grant_can_be_erased(held: tuple[Stage, str], column: str) -> None:
    stage, grant = held
    query(stage.home / "catalog.db", f"UPDATE grants SET {column} = 'x'")  # noqa: S608  (above)
    with stage.open() as library:
        assert library.erase(GrantTarget(grant)).erased["faces"] == 1
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM photos") == [0]


def test_the_mark_of_an_erased_grant_goes_with_it(held: tuple[Stage, str]) -> None:
    stage, grant = held
    names = "SELECT name FROM vouchers WHERE name LIKE 'grant:%'"
    keys = stage.home / "keys" / "keys.db"
    with stage.open() as library:
        other = stage.grant(library, grantor="B. Other")
        assert set(query(keys, names)) == {f"grant:{grant}", f"grant:{other}"}
        library.erase(GrantorTarget("A. Holder"))
        with pytest.raises(NotFoundError):
            library.get_grant(grant)
    assert query(keys, names) == [f"grant:{other}"]
    assert grant.encode() not in keys.read_bytes()


def test_the_mark_of_an_erased_grant_does_not_come_back_with_older_keys(
    held: tuple[Stage, str],
) -> None:
    stage, grant = held
    shutil.copytree(stage.home / "keys", stage.folder / "keys")
    with stage.open() as library:
        library.erase(GrantorTarget("A. Holder"))
    shutil.rmtree(stage.home / "keys")
    shutil.copytree(stage.folder / "keys", stage.home / "keys")
    with stage.open() as library:
        assert library.grants() == []
    names = query(stage.home / "keys" / "keys.db", "SELECT name FROM vouchers")
    assert [name for name in names if not name.startswith("collection:")] == []
    assert grant.encode() not in (stage.home / "keys" / "keys.db").read_bytes()


def test_a_grant_that_is_narrowed_while_photos_come_in_goes_on_as_far_as_it_reaches(
    stage: Stage,
) -> None:
    stage.draw_many(100)
    with stage.open() as library, stage.open() as other:
        grant = stage.grant(library)
        until = last_day(stage.now, days=9)

        def narrow(_: object) -> None:
            if other.get_grant(grant).valid_until.date() > until + timedelta(days=1):
                other.narrow(grant, Narrowing(until=until))

        report = library.add(stage.photos, grant=grant, progress=narrow)
        assert library.get_grant(grant).is_vouched
    assert report.photos_new == 100
