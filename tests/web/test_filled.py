"""A form as somebody filled it in: what is read of it, and what is told at which field."""

from __future__ import annotations

import io
from datetime import date
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData, UploadFile

from mien.errors import CatalogError, ConflictError, NotFoundError, SettingsError
from mien.web.filled import WHOLE, Filled, go

NEEDED = "This is needed."


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def typed(*pairs: tuple[str, str | UploadFile]) -> Filled:
    return Filled(FormData(list(pairs)))


def handed(name: str, content: bytes) -> UploadFile:
    return UploadFile(io.BytesIO(content), filename=name)


def test_a_new_form_is_empty_and_right() -> None:
    form = Filled()
    assert (form.is_sound, form.status, form.text("name"), form.many("name")) == (True, 200, "", [])
    assert (form.lines("name"), form.day("day"), form.number("days", most=9)) == ([], None, None)
    assert form.file("photo", max_bytes=1) is None
    assert form.is_sound


def test_a_form_with_an_error_is_shown_again_as_one_that_cannot_be_taken() -> None:
    form = Filled()
    form.text("name", is_needed=True)
    assert (form.is_sound, form.status, form.errors) == (False, 422, {"name": NEEDED})


def test_blanks_around_a_text_and_the_ends_of_lines_of_windows_go() -> None:
    assert typed(("name", "  Ann\r\nEk \r\n")).text("name") == "Ann\nEk"


@pytest.mark.parametrize("blank", ["", " ", "\t", "\r\n", "\u2003"])
def test_what_is_needed_is_more_than_blanks(blank: str) -> None:
    form = typed(("name", blank))
    assert form.text("name", is_needed=True) == ""
    assert form.errors == {"name": NEEDED}


def test_a_file_is_no_text() -> None:
    form = typed(("name", handed("a.txt", b"a")))
    assert form.text("name", is_needed=True) == ""
    assert form.many("name") == []
    assert form.errors == {"name": NEEDED}


def test_a_text_is_no_file() -> None:
    assert typed(("photo", "a.png")).file("photo", max_bytes=10) is None


def test_of_several_values_a_text_is_one_and_many_are_all() -> None:
    form = typed(("use", "a"), ("use", "b"), ("use", handed("c", b"c")))
    assert form.many("use") == ["a", "b"]


def test_lines_are_those_that_say_something() -> None:
    assert typed(("what", " a \r\n\r\n  \n b\n")).lines("what") == ["a", "b"]
    form = typed(("what", "\n \n"))
    assert form.lines("what", is_needed=True) == []
    assert form.errors == {"what": NEEDED}


def test_a_choice_is_one_of_those_that_there_are() -> None:
    assert typed(("colour", "red")).word(Colour, "colour") is Colour.RED
    for wrong in ("", "RED", "green", "red,blue"):
        form = typed(("colour", wrong))
        assert form.word(Colour, "colour") is None
        assert form.errors == {"colour": "Choose one of these."}


def test_of_several_choices_those_that_there_are_count_and_one_is_needed() -> None:
    form = typed(("colour", "blue"), ("colour", "green"), ("colour", "red"))
    assert form.words(Colour, "colour") == [Colour.BLUE, Colour.RED]
    form = typed(("colour", "green"))
    assert form.words(Colour, "colour") == []
    assert form.errors == {"colour": "Choose at least one of these."}


def test_a_day_is_written_as_browsers_send_it() -> None:
    assert typed(("until", "2031-12-31")).day("until") == date(2031, 12, 31)
    for wrong in ("31.12.2031", "2031-02-30", "tomorrow", "0000-01-01", "10000-01-01"):
        form = typed(("until", wrong))
        assert form.day("until") is None, wrong
        assert form.errors == {"until": "Write a day as 2031-12-31."}


def test_a_day_that_is_needed_is_missed_once() -> None:
    form = typed(("until", ""))
    assert form.day("until", is_needed=True) is None
    assert form.errors == {"until": NEEDED}


@given(st.integers(1, 36_500), st.integers(0, 12))
def test_a_number_within_its_bounds_is_read_however_many_zeros_stand_before_it(
    number: int, zeros: int
) -> None:
    form = typed(("days", f"{'0' * zeros}{number}"))
    assert form.number("days", most=36_500) == number
    assert form.is_sound


@given(st.integers(36_501, 10**40), st.integers(0, 12))
def test_a_number_beyond_its_bounds_is_none_however_many_zeros_stand_before_it(
    number: int, zeros: int
) -> None:
    form = typed(("days", f"{'0' * zeros}{number}"))
    assert form.number("days", most=36_500) is None
    assert form.errors == {"days": "Write a whole number from 1 to 36,500."}


@pytest.mark.parametrize(
    "wrong", ["0", "000", "-1", "+1", "1.5", "1e3", "1_000", "٣", "²", "one", "1 2", "9" * 5000]
)
def test_what_is_no_number_from_1_on_is_told(wrong: str) -> None:
    form = typed(("days", wrong))
    assert form.number("days", most=90) is None
    assert form.errors == {"days": "Write a whole number from 1 to 90."}


@given(st.text(max_size=30))
def test_no_text_at_all_breaks_the_reading_of_a_number(text: str) -> None:
    found = typed(("days", text)).number("days", most=366)
    assert found is None or 1 <= found <= 366


def test_a_file_has_its_name_and_its_bytes() -> None:
    form = typed(("photo", handed("a.png", b"12345")))
    assert form.file("photo", max_bytes=5) == ("a.png", b"12345")


def test_a_file_of_one_byte_too_many_is_told_and_not_taken() -> None:
    form = typed(("photo", handed("a.png", b"123456")))
    assert form.file("photo", max_bytes=5) is None
    assert form.errors == {"photo": "The file is larger than 5 bytes."}


def test_a_field_for_a_file_in_which_none_was_chosen_is_empty() -> None:
    form = typed(("photo", handed("", b"")))
    assert form.file("photo", max_bytes=5) is None
    assert form.is_sound


@pytest.mark.parametrize("error", [SettingsError, ConflictError])
def test_what_somebody_at_the_form_can_mend_is_told_there(error: type[Exception]) -> None:
    form = Filled()
    with form.telling("name"):
        raise error("Another one, please.")
    assert form.errors == {"name": "Another one, please."}


def test_a_refusal_of_the_whole_form_has_no_field() -> None:
    form = Filled()
    with form.telling():
        raise SettingsError("No.")
    assert form.errors == {WHOLE: "No."}


@pytest.mark.parametrize("error", [NotFoundError, CatalogError, ValueError])
def test_what_nobody_at_the_form_can_mend_is_raised(error: type[Exception]) -> None:
    form = Filled()
    with pytest.raises(error), form.telling("name"):
        raise error("Elsewhere.")
    assert form.is_sound


def test_the_first_thing_that_was_wrong_with_a_field_stays() -> None:
    form = typed(("name", ""))
    form.text("name", is_needed=True)
    with form.telling("name"):
        raise SettingsError("And this.")
    assert form.errors == {"name": NEEDED}


def test_after_a_form_the_browser_asks_for_the_next_page() -> None:
    answer = go("/grants")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/grants")
