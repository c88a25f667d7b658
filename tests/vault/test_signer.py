"""Checkpoints: the form of C2SP, signatures that hold, and everything else refused."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256

import pytest

from mien.errors import AuditError
from mien.vault.signer import Checkpoint, Signer, make_signing_key, parse_checkpoint

KEY = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
"""RFC 8032, 7.1, test 1."""
ROOT = sha256(b"root").digest()
EXAMPLE = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""
"""The text of the checkpoint in c2sp.org/tlog-checkpoint."""


@pytest.fixture
def signer() -> Signer:
    return Signer(KEY)


def test_the_key_that_is_handed_out_is_the_public_one(signer: Signer) -> None:
    name, key_id, encoded = signer.verification_key.split("+", 2)
    assert name == signer.origin
    assert b64decode(encoded) == b"\x01" + PUBLIC
    assert key_id == sha256(name.encode() + b"\n\x01" + PUBLIC).hexdigest()[:8]


def test_a_document_is_signed_as_rfc_8032_does_it(signer: Signer) -> None:
    assert signer.public_key == PUBLIC
    assert signer.sign_document(b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
        "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )


def test_a_checkpoint_has_the_form_of_c2sp(signer: Signer) -> None:
    note = signer.sign(12, ROOT)
    text, signature = note.split("\n\n")
    assert text == f"{signer.origin}\n12\n{b64encode(ROOT).decode()}"
    dash, name, encoded = signature.rstrip("\n").split(" ")
    assert (dash, name, note[-1]) == ("\N{EM DASH}", signer.origin, "\n")
    assert len(b64decode(encoded)) == 4 + 64


def test_a_name_holds_no_space_and_no_plus(signer: Signer) -> None:
    assert not set(signer.origin) & set(" +\n")


def test_the_same_head_gives_the_same_note(signer: Signer) -> None:
    assert signer.sign(3, ROOT) == Signer(KEY).sign(3, ROOT)


def test_what_was_signed_is_read_back(signer: Signer) -> None:
    assert signer.verify(signer.sign(12, ROOT)) == Checkpoint(signer.origin, 12, ROOT)


def test_the_published_example_is_read() -> None:
    checkpoint = parse_checkpoint(EXAMPLE)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root.hex().startswith("0ac5186a91863e8e")


def test_a_signature_of_a_witness_is_passed_over(signer: Signer) -> None:
    note = signer.sign(12, ROOT) + "\N{EM DASH} witness.example " + b64encode(bytes(76)).decode()
    assert signer.verify(note + "\n").size == 12


def test_no_byte_of_the_text_may_change(signer: Signer) -> None:
    note = signer.sign(12, ROOT)
    for place in range(note.index("\n\n")):
        changed = note[:place] + chr(ord(note[place]) ^ 1) + note[place + 1 :]
        with pytest.raises(AuditError):
            signer.verify(changed)


def test_another_key_is_refused(signer: Signer) -> None:
    with pytest.raises(AuditError, match="no signature of this log's key"):
        signer.verify(Signer(make_signing_key()).sign(12, ROOT))


def test_a_false_signature_under_the_right_name_is_refused(signer: Signer) -> None:
    good, other = signer.sign(12, ROOT), signer.sign(13, ROOT)
    forged = good.partition("\n\n")[0] + "\n\n" + other.partition("\n\n")[2]
    with pytest.raises(AuditError, match="signature is false"):
        signer.verify(forged)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n12\n",
        f"log\n012\n{b64encode(ROOT).decode()}\n",
        f"log\n+12\n{b64encode(ROOT).decode()}\n",
        f"log\n12\n{b64encode(ROOT[:31]).decode()}\n",
        f"log\n12\n{b64encode(ROOT).decode()}",
        f"log\n12\n{b64encode(ROOT).decode()}\nmore\n",
        "log\n12\n***\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(AuditError, match="form of a checkpoint"):
        parse_checkpoint(text)


@pytest.mark.parametrize("note", ["", "\n\n", "text", "a\n\n\N{EM DASH} b c\n", "\n\n\N{EM DASH}"])
def test_what_is_no_note_is_refused(signer: Signer, note: str) -> None:
    with pytest.raises(AuditError, match="no signature"):
        signer.verify(note)
