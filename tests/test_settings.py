"""Settings: each has a variable, a default and a sentence, and a bad value is told plainly."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import platformdirs
import pytest

from mien.errors import SettingsError
from mien.settings import PUBLIC_PAGES, Settings, load_settings

FIELDS = {entry.name: entry for entry in dataclasses.fields(Settings)}
VARIABLES = {name: entry.metadata["variable"] for name, entry in FIELDS.items()}


def test_without_variables_every_setting_has_its_default() -> None:
    settings = load_settings({})
    assert settings == Settings()
    assert settings.home == platformdirs.user_data_path("mien", appauthor=False)
    assert settings.cache == platformdirs.user_cache_path("mien", appauthor=False)
    assert settings.root_key == settings.pack == ""
    assert settings.workers == os.cpu_count()
    assert settings.max_file_bytes == 268_435_456
    assert settings.max_pixels == 200_000_000
    assert settings.grace_days == 30
    assert (settings.controller, settings.contact) == ("", "")
    assert settings.case_days == 3 * 365
    assert settings.review_share == 5


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("MIEN_HOME", "/srv/mien", "home", Path("/srv/mien")),
        ("MIEN_CACHE", "/srv/cache", "cache", Path("/srv/cache")),
        ("MIEN_ROOT_KEY", "ab" * 32, "root_key", "ab" * 32),
        ("MIEN_PACK", "sface", "pack", "sface"),
        ("MIEN_WORKERS", "3", "workers", 3),
        ("MIEN_MAX_FILE_BYTES", "1000", "max_file_bytes", 1000),
        ("MIEN_MAX_PIXELS", " 1000 ", "max_pixels", 1000),
        ("MIEN_GRACE_DAYS", "0", "grace_days", 0),
        ("MIEN_CONTROLLER", "SV Nord e.V.", "controller", "SV Nord e.V."),
        ("MIEN_CONTACT", "photos@sv-nord.example", "contact", "photos@sv-nord.example"),
        ("MIEN_CASE_DAYS", "30", "case_days", 30),
        ("MIEN_PUBLIC", "policy, find", "public", "policy, find"),
        ("MIEN_REVIEW_SHARE", "100", "review_share", 100),
        ("MIEN_METRICS_TOKEN", "a long word", "metrics_token", "a long word"),
        ("MIEN_REGION", "eu-central-1", "region", "eu-central-1"),
        ("MIEN_OBJECT_STORES", "/srv/stores.toml", "object_stores", "/srv/stores.toml"),
        ("MIEN_SERVED_FOLDERS", "/srv/a:/srv/b", "served_folders", "/srv/a:/srv/b"),
        ("MIEN_MAX_BODY_BYTES", "1000", "max_body_bytes", 1000),
        ("MIEN_MAX_PHOTOS_BYTES", "1000", "max_photos_bytes", 1000),
        ("MIEN_MAX_UPLOAD_BYTES", "1000", "max_upload_bytes", 1000),
        ("MIEN_MAX_UPLOAD_FILES", "10", "max_upload_files", 10),
    ],
)
def test_each_variable_sets_its_setting_and_no_other(
    variable: str, text: str, *, name: str, value: object
) -> None:
    settings = dataclasses.asdict(load_settings({variable: text}))
    assert settings == dataclasses.asdict(Settings()) | {name: value}


def test_every_setting_is_tried_here() -> None:
    assert set(VARIABLES.values()) == {
        "MIEN_HOME",
        "MIEN_CACHE",
        "MIEN_ROOT_KEY",
        "MIEN_PACK",
        "MIEN_WORKERS",
        "MIEN_MAX_FILE_BYTES",
        "MIEN_MAX_PIXELS",
        "MIEN_GRACE_DAYS",
        "MIEN_CONTROLLER",
        "MIEN_CONTACT",
        "MIEN_CASE_DAYS",
        "MIEN_PUBLIC",
        "MIEN_METRICS_TOKEN",
        "MIEN_REGION",
        "MIEN_OBJECT_STORES",
        "MIEN_REVIEW_SHARE",
        "MIEN_SERVED_FOLDERS",
        "MIEN_MAX_BODY_BYTES",
        "MIEN_MAX_PHOTOS_BYTES",
        "MIEN_MAX_UPLOAD_BYTES",
        "MIEN_MAX_UPLOAD_FILES",
    }


@pytest.mark.parametrize("name", FIELDS)
def test_a_setting_is_named_after_its_variable_and_has_a_sentence(name: str) -> None:
    assert VARIABLES[name] == f"MIEN_{name.upper()}"
    assert re.fullmatch(r"[A-Z].+\.", FIELDS[name].metadata["sentence"])


@pytest.mark.parametrize("variable", ["MIEN_WORKERS", "MIEN_MAX_FILE_BYTES", "MIEN_MAX_PIXELS"])
@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "1e6", "0x10", "1 000", "²", "nan"])
def test_numbers_that_are_none_are_refused_by_name_and_value(variable: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable} must be a whole number above zero") as no:
        load_settings({variable: text})
    assert repr(text) in str(no.value)


@pytest.mark.parametrize("text", ["-1", "two", "1.5"])
def test_days_of_grace_are_a_number_or_none_at_all(text: str) -> None:
    with pytest.raises(SettingsError, match="MIEN_GRACE_DAYS must be a whole number not below"):
        load_settings({"MIEN_GRACE_DAYS": text})


@pytest.mark.parametrize("text", ["-1", "101", "5%", "0.5"])
def test_a_share_of_searches_is_a_percentage(text: str) -> None:
    with pytest.raises(SettingsError, match=r"MIEN_REVIEW_SHARE must be .* and 100 at most"):
        load_settings({"MIEN_REVIEW_SHARE": text})


@pytest.mark.parametrize("variable", VARIABLES.values())
def test_an_empty_variable_is_no_variable(variable: str) -> None:
    assert load_settings({variable: ""}) == Settings()


def test_other_variables_say_nothing() -> None:
    assert load_settings({"MIEN_ALLOW_ALL": "1", "HOME": "/x", "mien_home": "/y"}) == Settings()


def test_a_home_given_by_hand_wins() -> None:
    assert load_settings({"MIEN_HOME": "/a"}, home=Path("/b")).home == Path("/b")


@pytest.mark.parametrize("variable", ["MIEN_HOME", "MIEN_CACHE"])
def test_a_tilde_is_the_users_folder(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/users/ada")
    settings = load_settings({variable: "~/mien"})
    assert Path("/users/ada/mien") in {settings.home, settings.cache}


def test_the_folder_of_nobody_is_refused() -> None:
    with pytest.raises(SettingsError, match="MIEN_HOME names the home of nobody here"):
        load_settings({"MIEN_HOME": "~nobody-of-this-name/mien"})


def test_the_root_key_is_not_shown_with_the_settings() -> None:
    settings = load_settings({"MIEN_ROOT_KEY": "ab" * 32})
    assert "abab" not in repr(settings)
    assert "abab" not in str(settings)


def test_no_setting_concerns_permission() -> None:
    """What may be done comes from grants; there is no switch for it."""
    told = " ".join(f"{name} {entry.metadata['sentence']}" for name, entry in FIELDS.items())
    assert not re.search(r"permi|grant|purpose|consent|allow|scope|force|skip", told, re.IGNORECASE)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load_settings({}).workers = 9  # type: ignore[misc]


def test_served_folders_are_named_by_colon() -> None:
    assert load_settings({}).find_served_folders() == []
    settings = load_settings({"MIEN_SERVED_FOLDERS": "/srv/a::~/b"})
    assert settings.find_served_folders() == [Path("/srv/a"), Path("~/b").expanduser()]


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("policy", {"policy"}),
        ("policy,requests,find", {"policy", "requests", "find"}),
        (" find ,, policy ", {"find", "policy"}),
        (",", set()),
    ],
)
def test_pages_are_opened_to_all_by_name(text: str, public: set[str]) -> None:
    settings = load_settings({"MIEN_PUBLIC": text})
    assert {page for page in PUBLIC_PAGES if settings.is_public(page)} == public
    assert not settings.is_public("")
    assert not settings.is_public("users")


@pytest.mark.parametrize("text", ["photos", "policy photos", "policy;find", "*", "all", "Policy"])
def test_a_page_that_there_is_not_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError, match="MIEN_PUBLIC names pages, of policy, requests, find"):
        load_settings({"MIEN_PUBLIC": text})


def test_nothing_is_open_to_all_unless_it_is_said() -> None:
    assert not [page for page in PUBLIC_PAGES if Settings().is_public(page)]


NUMBERS = {name: entry for name, entry in FIELDS.items() if entry.type == "int"}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_taken_up_to_its_bounds_and_not_beyond(name: str) -> None:
    told = NUMBERS[name].metadata
    least, most = told["at_least"], told["at_most"]
    for number in (least, least + 1, most):
        assert getattr(load_settings({told["variable"]: str(number)}), name) == number
    for number in (least - 1, most + 1, -(10**30), 10**30):
        with pytest.raises(SettingsError, match=told["variable"]):
            load_settings({told["variable"]: str(number)})


@pytest.mark.parametrize("name", NUMBERS)
def test_the_default_of_a_number_is_one_that_could_be_set(name: str) -> None:
    told, number = NUMBERS[name].metadata, getattr(Settings(), name)
    assert told["at_least"] <= number <= told["at_most"]
    assert getattr(load_settings({told["variable"]: str(number)}), name) == number


def test_a_secret_of_the_settings_is_in_no_description_of_them() -> None:
    variables = {"MIEN_ROOT_KEY": "ab" * 32, "MIEN_METRICS_TOKEN": "a-long-word"}
    shown = repr(load_settings(variables))
    assert "abab" not in shown
    assert "a-long-word" not in shown


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ("", []),
        (":", []),
        ("/srv/a", ["/srv/a"]),
        ("/srv/a:/srv/b/", ["/srv/a", "/srv/b"]),
        ("/srv/with space:/srv/ü", ["/srv/with space", "/srv/ü"]),
    ],
)
def test_folders_that_are_served_are_taken_as_they_are(text: str, folders: list[str]) -> None:
    settings = Settings(served_folders=text)
    assert settings.find_served_folders() == [Path(folder) for folder in folders]


def test_a_served_folder_of_nobody_is_refused_by_the_name_of_its_variable() -> None:
    with pytest.raises(SettingsError, match="MIEN_SERVED_FOLDERS names the home of nobody here"):
        Settings(served_folders="~nobody-of-this-name/a").find_served_folders()


def test_the_file_of_object_stores_is_found_where_one_is_named() -> None:
    assert Settings().find_store_file() is None
    settings = load_settings({"MIEN_OBJECT_STORES": "~/stores.toml"})
    assert settings.find_store_file() == Path("~/stores.toml").expanduser()
    with pytest.raises(SettingsError, match="MIEN_OBJECT_STORES names the home of nobody here"):
        Settings(object_stores="~nobody-of-this-name/a").find_store_file()
