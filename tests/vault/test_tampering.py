"""Whatever is done to what lies sealed, it opens as it was or not at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from mien.errors import KeyDestroyedError, TamperedError, VaultError
from mien.vault.keys import KeyStore
from mien.vault.notary import Owner
from mien.vault.originals import NewOriginal
from mien.vault.shreds import Shreds
from mien.vault.spool import Spool, SpooledFile, Upload
from mien.vault.vault import SealedPhoto, Vault
from vault.samples import GRANT, open_vault, read_everything, write_photo

CONTENT = b"a photo of Ann, as it came \xff\xd8" * 40
NAME = "Ann at the lake.jpg"
MIB = 1 << 20
ENVELOPE = MIB + 28
NO_UUID = ["", "..", "../keys", "a/b", "0", str(UUID(int=1)).upper() + "x", "\0"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def vault(home: Path) -> Iterator[Vault]:
    with open_vault(home) as opened:
        yield opened


@pytest.fixture(scope="module")
def photo(vault: Vault) -> SealedPhoto:
    return write_photo(vault, 1)[0]


@pytest.fixture
def spool(vault: Vault, home: Path) -> Spool:
    return vault.open_spool(home / "spool")


def keep(vault: Vault, photo: SealedPhoto, content: bytes = CONTENT) -> NewOriginal:
    new = vault.originals.write(content, photo_id=photo.photo_id)
    with vault.writing():
        vault.originals.keep(new)
    return new


def take_in(spool: Spool, *contents: bytes) -> Upload:
    upload = spool.begin(str(uuid4()))
    for content in contents:
        writer = upload.add(NAME)
        writer.write(content)
        writer.end()
    upload.complete()
    return upload


def read_file(upload: Upload, number: int = 0) -> bytes:
    with upload.open_file(upload.read_files()[number]) as file:
        return file.read()


def changed(content: bytes, place: int) -> bytes:
    """One bit of one byte is another one; negative places count from the end."""
    place %= len(content)
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


ORIGINAL_REGIONS = {
    "magic": 0,
    "number of parts": 8,
    "kind": 12,
    "owner": 13,
    "length": 29,
    "nonce": 33,
    "first of the content": 45,
    "middle": 600,
    "tag": -1,
    "first of the tag": -16,
}


@pytest.mark.parametrize("region", ORIGINAL_REGIONS)
def test_an_original_of_which_any_byte_changed_does_not_open(
    vault: Vault, photo: SealedPhoto, region: str
) -> None:
    new = keep(vault, photo)
    path = vault._blobs.path_of(new.blob_id)
    whole = path.read_bytes()
    path.write_bytes(changed(whole, ORIGINAL_REGIONS[region]))
    with pytest.raises(TamperedError):
        vault.originals.read(new.blob_id, photo_id=photo.photo_id)
    path.write_bytes(whole)
    assert vault.originals.read(new.blob_id, photo_id=photo.photo_id) == CONTENT


@pytest.mark.parametrize("left", [0, 4, 8, 12, 20, 33, 40, 61, 500, -17, -1])
def test_an_original_that_was_cut_short_does_not_open(
    vault: Vault, photo: SealedPhoto, left: int
) -> None:
    new = keep(vault, photo)
    path = vault._blobs.path_of(new.blob_id)
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(TamperedError):
        vault.originals.read(new.blob_id, photo_id=photo.photo_id)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 4096, MIB + 1])
def test_an_original_of_any_size_comes_back(vault: Vault, photo: SealedPhoto, size: int) -> None:
    content = os.urandom(size)
    new = keep(vault, photo, content)
    assert vault.originals.read(new.blob_id, photo_id=photo.photo_id) == content


def test_the_same_photo_sealed_twice_shares_no_bytes(vault: Vault, photo: SealedPhoto) -> None:
    paths = [vault._blobs.path_of(keep(vault, photo).blob_id) for _ in range(2)]
    first, second = (path.read_bytes()[33:] for path in paths)
    assert len(first) == len(second)
    blocks = [{one[at : at + 16] for at in range(12, len(one), 16)} for one in (first, second)]
    assert not blocks[0] & blocks[1]


def test_an_original_belongs_to_one_photo(vault: Vault, photo: SealedPhoto) -> None:
    other, _ = write_photo(vault, 2)
    new = keep(vault, photo)
    for blob_id, photo_id in (
        (new.blob_id, other.photo_id),
        (new.blob_id, str(uuid4())),
        (photo.blob_id, photo.photo_id),
        (str(uuid4()), photo.photo_id),
    ):
        with pytest.raises(KeyDestroyedError):
            vault.originals.read(blob_id, photo_id=photo_id)


def test_no_original_is_kept_for_a_photo_without_a_key(vault: Vault) -> None:
    new = vault.originals.write(CONTENT, photo_id=str(uuid4()))
    with vault.writing(), pytest.raises(KeyDestroyedError):
        vault.originals.keep(new)


def test_an_original_outlives_its_key_on_no_copy_of_the_disk(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, _ = write_photo(vault, 1)
        new = keep(vault, photo)
        path = vault._blobs.path_of(new.blob_id)
        copy = path.read_bytes()
        vault.shred(Shreds(face_ids=[new.blob_id], blob_ids=[new.blob_id]))
        assert not path.exists()
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(copy)
        with pytest.raises(KeyDestroyedError, match="it was erased"):
            vault.originals.read(new.blob_id, photo_id=photo.photo_id)


def test_an_original_says_nothing_of_its_key() -> None:
    new = NewOriginal("blob", "photo", b"k" * 32)
    assert "kkk" not in repr(new)


MANIFEST_REGIONS = {"nonce": 0, "content": 20, "tag": -1}


@pytest.mark.parametrize("region", MANIFEST_REGIONS)
def test_a_manifest_of_which_any_byte_changed_does_not_open(
    spool: Spool, home: Path, region: str
) -> None:
    upload = take_in(spool, CONTENT)
    path = home / "spool" / upload.upload_id / "manifest"
    path.write_bytes(changed(path.read_bytes(), MANIFEST_REGIONS[region]))
    with pytest.raises(TamperedError):
        spool.open(upload.upload_id).read_files()


@pytest.mark.parametrize("left", [0, 11, 12, 27, 28, -1])
def test_a_manifest_that_was_cut_short_does_not_open(spool: Spool, home: Path, left: int) -> None:
    upload = take_in(spool, CONTENT)
    path = home / "spool" / upload.upload_id / "manifest"
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(TamperedError):
        spool.open(upload.upload_id).read_files()


@pytest.mark.parametrize("names", [("manifest", "manifest"), ("0", "0"), ("manifest", "0")])
def test_no_file_of_one_upload_opens_in_another(
    spool: Spool, home: Path, names: tuple[str, str]
) -> None:
    mine, theirs = take_in(spool, CONTENT), take_in(spool, CONTENT[::-1])
    folder = home / "spool"
    here, there = (folder / one.upload_id for one in (mine, theirs))
    (here / names[0]).write_bytes((there / names[1]).read_bytes())
    with pytest.raises(TamperedError):
        read_file(spool.open(mine.upload_id))
    assert read_file(spool.open(theirs.upload_id)) == CONTENT[::-1]


def test_a_manifest_does_not_pass_for_a_file_nor_a_file_for_it(spool: Spool, home: Path) -> None:
    upload = take_in(spool, CONTENT)
    folder = home / "spool" / upload.upload_id
    manifest, file = ((folder / name).read_bytes() for name in ("manifest", "0"))
    (folder / "0").write_bytes(manifest)
    with pytest.raises(TamperedError):
        read_file(upload)
    (folder / "manifest").write_bytes(file)
    with pytest.raises(TamperedError):
        upload.read_files()


@pytest.fixture(scope="module")
def long_file(vault: Vault, home: Path) -> tuple[Upload, bytes, bytes]:
    """An upload with a file of two whole chunks and a bit, as it came and as it lies there."""
    content = os.urandom(2 * MIB + 100)
    upload = take_in(vault.open_spool(home / "spool"), content)
    sealed = (home / "spool" / upload.upload_id / "0").read_bytes()
    return upload, content, sealed


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(
            lambda f: f[ENVELOPE : 2 * ENVELOPE] + f[:ENVELOPE] + f[2 * ENVELOPE :], id="swapped"
        ),
        pytest.param(lambda f: f[:ENVELOPE] * 2 + f[2 * ENVELOPE :], id="doubled"),
        pytest.param(lambda f: f[:ENVELOPE] + f[2 * ENVELOPE :], id="without the middle"),
        pytest.param(lambda f: f[2 * ENVELOPE :], id="the last alone"),
        pytest.param(lambda f: f[: 2 * ENVELOPE], id="without the last"),
        pytest.param(lambda f: f + b"x", id="a byte more"),
        pytest.param(lambda f: f + f[2 * ENVELOPE :], id="the last twice"),
        pytest.param(lambda f: changed(f, 0), id="first nonce"),
        pytest.param(lambda f: changed(f, ENVELOPE - 1), id="first tag"),
        pytest.param(lambda f: changed(f, ENVELOPE), id="second nonce"),
        pytest.param(lambda f: changed(f, 2 * ENVELOPE + 50), id="last content"),
        pytest.param(lambda f: changed(f, -1), id="last tag"),
        pytest.param(lambda f: f[1:], id="shifted"),
    ],
)
def test_a_long_file_opens_whole_and_in_order_or_not_at_all(
    long_file: tuple[Upload, bytes, bytes], home: Path, harm: Callable[[bytes], bytes]
) -> None:
    upload, content, sealed = long_file
    path = home / "spool" / upload.upload_id / "0"
    path.write_bytes(harm(sealed))
    with pytest.raises(TamperedError):
        read_file(upload)
    path.write_bytes(sealed)
    assert read_file(upload) == content


def test_what_comes_before_the_harm_is_what_came_in(
    long_file: tuple[Upload, bytes, bytes], home: Path
) -> None:
    """Whoever reads on meets the error; nothing false is ever handed out."""
    upload, content, sealed = long_file
    path = home / "spool" / upload.upload_id / "0"
    path.write_bytes(changed(sealed, -1))
    with upload.open_file(upload.read_files()[0]) as file:
        assert file.read(MIB) == content[:MIB]
        with pytest.raises(TamperedError):
            file.read()
    path.write_bytes(sealed)


@pytest.mark.parametrize("step", [1000, 65_536, MIB, 3 * MIB])
def test_a_file_reads_the_same_in_steps_of_any_size(
    long_file: tuple[Upload, bytes, bytes], step: int
) -> None:
    upload, content, _ = long_file
    with upload.open_file(upload.read_files()[0]) as file:
        assert b"".join(iter(lambda: file.read(step), b"")) == content


@pytest.mark.parametrize("name", ["", "a" * 5000, "../x", "Äpfel 🍎.jpg", "\udcff.jpg", "a\0b"])
def test_a_name_is_kept_as_it_was_sent_and_names_no_file(
    spool: Spool, home: Path, name: str
) -> None:
    upload = spool.begin(str(uuid4()))
    upload.add(name).end()
    upload.complete()
    (one,) = spool.open(upload.upload_id).read_files()
    assert (one.name, one.number, one.size_bytes) == (name, 0, 0)
    names = {path.name for path in (home / "spool" / upload.upload_id).iterdir()}
    assert names == {"0", "manifest"}


def test_an_upload_of_nothing_is_complete_and_empty(spool: Spool) -> None:
    upload = take_in(spool)
    assert spool.open(upload.upload_id).read_files() == []


def test_an_upload_is_begun_once_and_completed_once(spool: Spool) -> None:
    upload = take_in(spool, CONTENT)
    with pytest.raises(VaultError):
        spool.begin(upload.upload_id)
    with pytest.raises(VaultError):
        upload.complete()


def test_a_file_that_is_gone_is_told(spool: Spool, home: Path) -> None:
    upload = take_in(spool, CONTENT)
    (home / "spool" / upload.upload_id / "0").unlink()
    with pytest.raises(OSError, match="No such file"):
        upload.open_file(upload.read_files()[0])


def test_a_number_that_was_never_given_opens_nothing(spool: Spool) -> None:
    upload = take_in(spool, CONTENT)
    with pytest.raises(OSError, match="No such file"):
        upload.open_file(SpooledFile(7, NAME, 0, ""))


@pytest.mark.parametrize("upload_id", NO_UUID)
def test_what_is_no_id_opens_and_drops_nothing(spool: Spool, home: Path, upload_id: str) -> None:
    before = sorted((home / "keys").iterdir())
    with pytest.raises(KeyDestroyedError):
        spool.open(upload_id)
    spool.drop(upload_id)
    assert sorted((home / "keys").iterdir()) == before


def test_dropping_one_upload_leaves_the_others(spool: Spool) -> None:
    first, second = take_in(spool, CONTENT), take_in(spool, CONTENT)
    spool.drop(first.upload_id)
    assert second.upload_id in spool.find_ids()
    assert first.upload_id not in spool.find_ids()
    assert read_file(spool.open(second.upload_id)) == CONTENT


def test_whoever_holds_a_dropped_upload_finds_no_files(spool: Spool) -> None:
    upload = take_in(spool, CONTENT)
    spool.drop(upload.upload_id)
    with pytest.raises(VaultError, match="hand the photos in again"):
        upload.read_files()


def test_several_uploads_at_once_do_not_mix(spool: Spool) -> None:
    contents = [bytes([number]) * (300_000 * (number + 1)) for number in range(5)]
    uploads: dict[int, Upload] = {}

    def run(number: int) -> None:
        uploads[number] = take_in(spool, contents[number], b"%d" % number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, upload in uploads.items():
        again = spool.open(upload.upload_id)
        assert read_file(again) == contents[number]
        assert read_file(again, 1) == b"%d" % number


def test_several_threads_seal_and_open_originals(vault: Vault, photo: SealedPhoto) -> None:
    read: dict[int, bytes] = {}

    def run(number: int) -> None:
        new = keep(vault, photo, b"%d" % number * 1000)
        read[number] = vault.originals.read(new.blob_id, photo_id=photo.photo_id)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == {number: b"%d" % number * 1000 for number in range(8)}


def test_nothing_of_it_all_lies_plain_on_the_disk(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        photo, _ = write_photo(vault, 1)
        new = keep(vault, photo)
        upload = take_in(vault.open_spool(tmp_path / "spool"), CONTENT)
        keys = [new.key, upload._key]
        for place, content in read_everything(tmp_path).items():
            for plain in (
                CONTENT[:32],
                NAME.encode(),
                *keys,
                *(key.hex().encode() for key in keys),
            ):
                assert plain not in content, place
    for path in (tmp_path / "spool").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_uploads_open_with_their_own_vault_alone(tmp_path: Path) -> None:
    with open_vault(tmp_path / "one") as vault:
        upload = take_in(vault.open_spool(tmp_path / "spool"), CONTENT)
    with open_vault(tmp_path / "two") as other:
        spool = other.open_spool(tmp_path / "spool")
        assert spool.find_ids() == {upload.upload_id}
        with pytest.raises(KeyDestroyedError):
            spool.open(upload.upload_id)
    with open_vault(tmp_path / "one") as vault:
        again = vault.open_spool(tmp_path / "spool").open(upload.upload_id)
        assert read_file(again) == CONTENT


RECORD = b'{"role":"viewer"}'


def test_a_record_is_vouched_for_as_it_last_was(vault: Vault) -> None:
    notary = vault.notary
    assert not notary.is_vouched("user:1", RECORD)
    notary.vouch("user:1", RECORD)
    assert notary.is_vouched("user:1", RECORD)
    notary.vouch("user:1", b"newer")
    assert notary.is_vouched("user:1", b"newer")
    assert not notary.is_vouched("user:1", RECORD)  # as a backup would restore it


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("user:2", b"other"),
        ("user:2", RECORD + b" "),
        ("user:2", b""),
        ("user:20", RECORD),
        ("user:", b"2" + RECORD),
        ("key:2", RECORD),
        ("", RECORD),
    ],
)
def test_no_other_record_and_no_other_name_is_vouched_for(
    vault: Vault, name: str, content: bytes
) -> None:
    vault.notary.vouch("user:2", RECORD)
    assert not vault.notary.is_vouched(name, content)


def test_what_is_disowned_is_vouched_for_no_more_and_the_rest_is(vault: Vault) -> None:
    notary = vault.notary
    names = [f"session:{number}" for number in range(600)]
    for name in (*names[:3], "session:kept"):
        notary.vouch(name, RECORD)
    notary.disown([])
    assert notary.is_vouched(names[0], RECORD)
    notary.disown(names)
    notary.disown(names[:1])
    assert not any(notary.is_vouched(name, RECORD) for name in names)
    assert notary.is_vouched("session:kept", RECORD)
    notary.vouch(names[0], RECORD)
    assert notary.is_vouched(names[0], RECORD)


def test_vouching_outlives_the_process_and_holds_in_no_other_home(tmp_path: Path) -> None:
    with open_vault(tmp_path / "one") as vault:
        vault.notary.vouch("user:1", RECORD)
    with open_vault(tmp_path / "one") as vault, open_vault(tmp_path / "two") as other:
        assert vault.notary.is_vouched("user:1", RECORD)
        assert not other.notary.is_vouched("user:1", RECORD)
        other.notary.vouch("user:1", RECORD)
        marks = [_mark_of(one._keys, "user:1") for one in (vault, other)]
        assert marks[0] != marks[1]
        vault._keys.put_voucher("user:1", marks[1])
        assert not vault.notary.is_vouched("user:1", RECORD)


def _mark_of(keys: KeyStore, name: str) -> bytes:
    mark = keys.find_voucher(name)
    assert mark is not None
    return mark


def test_the_voucher_of_one_record_is_none_for_another(vault: Vault) -> None:
    vault.notary.vouch("user:1", RECORD)
    vault._keys.put_voucher("user:3", _mark_of(vault._keys, "user:1"))
    assert not vault.notary.is_vouched("user:3", RECORD)


@pytest.mark.parametrize("kind", ["person:1", "person:2", "upload:1"])
def test_a_note_about_a_subject_goes_with_their_key(vault: Vault, kind: str) -> None:
    owner = Owner(subject=f"{kind}{uuid4()}")
    notary = vault.notary
    assert notary.seal_note(b"note", owner=owner, context="1:0") is None
    with vault._turn, vault._keys.transaction():
        vault._keys.make_subject_key(owner.subject)
    sealed = notary.seal_note(b"note", owner=owner, context="1:0")
    assert sealed is not None
    assert notary.unseal_note(sealed, owner=owner, context="1:0") == b"note"
    with vault._turn, vault._keys.transaction():
        vault._keys.destroy_subject_keys([owner.subject])
    with pytest.raises(KeyDestroyedError):
        notary.unseal_note(sealed, owner=owner, context="1:0")
    assert notary.seal_note(b"note", owner=owner, context="1:0") is None


@pytest.mark.parametrize("place", [0, 11, 12, 20, -16, -1])
def test_a_note_of_which_any_byte_changed_does_not_open(vault: Vault, place: int) -> None:
    sealed = vault.notary.seal_note(b"who asked for whom", owner=Owner(), context="1:0")
    assert sealed is not None
    with pytest.raises(TamperedError):
        vault.notary.unseal_note(changed(sealed, place), owner=Owner(), context="1:0")
    for cut in (b"", sealed[:12], sealed[:-1]):
        with pytest.raises(TamperedError):
            vault.notary.unseal_note(cut, owner=Owner(), context="1:0")


def test_owners_of_every_kind_have_names_of_their_own(vault: Vault) -> None:
    owners = [
        Owner(),
        Owner(grant_id=GRANT),
        Owner(photo_id="p", face_id=GRANT),
        Owner(subject=f"person:{GRANT}"),
    ]
    assert len({owner.label for owner in owners}) == 4
    assert len({vault.notary.refer_owner(owner) for owner in owners}) == 4
    assert all(len(vault.notary.refer_owner(owner)) == 32 for owner in owners)
