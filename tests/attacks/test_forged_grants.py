"""Attempts to forge, replay or widen a grant; every one must fail for ever."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Iterator

import pytest

from mien.errors import MienError, NotFoundError, SettingsError
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.use import Use
from mien.permission.verdict import Reason
from mien.service.erase import GrantorTarget
from mien.service.grants import Narrowing
from mien.testing import draw_photo
from service.stage import EMPTY, PURPOSE, Stage, counts_of, last_day, names_of, query

FORGED = "8f14e45f-ceea-467f-ab2f-00000000f0f0"


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        yield library


def fill(stage: Stage, library: Library) -> str:
    path = stage.draw("ann.png", 1)
    grant = stage.grant(library)
    assert library.add(path, grant=grant).photos_new == 1
    return grant


def sql(stage: Stage, statement: str, *values: object) -> list[object]:
    return query(stage.home / "catalog.db", statement, *values)


def copy_row(stage: Stage, **changes: str) -> None:
    """Inserts the grant that is there once more, with other values in some columns."""
    names = sql(stage, "SELECT name FROM pragma_table_info('grants') WHERE name != 'id'")
    values = ", ".join(changes.get(str(name), str(name)) for name in names)
    columns = ", ".join(map(str, names))
    sql(stage, f"INSERT INTO grants ({columns}) SELECT {values} FROM grants LIMIT 1")  # noqa: S608  (the table's)


def check_opens_nothing(stage: Stage, library: Library, grant: str) -> None:
    """Nothing enters under it, nothing is found under it alone, and doctor tells."""
    stage.draw("new.png", 77)
    before = counts_of(stage.home)
    report = library.add(stage.photos, grant=grant)
    assert report.verdict.reasons == (Reason.GRANT_CHANGED,)
    assert counts_of(stage.home) == before
    assert grant in library.examine().changed_grants


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("scope", '["file:///"]'),
        ("uses", json.dumps(sorted(Use))),
        ("purposes", '["family-album", "press"]'),
        ("bases", json.dumps(sorted(Basis))),
        ("valid_until", 2**53),
        ("valid_from", 0),
        ("retention_days", 36_500),
        ("grantor", "Somebody Else"),
        ("verified_by", "Somebody Else"),
        ("contact", "mailbox@elsewhere.example"),
        ("jurisdiction", "XX"),
        ("evidence", "[]"),
        ("assessment", "DPIA 9"),
        ("terms", "None."),
        ("kind", "contract"),
    ],
)
def test_a_row_that_was_edited_is_no_grant(
    stage: Stage, library: Library, column: str, value: object
) -> None:
    letter = stage.folder / "letter"
    letter.write_bytes(b"x")
    path = stage.draw("ann.png", 1)
    grant = stage.grant(library, evidence=[letter])
    library.add(path, grant=grant)
    sql(stage, f"UPDATE grants SET {column} = ?", value)  # noqa: S608  (columns above)
    check_opens_nothing(stage, library, grant)
    for purpose in (PURPOSE, "press"):
        assert not library.search("/nowhere", purpose=purpose).verdict.is_allowed


def test_a_revoked_grant_is_not_brought_to_life_by_editing_its_row(
    stage: Stage, library: Library
) -> None:
    grant = fill(stage, library)
    library.revoke(grant)
    sql(stage, "UPDATE grants SET revoked_at = NULL")
    check_opens_nothing(stage, library, grant)
    assert not library.search("/nowhere", purpose=PURPOSE).verdict.is_allowed


def test_a_narrowed_grant_is_not_widened_by_putting_its_row_back(
    stage: Stage, library: Library
) -> None:
    grant = fill(stage, library)
    (row,) = sql(stage, "SELECT purposes, uses, scope, valid_until FROM grants")
    library.narrow(grant, Narrowing(until=last_day(stage.now, days=5)))
    sql(stage, "UPDATE grants SET purposes = ?, uses = ?, scope = ?, valid_until = ?", *row)  # type: ignore[misc]
    check_opens_nothing(stage, library, grant)


def test_a_grant_that_was_put_back_from_an_old_catalog_is_none(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
    shutil.copy(stage.home / "catalog.db", stage.folder / "old.db")
    with stage.open() as library:
        library.revoke(grant)
    for path in stage.home.glob("catalog.db*"):
        path.unlink()
    shutil.copy(stage.folder / "old.db", stage.home / "catalog.db")
    with stage.open() as library:
        check_opens_nothing(stage, library, grant)
        assert not library.search("/nowhere", purpose=PURPOSE).verdict.is_allowed


def test_a_row_that_somebody_inserted_is_no_grant(stage: Stage, library: Library) -> None:
    fill(stage, library)
    copy_row(stage, uuid=f"'{FORGED}'")
    check_opens_nothing(stage, library, FORGED)


def test_the_row_of_an_erased_grant_put_back_is_no_grant(stage: Stage, library: Library) -> None:
    grant = fill(stage, library)
    sql(stage, "CREATE TABLE kept AS SELECT * FROM grants")
    library.erase(GrantorTarget("A. Holder"))
    sql(stage, "INSERT INTO grants SELECT * FROM kept")
    check_opens_nothing(stage, library, grant)


def test_the_mark_of_one_grant_is_none_of_another(stage: Stage, library: Library) -> None:
    """Even whoever writes beside the keys cannot make a mark, only move one."""
    fill(stage, library)
    copy_row(stage, uuid=f"'{FORGED}'")
    keys = stage.home / "keys" / "keys.db"
    query(
        keys,
        "INSERT INTO vouchers SELECT ?, mark FROM vouchers WHERE name LIKE 'grant:%'",
        f"grant:{FORGED}",
    )
    check_opens_nothing(stage, library, FORGED)


@pytest.mark.parametrize("mark", [b"", bytes(32), b"\xff" * 32, b"x"])
def test_a_mark_that_was_made_up_vouches_for_nothing(
    stage: Stage, library: Library, mark: bytes
) -> None:
    grant = fill(stage, library)
    keys = stage.home / "keys" / "keys.db"
    query(keys, "UPDATE vouchers SET mark = ? WHERE name LIKE 'grant:%'", mark)
    check_opens_nothing(stage, library, grant)


def test_grants_that_swap_their_names_are_none(stage: Stage, library: Library) -> None:
    live = fill(stage, library)
    dead = stage.grant(library, "press", scope=stage.folder)
    library.revoke(dead)
    sql(stage, "UPDATE grants SET uuid = 'x' WHERE uuid = ?", live)
    sql(stage, "UPDATE grants SET uuid = ? WHERE uuid = ?", live, dead)
    sql(stage, "UPDATE grants SET uuid = ? WHERE uuid = 'x'", dead)
    for grant in (live, dead):
        check_opens_nothing(stage, library, grant)


def test_a_grant_that_takes_the_place_of_another_is_none(stage: Stage, library: Library) -> None:
    """Photos refer to a grant by its number: a live one cannot take that of a revoked one."""
    dead = fill(stage, library)
    library.revoke(dead)
    live = stage.grant(library)
    sql(stage, "PRAGMA foreign_keys = OFF")
    sql(stage, "UPDATE grants SET id = 99 WHERE uuid = ?", dead)
    sql(stage, "UPDATE grants SET id = 1 WHERE uuid = ?", live)
    assert not library.search("/nowhere", purpose=PURPOSE).verdict.is_allowed
    check_opens_nothing(stage, library, live)


def test_no_narrowing_widens(stage: Stage, library: Library) -> None:
    grant = fill(stage, library)
    before = library.get_grant(grant)
    outside = stage.folder / "secret"
    outside.mkdir()
    (stage.photos / "way out").symlink_to(outside)
    attempts = [
        Narrowing(scope=[stage.folder]),
        Narrowing(scope=["/"]),
        Narrowing(scope=[stage.photos / ".." / "secret"]),
        Narrowing(scope=[stage.photos / "way out"]),
        Narrowing(scope=[f"{stage.photos.as_uri()}/../secret/"]),
        Narrowing(scope=[f"{stage.photos.as_uri()}/%2e%2e/secret/"]),
        Narrowing(scope=["https://www.facebook.com/"]),
        Narrowing(purposes=[PURPOSE, "press"]),
        Narrowing(purposes=["union-surveillance"]),
        Narrowing(uses=list(Use)),
        Narrowing(until=last_day(stage.now, days=9999)),
    ]
    for narrowing in attempts:
        with pytest.raises(SettingsError):
            library.narrow(grant, narrowing)
        assert library.get_grant(grant) == before
    library.narrow(grant, Narrowing(retention_days=5))
    for days in (6, 36_501, 0, -1, 10**12):
        with pytest.raises(SettingsError):
            library.narrow(grant, Narrowing(retention_days=days))


@pytest.mark.parametrize(
    "look_alike",
    [
        unicodedata.normalize("NFD", "Zoë"),
        "Zoe\u0308",
        "Zo\u0451",  # Cyrillic
        "\uff3aoë",  # wide
        "Zoë\u200b",
        "Zoë ",
        "zoë",
        "Zoë.",
    ],
)
def test_a_folder_that_looks_like_the_granted_one_is_not_covered(
    stage: Stage, library: Library, look_alike: str
) -> None:
    granted = stage.folder / unicodedata.normalize("NFC", "Zoë")
    other = stage.folder / look_alike
    for folder in (granted, other):
        folder.mkdir()
    (other / "ann.png").write_bytes(draw_photo(1))
    grant = stage.grant(library, scope=granted)
    assert dict(library.add(other, grant=grant).refused) == {Reason.OUT_OF_SCOPE: 1}
    assert counts_of(stage.home) == EMPTY


def test_a_hard_way_round_by_links_on_the_way_leads_nowhere(stage: Stage, library: Library) -> None:
    """A folder on the way to the photo is swapped for a link after the grant was recorded."""
    (stage.photos / "2030").mkdir(parents=True)
    grant = stage.grant(library)
    secret = stage.folder / "secret"
    (secret / "deeper").mkdir(parents=True)
    (secret / "deeper" / "ann.png").write_bytes(draw_photo(1))
    (stage.photos / "2030").rmdir()
    (stage.photos / "2030").symlink_to(secret / "deeper")
    (stage.photos / "loop").symlink_to(secret)
    for path in (stage.photos, stage.photos / "2030", stage.photos / "loop" / "deeper"):
        assert dict(library.add(path, grant=grant).refused) == {Reason.OUT_OF_SCOPE: 1}
    assert counts_of(stage.home) == EMPTY


@pytest.mark.parametrize("purpose", ["", " ", "\0", "family-album\n", "family-album ", "*"])
def test_no_search_goes_without_a_purpose_that_is_granted(
    stage: Stage, library: Library, purpose: str
) -> None:
    fill(stage, library)
    result = library.search(stage.photos / "ann.png", purpose=purpose)
    assert (result.verdict.is_allowed, result.probe, result.candidates) == (False, None, ())


def test_a_purpose_that_is_prohibited_answers_nothing_even_where_a_row_grants_it(
    stage: Stage, library: Library
) -> None:
    fill(stage, library)
    sql(stage, "UPDATE grants SET purposes = ?", '["union-surveillance"]')
    sql(stage, "UPDATE collections SET purposes = ?", '["union-surveillance"]')
    result = library.search("/nowhere", purpose="union-surveillance")
    assert result.verdict.reasons == (Reason.PROHIBITED_PURPOSE,)


def test_the_whole_catalog_of_another_home_grants_nothing_here(stage: Stage) -> None:
    """A grant that somebody signed for at home is not one for this deployment."""
    other = Stage(stage.folder / "other", models=stage.models)
    ann = other.draw("ann.png", 1)
    with other.open() as library:
        grant = other.grant(library)
        library.add(ann, grant=grant)
    with stage.open() as library:
        stage.draw("ben.png", 2)
        library.add(stage.photos, grant=stage.grant(library))
    for path in stage.home.glob("catalog.db*"):
        path.unlink()
    query(other.home / "catalog.db", "VACUUM INTO ?", str(stage.home / "catalog.db"))
    with stage.open() as library:
        assert library.add(ann, grant=grant).verdict.reasons == (Reason.GRANT_CHANGED,)
        assert names_of(library.search("/nowhere", purpose=PURPOSE)) == []
        with pytest.raises(NotFoundError):
            library.get_grant(FORGED)


def test_no_bytes_in_a_row_of_a_grant_make_anything_fall_over(
    stage: Stage, library: Library
) -> None:
    grant = fill(stage, library)
    values = [b"\x00\xff", "\x00", "\U0010ffff", 2**63 - 1, -(2**63), 0.1, float("inf"), "[" * 9999]
    every = sql(stage, "SELECT name FROM pragma_table_info('grants')")
    for column in set(every) - {"id", "uuid", "recorded_at"}:
        (before,) = sql(stage, f"SELECT {column} FROM grants")  # noqa: S608  (the table's)
        for value in values:
            sql(stage, f"UPDATE grants SET {column} = ?", value)  # noqa: S608  (the table's)
            assert library.grants()[0].grant_id == grant
            assert not library.search("/nowhere", purpose=PURPOSE).verdict.is_allowed
        sql(stage, f"UPDATE grants SET {column} = ?", before)  # noqa: S608  (the table's)
    with pytest.raises(MienError):  # the probe, now that permission is there again
        library.search("/nowhere", purpose=PURPOSE)
