"""Signatures: what botocore signs is believed, and nothing that differs from it by one byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.http.signature import (
    Signable,
    Signature,
    SignatureError,
    SignatureFault,
    check_scope,
    check_signature,
    read_signature,
)
from server.signing import (
    BODY,
    HEADERS,
    KEY_ID,
    REGION,
    S3,
    SECRET,
    SERVICE,
    Signer,
    signed_at,
    with_header,
    without,
)

JAVASCRIPT = {
    "amz-sdk-invocation-id": "0f0cd0d4-4e5b-4f4c-bd58-66a9d3a7c2f1",
    "amz-sdk-request": "attempt=1; max=3",
    "content-length": str(len(BODY)),
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "RekognitionService.ListFaces",
    "x-amz-user-agent": "aws-sdk-js/3.716.0",
}
SEARCH = "https://mien.example/v1/faces"


def verify(request: Signable, *, now: datetime | None = None, secret: str = SECRET) -> Signature:
    """What a server does; its clock is the signer's where no other time is said."""
    signature = read_signature(request)
    check_scope(signature, region=REGION, service=SERVICE)
    check_signature(request, signature, secret=secret, now=now or signed_at(request))
    return signature


def fault_of(request: Signable, *, now: datetime | None = None, secret: str = SECRET) -> str:
    with pytest.raises(SignatureError) as refused:
        verify(request, now=now, secret=secret)
    return refused.value.fault


def told_of(request: Signable) -> str:
    with pytest.raises(SignatureError) as refused:
        verify(request)
    return str(refused.value)


def test_what_boto3_signs_is_believed() -> None:
    signature = verify(Signer().sign())
    assert signature.access_key_id == KEY_ID
    assert signature.signed_headers == ("content-type", "host", "x-amz-date", "x-amz-target")


def test_what_other_clients_sign_is_read_from_what_they_say() -> None:
    signature = verify(S3.sign(headers=JAVASCRIPT))
    assert ";".join(signature.signed_headers) == (
        "amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;"
        "x-amz-content-sha256;x-amz-date;x-amz-target;x-amz-user-agent"
    )


def test_a_type_that_was_not_signed_decides_nothing() -> None:
    """As the SDK for PHP sends it."""
    request = Signer().sign(headers={"X-Amz-Target": HEADERS["X-Amz-Target"]})
    verify(with_header(request, "content-type", "application/x-amz-json-1.1"))


@pytest.mark.parametrize(
    "value", ["a  b", "  a b ", "a \t  b", "a,b", '"a   b"', "", "a=b; c", "\u00e9".encode().hex()]
)
def test_headers_are_signed_with_their_blanks_squeezed(value: str) -> None:
    request = Signer().sign(headers=HEADERS | {"X-Note": value})
    assert "x-note" in verify(request).signed_headers


def test_a_header_that_comes_again_counts_with_all_its_values_in_their_order() -> None:
    request = Signer().sign(more=[("X-Note", "first"), ("X-Note", "second")])
    verify(request)
    assert fault_of(replace(request, headers=request.headers[::-1])) == "wrong"


@pytest.mark.parametrize(
    "url",
    [
        f"{SEARCH}/0f0cd0d4-4e5b-4f4c-bd58-66a9d3a7c2f1",
        f"{SEARCH}/with%20a%20blank/and~tilde-and_more.txt",
        f"{SEARCH}/f%C3%BC%2Fr",
        f"{SEARCH}?external_image_id=a%3Ab&collection=people",
        f"{SEARCH}?b=2&a=1&a-b=3&a.b=4&aa=5",
        f"{SEARCH}?flag&empty=&a%20b=%2B",
        f"{SEARCH}?x=%FF&y=%e2%82%ac",
        f"{SEARCH}?cursor=ab==&plus=a+b",
        f"{SEARCH}/",
        "https://mien.example",
        "https://mien.example:8443/",
    ],
)
def test_paths_and_queries_are_signed_as_they_were_sent(url: str) -> None:
    request = Signer().sign(method="GET", url=url, headers={}, body=b"")
    verify(request)
    assert fault_of(replace(request, path=request.path + "x")) == "wrong"
    assert fault_of(replace(request, query=request.query + "&z=1")) == "wrong"


@pytest.mark.parametrize("path", ["/v1/faces/../grants", "/v1//faces", "/v1/./faces"])
def test_a_path_that_its_signer_would_tidy_up_is_none_that_was_signed(path: str) -> None:
    tidy = Signer().sign(method="GET", url=f"https://mien.example{path}", headers={}, body=b"")
    assert fault_of(tidy) == "wrong"


def test_bytes_that_no_text_stands_for_do_not_stand_for_each_other() -> None:
    request = Signer().sign(method="GET", url=f"{SEARCH}?x=%FF", headers={}, body=b"")
    assert fault_of(replace(request, query="x=%FE")) == "wrong"


def test_the_order_of_a_query_counts_for_nothing_and_no_name_comes_twice() -> None:
    request = Signer().sign(method="GET", url=f"{SEARCH}?a=1&b=2", headers={}, body=b"")
    verify(replace(request, query="b=2&a=1"))
    twice = Signer().sign(method="GET", url=f"{SEARCH}?a=1&a=2", headers={}, body=b"")
    assert fault_of(twice) == "malformed"
    escaped = Signer().sign(method="GET", url=f"{SEARCH}?a=1&%61=2", headers={}, body=b"")
    assert fault_of(escaped) == "malformed"


def test_a_body_that_came_in_pieces_counts_as_one() -> None:
    request = Signer().sign(headers=HEADERS | {"Transfer-Encoding": "chunked"})
    assert "transfer-encoding" not in verify(request).signed_headers


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_a_clock_may_be_five_minutes_off(seconds: int) -> None:
    request = Signer().sign()
    verify(request, now=signed_at(request) + timedelta(seconds=seconds))


@pytest.mark.parametrize(("seconds", "word"), [(-301, "not yet current"), (301, "expired")])
def test_a_signature_that_is_sent_later_or_sooner_counts_for_nothing(
    seconds: int, word: str
) -> None:
    request = Signer().sign()
    with pytest.raises(SignatureError, match=word) as refused:
        verify(request, now=signed_at(request) + timedelta(seconds=seconds))
    assert refused.value.fault is SignatureFault.OUT_OF_TIME
    moment = signed_at(request) + timedelta(minutes=5, microseconds=1)
    assert fault_of(request, now=moment) == "out-of-time"


def test_a_signature_is_not_made_newer() -> None:
    request = Signer().sign()
    later = signed_at(request) + timedelta(minutes=10)
    moved = with_header(request, "x-amz-date", f"{later:%Y%m%dT%H%M%SZ}")
    is_same_day = later.date() == signed_at(request).date()
    assert fault_of(moved, now=later) == ("wrong" if is_same_day else "wrong-scope")


def test_the_day_of_the_scope_is_the_day_of_the_signature() -> None:
    request = Signer().sign()
    day = f"{signed_at(request):%Y%m%d}"
    moved = request.get("authorization").replace(f"/{day}/", "/20300501/")
    assert fault_of(with_header(request, "authorization", moved)) == "wrong-scope"


@pytest.mark.parametrize(
    "stamp",
    [
        *("", "20300501", "2030-05-01T12:00:00Z", "20301301T120000Z", "20300501T120000"),
        *("20300501T120000Z\n", "203005 1T120000Z", "Wed, 01 May 2030 12:00:00 GMT", "\u0662" * 8),
    ],
)
def test_a_time_is_written_in_one_way(stamp: str) -> None:
    request = with_header(Signer().sign(), "x-amz-date", stamp)
    with pytest.raises(SignatureError) as refused:
        verify(request, now=signed_at(Signer().sign()))
    assert refused.value.fault is SignatureFault.MALFORMED


def test_a_time_in_the_header_date_alone_is_none() -> None:
    request = Signer().sign(headers=HEADERS | {"Date": "now"})
    assert request.get("x-amz-date") == ""
    assert fault_of(request, now=signed_at(Signer().sign())) == "malformed"


@pytest.mark.parametrize(
    ("signer", "said"),
    [
        (Signer(region="eu-west-1"), "region_name='us-east-1'"),
        (Signer(service="s3"), "correct service: 'rekognition'"),
    ],
)
def test_a_signature_for_elsewhere_says_what_to_set(signer: Signer, said: str) -> None:
    assert fault_of(signer.sign()) == "wrong-scope"
    assert said in told_of(signer.sign())


@pytest.mark.parametrize("part", [REGION, SERVICE])
def test_a_signature_for_elsewhere_is_not_renamed(part: str) -> None:
    elsewhere = Signer(region="elsewhere") if part == REGION else Signer(service="elsewhere")
    request = elsewhere.sign()
    renamed = request.get("authorization").replace("/elsewhere/", f"/{part}/")
    assert fault_of(with_header(request, "authorization", renamed)) == "wrong"


def test_a_wrong_secret_is_told_as_amazon_tells_it() -> None:
    request = Signer(secret="another").sign()  # noqa: S106
    assert fault_of(request) == "wrong"
    assert told_of(request).startswith("The request signature we calculated does not match")


def test_no_error_says_what_would_be_right() -> None:
    request = Signer(secret="another").sign()  # noqa: S106
    right = Signer().sign().get("authorization").rpartition("=")[2]
    assert right not in told_of(request)
    assert SECRET not in told_of(request)


def test_a_token_of_passing_credentials_is_refused_in_words() -> None:
    request = Signer(token="passing").sign()  # noqa: S106
    assert fault_of(request) == "malformed"
    assert "AWS_SESSION_TOKEN" in told_of(request)


@pytest.mark.parametrize(
    "query",
    [
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x&X-Amz-Signature=0",
        "x-amz-signature=0",
        "X%2DAmz%2DSignature=0",
    ],
)
def test_an_address_that_was_signed_beforehand_is_refused_in_words(query: str) -> None:
    request = Signer().sign(url=f"https://mien.example/?{query}")
    assert fault_of(request) == "malformed"
    assert "sign each request" in told_of(without(request, "authorization"))


@pytest.mark.parametrize(
    "digest", ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "", "0" * 64]
)
def test_a_body_is_always_signed(digest: str) -> None:
    request = Signer().sign(headers=HEADERS | {"X-Amz-Content-SHA256": digest})
    assert fault_of(request) == "wrong"
    assert "digest of the body" in told_of(request)


def test_a_client_that_leaves_the_body_out_is_refused() -> None:
    request = Signer().sign(context={"payload_signing_enabled": False})
    assert request.get("x-amz-content-sha256") == "UNSIGNED-PAYLOAD"
    assert fault_of(request) == "wrong"


@pytest.mark.parametrize("name", ["x-amz-target", "x-amz-date", "host"])
def test_what_decides_is_signed(name: str) -> None:
    """Also where the signature fits what it covers."""
    signed = Signer().sign(headers=HEADERS)
    bare = [one for one in ("content-type", "host", "x-amz-date", "x-amz-target") if one != name]
    full = "content-type;host;x-amz-date;x-amz-target"
    fewer = signed.get("authorization").replace(full, ";".join(bare))
    request = with_header(signed, "authorization", fewer)
    assert fault_of(request) == "wrong"
    assert told_of(request) == f"These headers must be signed: {name}."


def test_a_header_of_amazons_that_was_added_on_the_way_is_refused() -> None:
    request = with_header(Signer().sign(), "x-amz-meta", "1")
    assert told_of(request) == "These headers must be signed: x-amz-meta."


@pytest.mark.parametrize("name", ["content-type", "x-note"])
def test_what_was_signed_is_sent(name: str) -> None:
    request = Signer().sign(headers=HEADERS | {"X-Note": "a"})
    assert told_of(without(request, name)) == f"These headers were signed and not sent: {name}."


@pytest.mark.parametrize("name", ["host", "x-amz-date", "x-amz-target", "authorization"])
def test_what_decides_is_said_once(name: str) -> None:
    request = Signer().sign()
    twice = replace(request, headers=[*request.headers, (name, request.get(name))])
    assert fault_of(twice, now=signed_at(request)) == "malformed"


def test_two_targets_are_not_signed_as_one() -> None:
    request = Signer().sign(more=[("X-Amz-Target", "RekognitionService.DeleteFaces")])
    assert fault_of(request) == "malformed"


HEADER = Signer().sign().get("authorization")


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        ("", "missing"),
        ("Bearer mien_secret", "missing"),
        ("aws4-hmac-sha256 Credential=x", "missing"),
        ("AWS4-ECDSA-P256-SHA256 Credential=x", "missing"),
        ("AWS4-HMAC-SHA256", "malformed"),
        ("AWS4-HMAC-SHA256 Credential=x", "malformed"),
        (HEADER.replace("Signature=", "Signature="[:-1]), "malformed"),
        (HEADER.replace(KEY_ID, ""), "malformed"),
        (HEADER.replace(KEY_ID, KEY_ID + "\u0660"), "malformed"),
        (HEADER.replace("host;", "Host;"), "malformed"),
        (HEADER.replace("content-type;host", "host;content-type"), "malformed"),
        (HEADER.replace("host;", "host;host;"), "malformed"),
        (HEADER.replace("aws4_request", "aws5_request"), "malformed"),
        (HEADER + ", Signature=" + "0" * 64, "malformed"),
        (HEADER[:-1], "malformed"),
        (HEADER[:-64] + HEADER[-64:].upper().replace("0", "A"), "malformed"),
    ],
    ids=range(16),
)
def test_what_is_no_signature_is_told_apart(header: str, fault: str) -> None:
    assert fault_of(with_header(Signer().sign(), "authorization", header)) == fault


def test_the_header_may_be_written_without_blanks() -> None:
    request = Signer().sign()
    verify(with_header(request, "authorization", request.get("authorization").replace(", ", ",")))


def test_the_secret_and_the_signature_are_not_shown() -> None:
    request = Signer().sign()
    signature = verify(request)
    assert signature.signature not in repr(signature)
    assert BODY.decode() not in repr(request)


def _change(text: str, *, at: int, by: int) -> str:
    place = at % len(text)
    return text[:place] + chr(ord(text[place]) ^ by) + text[place + 1 :]


PARTS = ("method", "path", "query", "body", *sorted({*HEADERS, "host", "x-amz-date"}))


@given(st.sampled_from(PARTS), st.integers(0, 2**16), st.integers(1, 127))
def test_no_byte_can_be_changed(part: str, at: int, by: int) -> None:
    """But in the amount of blanks: those are squeezed, and none of these values holds one."""
    request = Signer().sign(url=f"{SEARCH}/a%20b?one=1")
    now = signed_at(request)
    if part == "body":
        changed = replace(request, body=_change(BODY.decode(), at=at, by=by).encode())
    elif part in ("method", "path", "query"):
        value = _change(getattr(request, part), at=at, by=by)
        changed = replace(request, **{part: value})  # type: ignore[arg-type]
    else:
        value = _change(request.get(part.lower()), at=at, by=by)
        changed = with_header(request, part.lower(), value)
        blanks = changed.get(part.lower()) != changed.get(part.lower()).strip(" \t")
        if not request.get(part.lower()) or blanks:
            return
    with pytest.raises(SignatureError):
        verify(changed, now=now)


@given(st.integers(0, 2**16), st.integers(1, 127))
def test_no_byte_of_the_signature_can_be_changed(at: int, by: int) -> None:
    request = Signer().sign()
    header = _change(request.get("authorization"), at=at, by=by)
    try:
        signature = verify(with_header(request, "authorization", header), now=signed_at(request))
    except SignatureError:
        return
    # Then it is another key's, whose secret would not fit.
    assert signature.access_key_id != KEY_ID


TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


@given(
    values=st.dictionaries(TEXT.filter(str.isalnum), TEXT, max_size=4),
    body=st.binary(max_size=64),
    blanks=st.integers(1, 4),
)
def test_whatever_botocore_signs_is_believed(
    values: dict[str, str], body: bytes, blanks: int
) -> None:
    own = {f"X-Own-{name}": (" " * blanks).join(value) for name, value in values.items()}
    for signer in (Signer(), S3):
        verify(signer.sign(headers=HEADERS | own, body=body))
