"""An envelope opens with its key, in its place, whole; and in no other way."""

from __future__ import annotations

from collections import Counter

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import TamperedError
from mien.vault.seal import ENVELOPE_BYTES, KEY_BYTES, NONCE_BYTES, make_key, seal, unseal

KEY = bytes(range(32))
CONTENT = b"a template of somebody"
CONTEXT = "template:blob:face"


@given(st.binary(max_size=200), st.text(max_size=40))
def test_what_is_sealed_opens_to_the_same_bytes(content: bytes, context: str) -> None:
    envelope = seal(KEY, content, context=context)
    assert len(envelope) == len(content) + ENVELOPE_BYTES
    assert unseal(KEY, envelope, context=context) == content


def test_an_envelope_is_nonce_ciphertext_and_tag_of_aes_256_gcm() -> None:
    """The layout, read by the library itself."""
    envelope = seal(KEY, CONTENT, context=CONTEXT)
    opened = AESGCM(KEY).decrypt(envelope[:12], envelope[12:], CONTEXT.encode())
    assert opened == CONTENT


def test_an_envelope_from_elsewhere_opens() -> None:
    """Test case 13 of McGrew and Viega, The Galois/Counter Mode of Operation: AES-256, no text."""
    key = bytes.fromhex("00" * 32)
    envelope = bytes.fromhex("00" * 12 + "530f8afbc74536b9a963b4f1c4cb738b")
    assert unseal(key, envelope, context="") == b""


def test_every_single_flipped_bit_is_noticed() -> None:
    envelope = seal(KEY, CONTENT, context=CONTEXT)
    for place in range(8 * len(envelope)):
        flipped = bytearray(envelope)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(TamperedError):
            unseal(KEY, bytes(flipped), context=CONTEXT)


def test_every_truncation_is_noticed() -> None:
    envelope = seal(KEY, CONTENT, context=CONTEXT)
    for length in range(len(envelope)):
        with pytest.raises(TamperedError):
            unseal(KEY, envelope[:length], context=CONTEXT)
        with pytest.raises(TamperedError):
            unseal(KEY, envelope[-length:] if length else b"", context=CONTEXT)


@given(st.binary(min_size=1, max_size=40))
def test_added_bytes_are_noticed(extra: bytes) -> None:
    envelope = seal(KEY, CONTENT, context=CONTEXT)
    for changed in (envelope + extra, extra + envelope):
        with pytest.raises(TamperedError):
            unseal(KEY, changed, context=CONTEXT)


@given(st.binary(max_size=200))
def test_bytes_that_were_never_sealed_do_not_open(envelope: bytes) -> None:
    with pytest.raises(TamperedError):
        unseal(KEY, envelope, context=CONTEXT)


@given(st.text(max_size=40).filter(lambda context: context != CONTEXT))
def test_an_envelope_moved_to_another_place_does_not_open(context: str) -> None:
    envelope = seal(KEY, CONTENT, context=CONTEXT)
    with pytest.raises(TamperedError):
        unseal(KEY, envelope, context=context)


@given(st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES).filter(lambda key: key != KEY))
def test_another_key_does_not_open_it(key: bytes) -> None:
    with pytest.raises(TamperedError):
        unseal(key, seal(KEY, CONTENT, context=CONTEXT), context=CONTEXT)


def test_parts_of_two_envelopes_do_not_make_a_third() -> None:
    one, two = (seal(KEY, content, context=CONTEXT) for content in (b"one", b"two"))
    for cut in (NONCE_BYTES, len(one) - 16):
        with pytest.raises(TamperedError):
            unseal(KEY, one[:cut] + two[cut:], context=CONTEXT)


def test_the_same_bytes_are_never_sealed_alike() -> None:
    envelopes = Counter(seal(KEY, CONTENT, context=CONTEXT) for _ in range(500))
    assert max(envelopes.values()) == 1
    assert len({envelope[:NONCE_BYTES] for envelope in envelopes}) == 500


def test_the_message_names_the_kind_and_nothing_secret() -> None:
    with pytest.raises(TamperedError, match="A sealed template does not open") as raised:
        unseal(KEY, b"x" * 40, context="template:5f3c:ada-lovelace")
    assert "ada" not in str(raised.value)
    assert KEY.hex() not in str(raised.value)


def test_keys_are_256_bits_and_never_the_same() -> None:
    keys = {make_key() for _ in range(200)}
    assert len(keys) == 200
    assert {len(key) for key in keys} == {32}
