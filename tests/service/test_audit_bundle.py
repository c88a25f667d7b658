"""The bundle: verified by its own program in a bare Python, and refused when anything is amiss."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mien.errors import AuditError, SettingsError
from mien.service import bundle_verifier
from mien.service.bundle_verifier import is_signed
from service.logs import ENTRIES, make_log, tamper
from service.stage import Stage

Change = Callable[[Path], object]


@pytest.fixture
def bundle(stage: Stage) -> Path:
    make_log(stage)
    with stage.open() as library:
        return library.audit().export(stage.folder / "bundle").folder


def run(bundle: Path, *words: str) -> tuple[int, str]:
    """The bundle's own program, isolated, with no environment, somewhere else."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(bundle / "verify.py"), *words],
        env={},
        cwd=bundle.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_bundle_verifies_with_python_alone(bundle: Path) -> None:
    code, told = run(bundle)
    assert (code, told.split(":")[0]) == (0, f"{ENTRIES} entries, 3 checkpoints")


def test_the_program_imports_nothing_but_pythons_own(bundle: Path) -> None:
    listed = subprocess.run(
        [sys.executable, "-I", "-S", "-X", "importtime", str(bundle / "verify.py")],
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    names = {line.rpartition("|")[2].strip().split(".")[0] for line in listed.stderr.splitlines()}
    assert names - sys.stdlib_module_names <= {"imported package"}


def test_the_same_key_handed_in_is_accepted_and_another_refused(bundle: Path) -> None:
    key = (bundle / "key.txt").read_text().strip()
    assert run(bundle, "--key", key)[0] == 0
    code, told = run(bundle, "--key", key[:-2] + "AA")
    assert (code, "another key" in told) == (1, True)


def test_a_kept_checkpoint_is_found_in_a_later_bundle(stage: Stage, bundle: Path) -> None:
    with stage.open() as library:
        stage.grant(library)
        library.audit().export(stage.folder / "later")
    assert run(stage.folder / "later", "--against", str(bundle / "checkpoint"))[0] == 0
    code, told = run(bundle, "--against", str(stage.folder / "later" / "checkpoint"))
    assert (code, f"the first {ENTRIES + 1} entries" in told) == (1, True)


def replace(name: str, old: str, new: str) -> Change:
    def change(bundle: Path) -> None:
        text = (bundle / name).read_text("utf-8")
        assert old in text
        (bundle / name).write_text(text.replace(old, new, 1), "utf-8")

    return change


def edit_lines(edit: Callable[[list[bytes]], list[bytes]]) -> Change:
    def change(bundle: Path) -> None:
        path = bundle / "entries.jsonl"
        path.write_bytes(b"\n".join(edit(path.read_bytes().splitlines())) + b"\n")

    return change


def edit_json(name: str, edit: Callable[[list[object]], list[object]]) -> Change:
    def change(bundle: Path) -> None:
        path = bundle / name
        path.write_text(json.dumps(edit(json.loads(path.read_text("utf-8")))), "utf-8")

    return change


CHANGES: dict[str, tuple[Change, str]] = {
    "an entry changed": (replace("entries.jsonl", "household", "enrolled_"), "not those"),
    "an entry removed": (edit_lines(lambda lines: lines[:3] + lines[4:]), "entry 3 is missing"),
    "the end cut off": (edit_lines(lambda lines: lines[:-1]), "not those that were signed"),
    "entries swapped": (
        edit_lines(lambda lines: [lines[1], lines[0], *lines[2:]]),
        "entry 0 is missing",
    ),
    "an entry doubled": (edit_lines(lambda lines: [*lines, lines[-1]]), f"entry {ENTRIES}"),
    "the last checkpoint removed": (
        edit_json("checkpoints.json", lambda notes: notes[:-1]),
        "not over all entries",
    ),
    "all checkpoints removed": (edit_json("checkpoints.json", lambda _: []), "not over all"),
    "checkpoints swapped": (
        edit_json("checkpoints.json", lambda notes: [notes[1], notes[0], notes[2]]),
        "is wrong",
    ),
    "a checkpoint changed": (replace("checkpoints.json", "\\n8\\n", "\\n9\\n"), "not signed"),
    "the checkpoint another": (replace("checkpoint", "mien-log", "other-log"), "newest"),
    "a proof changed": (
        edit_json("proofs.json", lambda proofs: [["00" * 32], *proofs[1:]]),
        "is wrong",
    ),
    "a proof emptied": (edit_json("proofs.json", lambda proofs: [[], *proofs[1:]]), "is wrong"),
    "proofs removed": (edit_json("proofs.json", lambda _: []), "proofs are missing"),
    "no key": (lambda bundle: (bundle / "key.txt").write_text(""), "damaged"),
    "another key": (replace("key.txt", "+", "+0"), "malformed"),
    "no JSON": (replace("entries.jsonl", "{", ""), "damaged"),
    "a file missing": (lambda bundle: (bundle / "proofs.json").unlink(), "damaged"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_bundle_that_was_tampered_with_is_refused(bundle: Path, name: str) -> None:
    change, expected = CHANGES[name]
    change(bundle)
    code, told = run(bundle)
    assert (code, expected in told) == (1, True), told
    assert "Traceback" not in told


@pytest.fixture
def cut_bundle(stage: Stage, bundle: Path) -> Path:
    """Of a log that lost its last four entries, went on as another, and was acknowledged."""
    tamper(stage, "DELETE FROM audit_entries WHERE seq >= 8")
    with stage.open() as library:
        stage.grant(library)
        library.audit().succeed("a backup was restored")
        assert (bundle / "key.txt").is_file()
        return library.audit().export(stage.folder / "cut").folder


def key_of_successor(bundle: Path) -> str:
    entry = json.loads((bundle / "entries.jsonl").read_bytes().splitlines()[8])
    return str(entry["facts"]["key"])


def test_a_log_that_was_cut_and_acknowledged_verifies_and_tells(cut_bundle: Path) -> None:
    code, told = run(cut_bundle)
    assert (code, "cut at entry 8, after 12 entries of mien-log/" in told) == (0, True), told
    assert "acknowledged in entry 10" in told


def test_a_cut_that_nobody_acknowledged_does_not_hold(stage: Stage, bundle: Path) -> None:
    tamper(stage, "DELETE FROM audit_entries WHERE seq >= 8")
    with stage.open() as library:
        folder = library.audit().export(stage.folder / "cut").folder
    code, told = run(folder)
    assert (code, "nobody has acknowledged it" in told) == (1, True), told
    assert bundle != folder


def test_the_key_from_before_a_cut_and_the_newest_one_are_accepted(
    stage: Stage, bundle: Path, cut_bundle: Path
) -> None:
    assert run(cut_bundle, "--key", (bundle / "key.txt").read_text())[0] == 0
    second = key_of_successor(cut_bundle)
    assert run(cut_bundle, "--key", second)[0] == 0
    tamper(stage, "DELETE FROM audit_entries WHERE seq >= 10")
    with stage.open() as library:
        library.audit().succeed("and once more")
        third = library.audit().export(stage.folder / "third").folder
        assert run(third, "--key", library.audit().verification_key)[0] == 0
    code, told = run(third, "--key", second)
    assert (code, "another key" in told) == (1, True), "it signs neither all nor the others"


def test_checkpoints_of_what_was_lost_are_not_in_the_bundle(
    stage: Stage, bundle: Path, cut_bundle: Path
) -> None:
    code, told = run(cut_bundle, "--against", str(bundle / "checkpoint"))
    assert (code, f"the first {ENTRIES} entries are not those" in told) == (1, True)
    early = stage.folder / "early.txt"
    early.write_text(json.loads((bundle / "checkpoints.json").read_text())[1])
    assert run(cut_bundle, "--against", str(early))[0] == 0
    assert run(bundle, "--against", str(cut_bundle / "checkpoint"))[0] == 1


CHANGES_AFTER_A_CUT: dict[str, tuple[Change, str]] = {
    "the succession unsigned": (
        edit_json("successions.json", lambda _: []),
        "the first key did not sign that another follows with entry 8",
    ),
    "its signature changed": (
        replace("successions.json", '"signature": "', '"signature": "00'),
        "did not sign",
    ),
    "another key named": (
        replace("entries.jsonl", '"key":"mien-log/', '"key":"x'),
        "did not sign",
    ),
    "other numbers told": (replace("entries.jsonl", '"signed":12', '"signed":9'), "did not sign"),
    "the entry taken away": (
        edit_lines(lambda lines: [*lines[:8], *lines[9:]]),
        "entry 8 is missing",
    ),
    "the acknowledgement taken away": (
        replace("entries.jsonl", "cut-acknowledged", "cut-acknowledges"),
        "not those that were signed",
    ),
    "the successor's checkpoints taken away": (
        edit_json("checkpoints.json", lambda notes: notes[:2]),
        "not over all entries",
    ),
    "the file taken away": (lambda bundle: (bundle / "successions.json").unlink(), "damaged"),
}


@pytest.mark.parametrize("name", CHANGES_AFTER_A_CUT)
def test_what_is_told_of_a_cut_cannot_be_changed(cut_bundle: Path, name: str) -> None:
    change, expected = CHANGES_AFTER_A_CUT[name]
    change(cut_bundle)
    code, told = run(cut_bundle)
    assert (code, expected in told) == (1, True), told
    assert "Traceback" not in told


def test_nobody_else_can_let_another_key_follow(
    stage: Stage, cut_bundle: Path, tmp_path: Path
) -> None:
    """A forger's log, said to have been cut out of the one that is known."""
    other = Stage(tmp_path / "other")
    make_log(other)
    with other.open() as library:
        forged = library.audit().export(stage.folder / "forged").folder
    for name in ("key.txt", "successions.json"):
        shutil.copy(cut_bundle / name, forged / name)
    known = (cut_bundle / "key.txt").read_text()
    code, told = run(forged, "--key", known)
    assert (code, "not signed by the key" in told) == (1, True)


def test_a_bundle_signed_with_a_forgers_key_is_another_log(
    stage: Stage, bundle: Path, tmp_path: Path
) -> None:
    """It verifies by itself; the key that was known before tells."""
    other = Stage(tmp_path / "other")
    make_log(other)
    with other.open() as library:
        forged = library.audit().export(stage.folder / "forged").folder
    assert run(forged)[0] == 0
    assert run(forged, "--key", (bundle / "key.txt").read_text())[0] == 1
    assert run(forged, "--against", str(bundle / "checkpoint"))[0] == 1


def test_a_bundle_holds_no_name_and_no_path(stage: Stage, bundle: Path) -> None:
    for path in bundle.iterdir():
        content = path.read_bytes()
        for word in (b"A. Holder", str(stage.folder).encode(), b"file://"):
            assert word not in content


def test_what_is_there_is_not_overwritten(stage: Stage, bundle: Path) -> None:
    with stage.open() as library, pytest.raises(SettingsError, match="is there already"):
        library.audit().export(bundle)


def test_a_folder_that_cannot_be_made_is_told(stage: Stage, bundle: Path) -> None:
    with stage.open() as library, pytest.raises(SettingsError, match="cannot be written"):
        library.audit().export(bundle / "key.txt" / "below")


def test_an_empty_log_gives_no_bundle(stage: Stage) -> None:
    with stage.open() as library, pytest.raises(AuditError, match="nothing to export"):
        library.audit().export(stage.folder / "bundle")


def test_a_log_with_a_gap_gives_no_bundle(stage: Stage) -> None:
    make_log(stage)
    tamper(stage, "DELETE FROM audit_entries WHERE seq = 3")
    with stage.open() as library, pytest.raises(AuditError, match="lacks entries"):
        library.audit().export(stage.folder / "bundle")


# RFC 8032, 7.1: key, message, signature.
SIGNATURES = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


@pytest.mark.parametrize(("key", "text", "signature"), SIGNATURES)
def test_the_published_signatures_hold(key: str, text: str, signature: str) -> None:
    public, message, signed = (bytes.fromhex(word) for word in (key, text, signature))
    assert is_signed(message, signed, key=public)
    assert not is_signed(message + b"x", signed, key=public)


def test_signatures_hold_exactly_where_another_implementation_says_so() -> None:
    chance = random.Random(8032)  # noqa: S311  (which byte to change, no secret)
    for _ in range(20):
        private = Ed25519PrivateKey.generate()
        public, text = private.public_key().public_bytes_raw(), chance.randbytes(80)
        signature = private.sign(text)
        assert is_signed(text, signature, key=public)
        place = chance.randrange(64)
        changed = bytearray(signature)
        changed[place] ^= 1 << chance.randrange(8)
        assert not is_signed(text, bytes(changed), key=public)


def test_a_signature_has_one_form() -> None:
    """The scalar plus the group's order would hold too, where it is not refused."""
    key, text, signature = (bytes.fromhex(word) for word in SIGNATURES[1])
    scalar = int.from_bytes(signature[32:], "little") + bundle_verifier.ORDER
    assert not is_signed(text, signature[:32] + scalar.to_bytes(32, "little"), key=key)
    assert not is_signed(text, signature + b"\0", key=key)
    assert not is_signed(text, b"", key=key)
    assert not is_signed(text, signature, key=b"\xff" * 32)


def test_the_program_runs_from_any_folder(bundle: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved away"
    shutil.move(bundle, moved)
    assert run(moved)[0] == 0
