"""A token goes on in the list that it was made for, for the key that it was made for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mien.library import Library
from mien.rekognition.call import Call
from mien.rekognition.errors import Code, ServiceError
from mien.rekognition.tokens import make_token, read_token
from rekognition.client import Key
from server.door import make_site
from service.stage import Stage

_LONGEST, _HIGHEST = 255, 2**53 - 1


def call_of(library: Library) -> Call:
    access = Key("g", "research").as_access()
    return Call(site=make_site(library), caller=access.caller, terms=access.terms)


def test_a_token_leads_back_to_its_place_and_no_token_to_the_beginning(stage: Stage) -> None:
    with stage.open() as library:
        call = call_of(library)
        token = make_token(call, _HIGHEST, operation="ListFaces", collection_id="c" * _LONGEST)
        assert len(token) <= _LONGEST
        assert (
            read_token(call, token, operation="ListFaces", collection_id="c" * _LONGEST) == _HIGHEST
        )
        assert read_token(call, "", operation="ListFaces") == 0


def test_a_token_says_nothing(stage: Stage) -> None:
    with stage.open() as library:
        call = call_of(library)
        first, again = (make_token(call, 7, operation="ListFaces") for _ in range(2))
    assert first != again


@pytest.mark.parametrize("changed", ["operation", "collection", "key"])
def test_a_token_fits_no_other_list_and_no_other_key(stage: Stage, changed: str) -> None:
    with stage.open() as library:
        call = call_of(library)
        token = make_token(call, 7, operation="ListFaces", collection_id="people")
        asked = {"operation": "ListFaces", "collection_id": "people"}
        if changed == "operation":
            asked["operation"] = "ListUsers"
        elif changed == "collection":
            asked["collection_id"] = "others"
        else:
            call = replace(call, caller=replace(call.caller, actor="access-key:ANOTHER"))
        with pytest.raises(ServiceError) as refused:
            read_token(call, token, **asked)
    assert (refused.value.code, refused.value.message) == (
        Code.INVALID_PAGE,
        "Invalid Pagination Token",
    )


@pytest.mark.parametrize("text", ["x", "none", "ÄÖÜ", "A" * 255, "=", " "])
def test_what_was_never_given_out_is_no_token(stage: Stage, text: str) -> None:
    with stage.open() as library, pytest.raises(ServiceError) as refused:
        read_token(call_of(library), text, operation="ListFaces")
    assert refused.value.code is Code.INVALID_PAGE


def test_a_token_that_was_changed_anywhere_is_none(stage: Stage) -> None:
    with stage.open() as library:
        call = call_of(library)
        token = make_token(call, 7, operation="ListFaces")
        for place in range(0, len(token), 7):
            other = "A" if token[place] != "A" else "B"
            changed = token[:place] + other + token[place + 1 :]
            with pytest.raises(ServiceError):
                read_token(call, changed, operation="ListFaces")
