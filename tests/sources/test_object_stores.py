"""Reading objects from a real S3-compatible server, and from servers that mean no good."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar
from unittest.mock import patch

import pytest

from mien.errors import NotFoundError, PhotoError, SettingsError
from mien.sources.object_stores import ObjectStores, open_stores
from mien.sources.store_file import Store
from sources.moto_store import KEYS, open_store, serving_store
from sources.verifying_store import CONTENT, make_certificate, verifying

MAX_BYTES = 1000


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with serving_store() as address:
        yield address


@pytest.fixture
def s3(moto: str) -> Any:
    """What fills the store."""
    return open_store(moto, "photos")


@pytest.fixture
def stores(moto: str) -> ObjectStores:
    return ObjectStores((Store(buckets=("photos",), endpoint=moto, **KEYS),))


def check_absent(stores: ObjectStores, *, bucket: str = "photos", key: str = "a") -> None:
    with pytest.raises(NotFoundError) as absent:
        stores.read(bucket=bucket, key=key, max_bytes=MAX_BYTES)
    assert str(absent.value) == "There is no such object in a store that may be read from here."


@pytest.mark.parametrize("key", ["a", "a b/ü?x#y//z", "%41", "ä" * 512, "a..b/.c", "+&=;:@"])
def test_an_object_is_read_by_its_key(s3: Any, stores: ObjectStores, key: str) -> None:
    s3.put_object(Bucket="photos", Key=key, Body=b"all of it")
    assert stores.read(bucket="photos", key=key, max_bytes=MAX_BYTES) == b"all of it"


def test_an_object_is_read_in_the_version_that_is_named(s3: Any, stores: ObjectStores) -> None:
    s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket="photos", Key="v", Body=b"old")["VersionId"]
    new = s3.put_object(Bucket="photos", Key="v", Body=b"new")["VersionId"]
    for version, content in ((old, b"old"), (new, b"new"), ("", b"new")):
        found = stores.read(bucket="photos", key="v", version=version, max_bytes=MAX_BYTES)
        assert found == content
    with pytest.raises(NotFoundError):
        stores.read(bucket="photos", key="v", version="none such", max_bytes=MAX_BYTES)


def test_an_object_is_read_up_to_the_size_that_is_asked_and_not_beyond(
    s3: Any, stores: ObjectStores
) -> None:
    s3.put_object(Bucket="photos", Key="full", Body=b"x" * MAX_BYTES)
    s3.put_object(Bucket="photos", Key="over", Body=b"x" * (MAX_BYTES + 1))
    assert len(stores.read(bucket="photos", key="full", max_bytes=MAX_BYTES)) == MAX_BYTES
    with pytest.raises(PhotoError, match="over 1,000 bytes") as large:
        stores.read(bucket="photos", key="over", max_bytes=MAX_BYTES)
    assert large.value.reason == "too-many-bytes"


def test_what_is_not_to_be_had_is_told_alike(s3: Any, moto: str, stores: ObjectStores) -> None:
    s3.create_bucket(Bucket="others")
    s3.put_object(Bucket="others", Key="a", Body=b"of others")
    check_absent(stores, key="none such")
    check_absent(stores, bucket="others")
    check_absent(stores, bucket="nowhere")
    check_absent(stores, bucket=f"{moto}/others")
    check_absent(stores, key="../others/a")
    check_absent(stores, key="x/../../others/a")
    check_absent(stores, key="./a")
    check_absent(stores, key="")
    check_absent(stores, key="ä" * 513)
    check_absent(stores, key="\ud800")
    check_absent(ObjectStores())


def test_only_what_begins_with_the_prefix_is_read(s3: Any, moto: str) -> None:
    for key in ("shown/a", "hidden/a", "shown"):
        s3.put_object(Bucket="photos", Key=key, Body=key.encode())
    store = Store(buckets=("photos",), endpoint=moto, prefix="shown/", **KEYS)
    stores = ObjectStores((store,))
    assert stores.read(bucket="photos", key="shown/a", max_bytes=MAX_BYTES) == b"shown/a"
    check_absent(stores, key="hidden/a")
    check_absent(stores, key="shown")
    check_absent(stores, key="a")


def test_each_bucket_is_read_from_its_own_store(s3: Any, moto: str) -> None:
    s3.put_object(Bucket="photos", Key="a", Body=b"here")
    with serving(Gone) as elsewhere:
        stores = ObjectStores(
            (
                Store(buckets=("private",), endpoint=elsewhere, **KEYS),
                Store(buckets=("photos", "more"), endpoint=moto, **KEYS),
            )
        )
        assert stores.read(bucket="photos", key="a", max_bytes=MAX_BYTES) == b"here"
        check_absent(stores, bucket="private")
    assert [path.partition("?")[0] for path in Gone.asked] == ["/private/a"]


class Strange(BaseHTTPRequestHandler):
    """Remembers what it was asked for."""

    asked: ClassVar[list[str]]
    status = 200
    headers_sent: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls) -> None:
        cls.asked = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(self.status)
        for name, value in self.headers_sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.send_content()

    def send_content(self) -> None:
        pass

    def log_message(self, *_: object) -> None:
        pass


class Gone(Strange):
    status = 404


class Denying(Strange):
    status = 403


class Short(Strange):
    headers_sent: ClassVar[dict[str, str]] = {"Content-Length": "10"}

    def send_content(self) -> None:
        self.wfile.write(b"half")


class Endless(Strange):
    """Says nothing of the length, and goes on."""

    def send_content(self) -> None:
        self.wfile.write(b"x" * 5000)


class Trickling(Strange):
    """Always about to be done."""

    headers_sent: ClassVar[dict[str, str]] = {"Content-Length": "500"}

    def send_content(self) -> None:
        for _ in range(100):
            try:
                self.wfile.write(b"x")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.02)


@contextmanager
def serving(handler: type[Strange]) -> Iterator[str]:
    handler.asked.clear()
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def at(endpoint: str, *, patience_s: float = 5.0) -> ObjectStores:
    store = Store(buckets=("photos",), endpoint=endpoint, **KEYS)
    return ObjectStores((store,), patience_s=patience_s)


@pytest.mark.parametrize("handler", [Gone, Denying, Short, Endless])
def test_a_store_that_does_not_answer_well_gives_no_object(
    handler: type[Strange], caplog: pytest.LogCaptureFixture
) -> None:
    with serving(handler) as endpoint:
        check_absent(at(endpoint), key="a-persons-name")
    assert len(handler.asked) == 1
    (told,) = caplog.messages
    assert told.startswith("object store 1 of MIEN_OBJECT_STORES gave no object: ")
    assert "name" not in told


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_store_that_points_elsewhere_is_not_followed(status: int) -> None:
    with serving(Gone) as elsewhere:

        class Pointing(Strange):
            headers_sent: ClassVar[dict[str, str]] = {
                "Location": f"{elsewhere}/secrets",
                "x-amz-bucket-region": "eu-west-9",
            }

        Pointing.status = status
        with serving(Pointing) as endpoint:
            check_absent(at(endpoint))
        assert len(Pointing.asked) == 1
    assert not Gone.asked


@pytest.mark.parametrize("part", ["nothing", "a byte at a time"])
def test_a_slow_store_is_waited_for_only_so_long(part: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent, serving(Trickling) as trickling:
        mute = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        check_absent(at(mute if part == "nothing" else trickling, patience_s=0.3))
        assert time.monotonic() - began < 1.5


def test_a_store_that_is_not_there_gives_no_object() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    check_absent(at(f"http://127.0.0.1:{port}"))


def test_only_the_keys_of_the_file_are_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever the environment and the user's folder hold for other programs."""
    folder = Path(os.environ["HOME"]) / ".aws"
    folder.mkdir(parents=True)
    (folder / "credentials").write_text(
        "[default]\naws_access_key_id = HOMEKEY\naws_secret_access_key = x\n", encoding="utf-8"
    )
    with serving(Gone) as elsewhere, serving(Denying) as endpoint:
        (folder / "config").write_text(
            f"[default]\nendpoint_url = {elsewhere}\nregion = moon-1\n", encoding="utf-8"
        )
        for name, value in {
            "AWS_ACCESS_KEY_ID": "ENVIRONMENTKEY",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_SESSION_TOKEN": "TOKEN",
            "AWS_PROFILE": "none-such",
            "AWS_ENDPOINT_URL": elsewhere,
            "AWS_ENDPOINT_URL_S3": elsewhere,
            "HTTP_PROXY": elsewhere,
            "http_proxy": elsewhere,
        }.items():
            monkeypatch.setenv(name, value)
        check_absent(at(endpoint))
        check_absent(ObjectStores((Store(buckets=("photos",), endpoint=endpoint),)))
    signed, unsigned = Denying.asked
    assert "X-Amz-Credential=AK%2F" in signed
    assert unsigned == "/photos/a"
    assert not Gone.asked
    for hidden in ("ENVIRONMENTKEY", "HOMEKEY", "TOKEN", "moon-1"):
        assert hidden not in signed


@pytest.mark.parametrize(
    ("region", "bucket", "address"),
    [
        ("eu-central-1", "photos", "photos.s3.eu-central-1.amazonaws.com"),
        ("us-east-1", "photos", "photos.s3.amazonaws.com"),
        ("eu-central-1", "old.photos", "s3.eu-central-1.amazonaws.com"),
    ],
)
def test_without_an_endpoint_it_is_amazons_store_in_the_region(
    region: str, bucket: str, address: str
) -> None:
    asked = []

    def connect(host: str, port: int | None, **_: object) -> None:
        asked.append((host, port))
        raise ConnectionRefusedError

    with patch("http.client.HTTPSConnection", connect):
        check_absent(ObjectStores((Store(buckets=(bucket,), region=region),)), bucket=bucket)
    assert asked == [(address, None)]


def test_stores_are_opened_from_the_operators_file(s3: Any, moto: str, tmp_path: Path) -> None:
    s3.put_object(Bucket="photos", Key="a", Body=b"here")
    path = tmp_path / "stores.toml"
    path.write_text(f'[[store]]\nbuckets = ["photos"]\nendpoint = "{moto}"\n', encoding="utf-8")
    path.chmod(0o600)
    check_absent(open_stores(None, {}))
    with pytest.raises(SettingsError, match="cannot be read"):
        open_stores(tmp_path / "none such", {})
    opened = open_stores(path, {})
    check_absent(opened)  # which nobody may read without a key
    s3.put_object_acl(Bucket="photos", Key="a", ACL="public-read")
    assert opened.read(bucket="photos", key="a", max_bytes=MAX_BYTES) == b"here"


def test_without_boto3_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.config", None)
    with pytest.raises(SettingsError, match=r"pip install 'mien\[aws\]'"):
        ObjectStores((Store(buckets=("photos",)),))
    check_absent(ObjectStores())


def test_a_key_signs_for_exactly_what_is_asked_and_a_wrong_one_reads_nothing() -> None:
    with verifying() as endpoint:
        right = at(endpoint)
        for key in ("a", "a b/ü?x#y//z", "%41+&=;:@~*'()"):
            assert right.read(bucket="photos", key=key, max_bytes=MAX_BYTES) == CONTENT
        found = right.read(bucket="photos", key="a", version="v 1+", max_bytes=MAX_BYTES)
        assert found == CONTENT
        wrong = KEYS | {"secret_access_key": "another word"}
        check_absent(ObjectStores((Store(buckets=("photos",), endpoint=endpoint, **wrong),)))


@pytest.mark.parametrize("name", ["127.0.0.1", "127.0.0.2"])
def test_a_store_is_believed_by_its_certificate_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path / "store.pem", address=name)
    with verifying(certificate=certificate) as endpoint:
        check_absent(at(endpoint))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        if name in endpoint:
            assert at(endpoint).read(bucket="photos", key="a", max_bytes=MAX_BYTES) == CONTENT
        else:
            check_absent(at(endpoint))
