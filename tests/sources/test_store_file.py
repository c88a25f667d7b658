"""The operator's file of object stores: what it may say, and how what is wrong with it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import SettingsError
from mien.sources.store_file import Store, read_stores

SECRET = "a secret word"  # noqa: S105  (of no store)
KEYS = f'access_key_id = "AK"\nsecret_access_key = "{SECRET}"\n'


def write(folder: Path, text: str, *, mode: int = 0o600) -> Path:
    path = folder / "stores.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def store(text: str) -> str:
    return f"[[store]]\n{text}"


def test_each_store_is_read_as_it_is_written(tmp_path: Path) -> None:
    text = store(f'buckets = ["photos", "old.photos"]\nregion = "eu-central-1"\n{KEYS}') + store(
        'buckets = ["public"]\nendpoint = "https://minio.example.org:9000/"\nprefix = "shown/"\n'
    )
    assert read_stores(write(tmp_path, text), {}) == (
        Store(
            buckets=("photos", "old.photos"),
            region="eu-central-1",
            access_key_id="AK",
            secret_access_key=SECRET,
        ),
        Store(buckets=("public",), endpoint="https://minio.example.org:9000", prefix="shown/"),
    )


def test_an_empty_file_has_no_stores(tmp_path: Path) -> None:
    assert read_stores(write(tmp_path, ""), {"AWS_ACCESS_KEY_ID": "AK"}) == ()


def test_keys_may_stand_in_variables_that_the_file_names(tmp_path: Path) -> None:
    named = 'access_key_id_from = "MY_ID"\nsecret_access_key_from = "MY_SECRET"\n'
    path = write(tmp_path, store(f'buckets = ["photos"]\n{named}'))
    (found,) = read_stores(path, {"MY_ID": "AK", "MY_SECRET": "a secret word"})
    assert (found.access_key_id, found.secret_access_key) == ("AK", "a secret word")
    with pytest.raises(SettingsError, match="the variable MY_SECRET, which is not set"):
        read_stores(path, {"MY_ID": "AK"})


def test_no_key_of_the_environment_counts_unless_the_file_names_it(tmp_path: Path) -> None:
    variables = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "a secret word"}
    (found,) = read_stores(write(tmp_path, store('buckets = ["photos"]')), variables)
    assert (found.access_key_id, found.secret_access_key) == ("", "")


def test_a_store_does_not_show_its_keys(tmp_path: Path) -> None:
    (found,) = read_stores(write(tmp_path, store(f'buckets = ["photos"]\n{KEYS}')), {})
    assert "secret word" not in repr(found)
    assert "AK" not in repr(found)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o660])
def test_a_file_that_is_open_to_others_is_refused_with_what_to_run(
    tmp_path: Path, mode: int
) -> None:
    path = write(tmp_path, store('buckets = ["photos"]'), mode=mode)
    with pytest.raises(SettingsError, match=f"is open to others. Run: chmod 600 {path}"):
        read_stores(path, {})


def test_a_file_that_is_not_there_is_told_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="which MIEN_OBJECT_STORES names, cannot be read"):
        read_stores(tmp_path / "stores.toml", {})


@pytest.mark.parametrize(
    ("endpoint", "is_taken"),
    [
        ("https://minio.example.org", True),
        ("https://minio.example.org/storage", True),
        ("http://127.0.0.1:9000", True),
        ("http://[::1]:9000", True),
        ("http://10.0.0.7", True),
        ("http://minio:9000", True),
        ("http://nas.local", True),
        ("http://store.internal", True),
        ("http://minio.example.org", False),
        ("http://8.8.8.8", False),
        ("http://local.example.org", False),
        ("minio.example.org", False),
        ("ftp://minio.example.org", False),
        ("file:///srv", False),
        ("https://", False),
        ("https://minio.example.org?a=b", False),
        ("https://minio.example.org#a", False),
        ("https://a:b@minio.example.org", False),
        ("https://minio.example.org:port", False),
        ("http://[::1", False),
    ],
)
def test_an_endpoint_is_https_or_within_a_private_network(
    tmp_path: Path, endpoint: str, *, is_taken: bool
) -> None:
    path = write(tmp_path, store(f'buckets = ["photos"]\nendpoint = "{endpoint}"'))
    if is_taken:
        assert read_stores(path, {})[0].endpoint == endpoint
        return
    with pytest.raises(SettingsError, match=r"stores\.toml, store 1: "):
        read_stores(path, {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("buckets =\n", "is no TOML document .at line 1."),
        (f'{KEYS}secret = "a secret word', "is no TOML document"),
        ("[store]", "write each store as an entry of its own"),
        ("store = [1]", "write each store as an entry of its own"),
        ("[[stores]]", "It may only hold"),
        (store(""), "store 1: name the buckets"),
        (store("buckets = []"), "store 1: name the buckets"),
        (store('buckets = "photos"'), "store 1: name the buckets"),
        (store('buckets = ["*"]'), "'[*]' is no name of a bucket"),
        (store('buckets = ["a/b"]'), "'a/b' is no name of a bucket"),
        (store('buckets = ["zone--x-s3"]'), "is no name of a bucket"),
        (store("buckets = [7]"), "7 is no name of a bucket"),
        (store('buckets = ["abc"]\nkey = "a secret word"'), "there is no 'key'; known are"),
        (store('buckets = ["abc"]\nregion = 1'), "region must be text in quotes"),
        (store('buckets = ["abc"]\nregion = "a.b"'), "region 'a.b' is none"),
        (store('buckets = ["abc"]\naccess_key_id = "AK"'), "go together"),
        (store('buckets = ["abc"]\nsecret_access_key = "a secret word"'), "go together"),
        (
            store(f'buckets = ["abc"]\n{KEYS}secret_access_key_from = "X"'),
            "secret_access_key or secret_access_key_from, and not both",
        ),
        (store('buckets = ["abc", "abc"]'), "stores 1 and 1 both have the bucket 'abc'"),
        (2 * store('buckets = ["abc"]\n'), "stores 1 and 2 both have the bucket 'abc'"),
    ],
)
def test_what_is_wrong_is_told_by_file_and_entry_and_shows_no_key(
    tmp_path: Path, text: str, told: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SettingsError, match=told) as wrong:
        read_stores(path, {})
    assert str(path) in str(wrong.value)
    assert "secret word" not in str(wrong.value)


def test_bytes_that_are_no_text_are_no_document(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_bytes(b'[[store]]\nbuckets = ["\xff"]')
    with pytest.raises(SettingsError, match="is no TOML document"):
        read_stores(path, {})
