"""The bench of Amazon's interface signs what a server believes, and asks both sides the same."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from email.parser import BytesParser
from urllib.parse import urlsplit

import pytest
from bench.rekognition import _make_other, _make_own, _sign
from bench.served import Access

from mien.evidence.similarity import find_rate
from mien.http.signature import (
    Signable,
    SignatureError,
    check_scope,
    check_signature,
    read_signature,
)

ORIGIN = "http://127.0.0.1:8010"
ACCESS = Access("MIENEXAMPLEKEY000001", "a secret for tests alone")


def test_what_it_signs_is_believed_and_what_is_changed_is_not() -> None:
    call = _sign(_make_other(b"photo"), ORIGIN, access=ACCESS)
    sent = {"Host": urlsplit(ORIGIN).netloc, "Content-Type": call.content_type, **call.headers}
    headers = [(name.lower(), value) for name, value in sent.items()]
    for body in (call.body, call.body + b" "):
        request = Signable(method="POST", path="/", query="", headers=headers, body=body)
        signature = read_signature(request)
        assert signature.access_key_id == ACCESS.key_id
        check_scope(signature, region="us-east-1", service="rekognition")
        now = datetime.now(UTC)
        if body == call.body:
            check_signature(request, signature, secret=ACCESS.secret, now=now)
        else:
            with pytest.raises(SignatureError):
                check_signature(request, signature, secret=ACCESS.secret, now=now)


def test_both_interfaces_are_asked_for_the_same() -> None:
    own, other = _make_own(b"photo"), json.loads(_make_other(b"photo").body)
    head = b"Content-Type: " + own.content_type.encode() + b"\r\n\r\n"
    parts = {
        part.get_param("name", header="Content-Disposition"): part.get_payload(decode=True)
        for part in list(BytesParser().parsebytes(head + own.body).walk())[1:]
    }
    assert parts["photos"] == base64.b64decode(other["Image"]["Bytes"]) == b"photo"
    assert parts["collection"] == other["CollectionId"].encode()
    assert parts["limit"] == str(other["MaxFaces"]).encode()
    rate = parts["max_fmr"]
    assert isinstance(rate, bytes)
    assert float(rate) == pytest.approx(find_rate(other["FaceMatchThreshold"]))
