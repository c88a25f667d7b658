"""Mien from Python: what the docstring shows, and what a library promises of itself."""

from __future__ import annotations

import functools
import inspect
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import mien
from mien import Library, library
from mien.errors import CatalogError, NotFoundError, SettingsError
from mien.permission.basis import Basis
from mien.settings import Settings
from mien.testing import FakeModels, draw_photo

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for person in range(3):
        (folder / f"{person}.png").write_bytes(draw_photo(person, seed=person))
    return folder


def open_library(folder: Path, **changes: Any) -> Library:
    return Library(folder / "home", models=FakeModels(), **changes)


def test_the_example_of_the_docstring_runs_as_it_stands(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos.parent / "me.jpg").write_bytes(draw_photo(1))
    monkeypatch.chdir(photos.parent)
    monkeypatch.setenv("MIEN_HOME", str(photos.parent / "home"))
    monkeypatch.setattr(mien, "Library", functools.partial(Library, models=FakeModels()))
    text = inspect.getdoc(library) or ""
    example = textwrap.dedent("\n".join(x for x in text.splitlines() if x.startswith("    ")))
    assert example.startswith("from datetime import date")
    exec(compile(example, "example", "exec"), {})  # noqa: S102  (our own words)
    first = capsys.readouterr().out.splitlines()[0].split()
    assert first[0] == "1"
    assert first[2] == (photos / "1.png").as_uri()


def test_importing_the_library_loads_nothing_heavy() -> None:
    heavy = ("onnxruntime", "onnx", "faiss", "torch")
    code = f"import sys, mien; mien.Library; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_library_closes_what_it_opened(tmp_path: Path, photos: Path) -> None:
    with open_library(tmp_path) as one:
        one.grant(photos, grantor="A", purposes=["try"], basis="household", until=TOMORROW)
    (tmp_path / "home").rename(tmp_path / "moved")
    with Library(tmp_path / "moved", models=FakeModels()) as again:
        assert len(again.grants()) == 1


def test_a_library_is_closed_after_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError), open_library(tmp_path) as one:
        one.get_grant("nope")
    with open_library(tmp_path) as again:
        assert again.grants() == []


def test_words_stand_in_for_values(tmp_path: Path, photos: Path) -> None:
    with open_library(tmp_path) as one:
        grant = one.grant(
            str(photos),
            grantor="A. Holder",
            purposes=["family-album"],
            basis="household",
            until=date(2090, 1, 1),
            kind="contract",
        )
        assert one.grants() == [grant]
        assert one.get_grant(grant.grant_id) == grant
    assert grant.bases == {Basis.HOUSEHOLD}
    assert grant.valid_until == datetime(2090, 1, 2, tzinfo=UTC)


def test_a_grant_may_allow_several_bases(tmp_path: Path, photos: Path) -> None:
    with open_library(tmp_path) as one:
        bases = ("household", Basis.ENROLLED_ONLY)
        grant = one.grant(photos, grantor="A", purposes=["try"], basis=bases, until=TOMORROW)
        assert one.get_grant(grant.grant_id).bases == set(bases)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"grantor": " "}, "grantor"),
        ({"purposes": []}, "purpose"),
        ({"purposes": ["Not A Slug"]}, "Not A Slug"),
        ({"basis": "whim"}, "whim"),
        ({"kind": "hearsay"}, "hearsay"),
    ],
)
def test_an_incomplete_grant_is_refused(
    tmp_path: Path, photos: Path, changes: dict[str, Any], told: str
) -> None:
    terms: dict[str, Any] = {"grantor": "A", "purposes": ["try"], "basis": "household"}
    with open_library(tmp_path) as one:
        with pytest.raises(SettingsError, match=told):
            one.grant(photos, **(terms | {"until": TOMORROW} | changes))
        assert one.grants() == []


def test_a_grant_needs_a_scope_that_exists(tmp_path: Path) -> None:
    with open_library(tmp_path) as one:
        for scope in ((), (tmp_path / "nowhere",)):
            with pytest.raises(SettingsError, match="scope"):
                one.grant(*scope, grantor="A", purposes=["try"], basis="household", until=TOMORROW)


def test_an_unknown_basis_of_a_collection_is_refused(tmp_path: Path) -> None:
    with open_library(tmp_path) as one:
        with pytest.raises(SettingsError, match="whim"):
            one.create_collection("x", basis="whim")
        assert one.collections() == []


def test_the_clock_is_the_one_handed_in(tmp_path: Path, photos: Path) -> None:
    now = [datetime(2030, 1, 1, tzinfo=UTC)]
    with open_library(tmp_path, clock=lambda: now[0]) as one:
        until = date(2030, 1, 31)
        grant = one.grant(photos, grantor="A", purposes=["try"], basis="household", until=until)
        assert one.add(photos, grant=grant.grant_id).photos_new == 3
        now[0] = datetime(2030, 2, 1, tzinfo=UTC) - timedelta(microseconds=1)
        assert one.search(draw_photo(1), purpose="try").candidates != ()
        now[0] = datetime(2030, 2, 1, tzinfo=UTC)
        assert not one.search(draw_photo(1), purpose="try").verdict.is_allowed


def test_the_settings_handed_in_win_over_the_environment(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_MAX_FILE_BYTES", "1")
    settings = Settings(home=tmp_path / "home", workers=1)
    with Library(settings=settings, models=FakeModels()) as one:
        grant = one.grant(photos, grantor="A", purposes=["try"], basis="household", until=TOMORROW)
        assert one.add(photos, grant=grant.grant_id).photos_new == 3
    with open_library(tmp_path) as one:
        (photos / "new.png").write_bytes(draw_photo(7))
        (failed,) = one.add(photos, grant=grant.grant_id).failed
        assert failed.reason == "too-many-bytes"


def test_a_root_key_from_the_environment_opens_the_same_home_only(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_ROOT_KEY", "ab" * 32)
    with open_library(tmp_path) as one:
        grant = one.grant(photos, grantor="A", purposes=["try"], basis="household", until=TOMORROW)
        one.add(photos, grant=grant.grant_id)
    assert not (tmp_path / "home" / "keys" / "root.key").exists()
    monkeypatch.setenv("MIEN_ROOT_KEY", "cd" * 32)
    with pytest.raises(mien.errors.VaultError):
        open_library(tmp_path)
    monkeypatch.delenv("MIEN_ROOT_KEY")
    with pytest.raises(mien.errors.RootKeyError):
        open_library(tmp_path)


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(CatalogError, match="home cannot be made"):
        open_library(tmp_path)


def test_threads_may_share_a_library(tmp_path: Path, photos: Path) -> None:
    failures: list[str] = []
    with open_library(tmp_path) as one:
        grant = one.grant(photos, grantor="A", purposes=["try"], basis="household", until=TOMORROW)
        one.add(photos, grant=grant.grant_id)

        def search(person: int) -> None:
            for _ in range(10):
                best = one.search(draw_photo(person), purpose="try").candidates[0]
                if not best.face.locations[0].uri.endswith(f"/{person}.png"):
                    failures.append(best.face.locations[0].uri)

        threads = [threading.Thread(target=search, args=(person % 3,)) for person in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


def test_no_public_method_hands_out_a_template() -> None:
    public = [name for name in vars(Library) if not name.startswith("_")]
    assert public
    for name in public:
        annotations = str(getattr(getattr(Library, name), "__annotations__", {}).get("return", ""))
        assert not any(word in annotations for word in ("Vector", "NDArray", "Embedded"))
