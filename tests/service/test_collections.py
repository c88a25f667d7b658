"""What a collection is for is made once, checked on every search, and bounds what is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from mien.errors import ConflictError, SettingsError
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.charter import Charter
from mien.permission.verdict import Reason
from mien.service.collections import CollectionDraft
from mien.testing import draw_photo
from service.stage import DOCUMENTED, PURPOSE, Stage, check_sound, counts_of, names_of, query
from service.traces import find_traces, traces_of_photo

PAPERS: dict[str, Any] = {
    "basis": "documented_basis",
    "purposes": [PURPOSE],
    "assessment": "DPIA 7",
    "retention_days": 10,
}
MISSING = "/nowhere/at/all.png"


def made_entry(library: Library) -> dict[str, Any]:
    (entry,) = [e for e in library.audit().entries() if e["action"] == "collection-made"]
    facts: dict[str, Any] = library.audit().entry(int(str(entry["seq"]))).entry["facts"]  # type: ignore[assignment]
    return facts


def test_a_collection_keeps_what_it_was_made_for(stage: Stage) -> None:
    with stage.open() as library:
        made = library.create_collection("club", **PAPERS)
        assert library.collections() == [made]
        facts = made_entry(library)
    assert made.charter == Charter(
        basis=Basis.DOCUMENTED_BASIS,
        purposes=frozenset({PURPOSE}),
        assessment="DPIA 7",
        retention=timedelta(days=10),
        confirmations=2,
        is_vouched=True,
    )
    assert (facts["basis"], facts["purposes"]) == ("documented_basis", [PURPOSE])
    assert (facts["retention_days"], facts["confirmations"]) == (10, 2)


@pytest.mark.parametrize("lacking", ["purposes", "assessment", "retention_days"])
def test_a_documented_basis_names_what_it_rests_on(stage: Stage, lacking: str) -> None:
    papers = {name: value for name, value in PAPERS.items() if name != lacking}
    with stage.open() as library:
        with pytest.raises(SettingsError, match="Name all three"):
            library.create_collection("club", **papers)
        assert library.collections() == []
        assert library.audit().entries() == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"purposes": ["Sports Club"]}, "no purpose"),
        ({"purposes": ["union-surveillance"]}, "no purpose that anything is done for"),
        ({"retention_days": 0}, "from 1 to 36500"),
        ({"retention_days": 10**9}, "from 1 to 36500"),
        ({"assessment": "\udcff"}, "is no text"),
    ],
)
def test_what_cannot_be_a_collection_is_not_made(
    stage: Stage, changes: dict[str, Any], told: str
) -> None:
    with stage.open() as library:
        with pytest.raises(SettingsError, match=told):
            library.create_collection("club", **PAPERS | changes)
        with pytest.raises(SettingsError, match="needs a name"):
            library.create_collection(" ", **PAPERS)
        with pytest.raises(SettingsError, match="is no text"):
            library.create_collection("\udcff", **PAPERS)
        assert library.collections() == []


@pytest.mark.parametrize(
    ("basis", "alone", "people"),
    [
        ("household", False, 1),
        ("household", True, 1),
        ("enrolled_only", False, 2),
        ("enrolled_only", True, 1),
    ],
)
def test_how_many_confirm_a_match_is_a_setting(
    stage: Stage, basis: str, people: int, *, alone: bool
) -> None:
    with stage.open() as library:
        made = library.create_collection("club", basis=basis, one_person_confirms=alone)
        assert made.charter.confirmations == people
        assert made_entry(library)["confirmations"] == people
        assert library.collections() == [made]


def test_no_other_number_of_people_can_confirm(stage: Stage) -> None:
    from mien.service.collections import create_collection

    with stage.open() as library:
        for people in (-1, 3, 100):
            draft = CollectionDraft(name="x", basis=Basis.HOUSEHOLD, confirmations=people)
            with pytest.raises(SettingsError, match="one person or by two"):
                create_collection(library._deployment, draft)


def test_a_name_is_given_once_and_the_first_stays(stage: Stage) -> None:
    with stage.open() as library:
        made = library.create_collection("club", **PAPERS)
        with pytest.raises(ConflictError):
            library.create_collection("club", basis="household")
        assert library.collections() == [made]
        assert library.examine().changed_collections == ()


def test_the_purposes_of_a_collection_are_checked_beside_those_of_its_grants(
    stage: Stage,
) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        library.create_collection("club", basis="household", purposes=["sports-club", "yearbook"])
        grant = stage.grant(library, "sports-club", "press")
        library.add(stage.photos, grant=grant, collection="club")

        def ask(purpose: str) -> tuple[Reason, ...]:
            return library.search(MISSING, purpose=purpose, collection="club").verdict.reasons

        assert ask("press") == (Reason.PURPOSE_NOT_OF_COLLECTION,)
        assert ask("yearbook") == (Reason.PURPOSE_NOT_GRANTED,)
        assert ask("union-busting") == (Reason.PROHIBITED_PURPOSE,)
        found = library.search(draw_photo(1), purpose="sports-club", collection="club")
        assert names_of(found) == ["ann.png"]


def test_a_collection_made_by_a_documented_grant_serves_its_purposes_alone(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library, "press", **DOCUMENTED))
        later = stage.grant(library, "yearbook", **DOCUMENTED)
        library.add(stage.photos, grant=later)
        verdict = library.search(MISSING, purpose="yearbook").verdict
        assert verdict.reasons == (Reason.PURPOSE_NOT_OF_COLLECTION,)
        assert names_of(library.search(draw_photo(1), purpose="press")) == ["ann.png"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("basis", "household"),
        ("purposes", '["press"]'),
        ("purposes", "[]"),
        ("assessment", "DPIA 8"),
        ("retention_days", 9999),
        ("retention_days", None),
        ("confirmations", 1),
        ("model_digest", "00" * 32),
        ("basis", "because"),
        ("purposes", "{"),
        ("created_at", "long ago"),
        ("dimension", "many"),
    ],
)
def test_a_collection_that_was_edited_answers_and_takes_nothing(
    stage: Stage, column: str, value: object
) -> None:
    path = stage.draw("ann.png", 1)
    with stage.open() as library:
        library.create_collection("club", **PAPERS)
        grant = stage.grant(library, **DOCUMENTED)
        library.add(path, grant=grant, collection="club")
        library.add(path, grant=grant, collection="other")
    change = f"UPDATE collections SET {column} = ? WHERE name = 'club'"  # noqa: S608  (above)
    query(stage.home / "catalog.db", change, value)
    with stage.open() as library:
        verdict = library.search(MISSING, purpose=PURPOSE, collection="club").verdict
        assert verdict.reasons == (Reason.COLLECTION_CHANGED,)
        ben = stage.draw("ben.png", 2)
        report = library.add(ben, grant=grant, collection="club")
        assert report.photos_new == 0
        assert Reason.COLLECTION_CHANGED in report.refused
        assert library.examine().changed_collections == ("club",)
        assert names_of(library.search(draw_photo(1), purpose=PURPOSE, collection="other")) == [
            "ann.png"
        ]


def test_a_collection_that_somebody_inserted_answers_nothing(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    catalog = stage.home / "catalog.db"
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
        columns = ", ".join(
            name
            for name in query(catalog, "SELECT name FROM pragma_table_info('collections')")
            if name not in {"id", "uuid", "name", "basis"}
        )
        query(
            catalog,
            f"INSERT INTO collections (uuid, name, basis, {columns})"  # noqa: S608  (the table's)
            f" SELECT 'forged', 'forged', 'household', {columns} FROM collections",
        )
        report = library.add(stage.photos, grant=grant, collection="forged")
        assert dict(report.refused) == {Reason.COLLECTION_CHANGED: 1}
        verdict = library.search(MISSING, purpose=PURPOSE, collection="forged").verdict
        assert verdict.reasons == (Reason.COLLECTION_CHANGED,)


def fill(stage: Stage, library: Library, *collections: str) -> tuple[str, Path]:
    """Ann's photo under a grant of 90 days, in collections of 10 days and others of any."""
    path = stage.draw("ann.png", 1)
    grant = stage.grant(library, **DOCUMENTED | {"bases": list(Basis)})
    for name in collections:
        if name.startswith("short"):
            library.create_collection(name, **PAPERS)
        else:
            library.create_collection(name, basis="household")
        assert library.add(path, grant=grant, collection=name).photos_new == 1
    return grant, path


def is_found(library: Library, collection: str) -> bool:
    found = library.search(draw_photo(1), purpose=PURPOSE, collection=collection)
    return names_of(found) == ["ann.png"]


def test_the_retention_of_a_collection_bounds_what_is_kept_in_it(stage: Stage) -> None:
    with stage.open() as library:
        _, path = fill(stage, library, "short")
        traces = traces_of_photo(stage, library, path)
        stage.now += timedelta(days=10) - timedelta(microseconds=1)
        assert is_found(library, "short")
        stage.now += timedelta(microseconds=1)
        assert not is_found(library, "short")
    assert find_traces(stage.home, traces) == []
    counts = counts_of(stage.home)
    assert (counts["photos"], counts["locations"], counts["blobs"]) == (0, 0, 0)
    check_sound(stage.home)


def test_before_it_is_erased_nothing_of_it_answers(stage: Stage) -> None:
    """Even where nobody erased yet: the search itself knows how long the collection keeps."""
    with stage.open() as library:
        fill(stage, library, "short")
        stage.now += timedelta(days=10)
        with patch("mien.service.retention.withdraw_overdue", return_value=False):
            assert not is_found(library, "short")
        assert counts_of(stage.home)["faces"] == 1


def test_in_another_collection_the_photo_stays(stage: Stage) -> None:
    with stage.open() as library:
        grant, path = fill(stage, library, "short", "long")
        (gone,) = query(
            stage.home / "catalog.db",
            "SELECT f.uuid FROM faces f JOIN collections c ON c.id = f.collection_id"
            " WHERE c.name = 'short'",
        )
        stage.now += timedelta(days=10)
        assert is_found(library, "long")
        assert not is_found(library, "short")
        (candidate,) = library.search(path, purpose=PURPOSE, collection="long").candidates
        assert library.read_crop(candidate)
        assert library.read_thumbnail(candidate)
        library.enforce_retention()  # what a search leaves for after its answer
        assert find_traces(stage.home, {"face": gone.encode()}) == []
        again = library.add(path, grant=grant, collection="short")
        assert dict(again.refused) == {Reason.RETENTION_ENDED: 1}
        assert library.add(path, grant=grant, collection="long").photos_known == 1
    check_sound(stage.home)


def test_each_photo_is_kept_for_as_long_as_the_collection_says(stage: Stage) -> None:
    with stage.open() as library:
        grant, _ = fill(stage, library, "short")
        stage.now += timedelta(days=6)
        ben = stage.draw("ben.png", 2)
        library.add(ben, grant=grant, collection="short")
        stage.now += timedelta(days=6)
        report = library.enforce_retention()
        assert report is not None
        assert (report.erased["faces"], report.erased["photos"]) == (1, 1)
        assert library.enforce_retention() is None
        found = library.search(draw_photo(2), purpose=PURPOSE, collection="short")
        assert names_of(found) == ["ben.png"]


def test_what_goes_from_which_collection_is_told_beforehand(stage: Stage) -> None:
    with stage.open() as library:
        assert library.collection_deadlines() == []
        fill(stage, library, "short", "long")
        library.create_collection("short and empty", **PAPERS)
        stage.now += timedelta(days=3)
        library.create_collection("short too", **PAPERS | {"retention_days": 5})
        grant = stage.grant(library, **DOCUMENTED)
        library.add(stage.photos, grant=grant, collection="short too")
        deadlines = [(one.name, one.erase_at) for one in library.collection_deadlines()]
    assert deadlines == [
        ("short too", stage.now + timedelta(days=5)),
        ("short", stage.now + timedelta(days=7)),
    ]


def test_the_shorter_retention_of_collection_and_grant_counts(stage: Stage) -> None:
    path = stage.draw("ann.png", 1)
    with stage.open() as library:
        library.create_collection("club", **PAPERS | {"retention_days": 50})
        grant = stage.grant(library, **DOCUMENTED | {"retention_days": 20})
        library.add(path, grant=grant, collection="club")
        stage.now += timedelta(days=19)
        assert is_found(library, "club")
        stage.now += timedelta(days=1)
        assert not is_found(library, "club")


@pytest.mark.parametrize("parts", [("catalog.db",), ("catalog.db", "blobs"), ("keys",)])
def test_an_old_backup_brings_nothing_of_it_back(stage: Stage, parts: tuple[str, ...]) -> None:
    with stage.open() as library:
        _, path = fill(stage, library, "short", "long")
        (gone,) = query(
            stage.home / "catalog.db",
            "SELECT f.uuid FROM faces f JOIN collections c ON c.id = f.collection_id"
            " WHERE c.name = 'short'",
        )
    backup = stage.folder / "backup"
    shutil.copytree(stage.home, backup)
    stage.now += timedelta(days=10)
    with stage.open() as library:
        assert library.enforce_retention() is not None
    restore(stage, backup, parts=parts)
    stage.now -= timedelta(days=5)  # so that time alone does not do it again
    with stage.open() as library:
        assert not is_found(library, "short")
        assert is_found(library, "long")
        (candidate,) = library.search(path, purpose=PURPOSE, collection="long").candidates
        assert library.read_crop(candidate)
    assert find_traces(stage.home, {"face": gone.encode()}) == []
    check_sound(stage.home)


def restore(stage: Stage, backup: Path, *, parts: tuple[str, ...]) -> None:
    copy: dict[bool, Callable[..., object]] = {True: shutil.copytree, False: shutil.copy}
    for name in parts:
        for old in stage.home.glob(f"{name}*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        source = backup / name
        copy[source.is_dir()](source, stage.home / name)
