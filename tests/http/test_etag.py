"""ETags: what is known is not sent, what was changed is not overwritten."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from mien.http.etag import answer, check_unchanged, is_known, make_etag
from mien.http.problem import ProblemError

TAG = make_etag("one", b"two")


def asking(**headers: str) -> Request:
    raw = [(name.replace("_", "-").lower().encode(), v.encode()) for name, v in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": raw})


def test_equal_parts_make_the_same_tag_and_others_another() -> None:
    assert make_etag("one", "two") == TAG
    others = [make_etag(*parts) for parts in (("onetwo",), ("on", "etwo"), ("two", "one"), ())]
    assert len({TAG, *others}) == 5
    assert TAG.startswith('"')
    assert TAG.endswith('"')


@pytest.mark.parametrize("sent", [TAG, f"W/{TAG}", f'"other", {TAG}', "*"])
def test_what_the_reader_has_is_not_sent_again(sent: str) -> None:
    request = asking(If_None_Match=sent)
    assert is_known(request, TAG)
    told = answer(request, b"content", etag=TAG)
    assert (told.status_code, told.body, told.headers["ETag"]) == (304, b"", TAG)


@pytest.mark.parametrize("sent", ["", '"other"', TAG.strip('"')])
def test_anything_else_is_sent_in_full(sent: str) -> None:
    told = answer(asking(If_None_Match=sent), b"content", media_type="text/plain", etag=TAG)
    assert (told.status_code, told.body, told.headers["ETag"]) == (200, b"content", TAG)
    assert told.headers["Cache-Control"] == "private, no-cache"


def test_without_a_tag_of_its_own_the_content_makes_it() -> None:
    first, same, other = (answer(asking(), content) for content in (b"a", b"a", b"b"))
    assert first.headers["ETag"] == same.headers["ETag"] != other.headers["ETag"]


@pytest.mark.parametrize("sent", [TAG, f'"other", {TAG}', "*"])
def test_a_change_of_what_was_seen_goes_through(sent: str) -> None:
    check_unchanged(asking(If_Match=sent), TAG)


def test_whoever_does_not_ask_may_change_what_they_did_not_see() -> None:
    check_unchanged(asking(), TAG)


@pytest.mark.parametrize("sent", ['"older"', f"W/{TAG}", ""])
def test_a_change_of_something_else_is_refused(sent: str) -> None:
    with pytest.raises(ProblemError, match="Get it again") as raised:
        check_unchanged(asking(If_Match=sent), TAG)
    assert (raised.value.status, raised.value.code) == (412, "changed-meanwhile")
