"""What somebody typed: read field by field, kept as it was, and refused where it stands."""

from __future__ import annotations

import io
from datetime import date

import pytest
from starlette.datastructures import FormData, Headers, UploadFile

from mien.errors import (
    AuditError,
    ConflictError,
    MienError,
    NotFoundError,
    PhotoError,
    SettingsError,
    VaultError,
)
from mien.permission.basis import Basis
from mien.web.filled import WHOLE, Filled


def filled(*fields: tuple[str, str | UploadFile]) -> Filled:
    return Filled(FormData(list(fields)))


def letter(content: bytes, name: str = "letter.pdf") -> UploadFile:
    return UploadFile(io.BytesIO(content), filename=name, headers=Headers())


def test_a_new_form_is_sound_and_empty() -> None:
    form = Filled()
    assert form.is_sound
    assert (form.status, form.text("name"), form.many("uses"), form.lines("what")) == (
        200,
        "",
        [],
        [],
    )


def test_a_text_has_no_blanks_around_it_and_plain_line_ends() -> None:
    form = filled(("what", "  one \r\n\r\n two\t "))
    assert form.text("what") == "one \n\n two"
    assert form.lines("what") == ["one", "two"]
    assert form.is_sound


def test_what_is_needed_and_lacking_is_told() -> None:
    form = filled(("name", " "))
    assert form.text("name", is_needed=True) == ""
    assert form.lines("what", is_needed=True) == []
    assert form.day("until", is_needed=True) is None
    assert form.errors == dict.fromkeys(("name", "what", "until"), "This is needed.")
    assert form.status == 422


def test_a_file_is_no_text_and_a_text_no_file() -> None:
    form = filled(("letter", letter(b"I allow it.")), ("photo", "me.png"))
    assert form.text("letter") == ""
    assert form.many("letter") == []
    assert form.file("photo", max_bytes=99) is None
    assert form.file("letter", max_bytes=99) == ("letter.pdf", b"I allow it.")
    assert form.is_sound


def test_a_file_that_was_not_chosen_is_none() -> None:
    assert filled(("letter", letter(b"", name=""))).file("letter", max_bytes=9) is None


def test_a_file_that_is_too_large_is_refused() -> None:
    form = filled(("letter", letter(b"x" * 10)))
    assert form.file("letter", max_bytes=9) is None
    assert form.errors == {"letter": "The file is larger than 9 bytes."}


def test_words_are_those_that_there_are() -> None:
    form = filled(("basis", "household"), ("other", "none"))
    assert form.word(Basis, "basis") is Basis.HOUSEHOLD
    assert form.word(Basis, "other") is None
    assert form.word(Basis, "none") is None
    assert form.errors.keys() == {"other", "none"}


def test_of_several_words_those_unknown_are_left_out() -> None:
    form = filled(("basis", "household"), ("basis", "magic"), ("basis", "enrolled_only"))
    assert form.words(Basis, "basis") == [Basis.HOUSEHOLD, Basis.ENROLLED_ONLY]
    assert form.words(Basis, "other") == []
    assert form.errors == {"other": "Choose at least one of these."}


@pytest.mark.parametrize(
    ("text", "day"),
    [("2031-12-31", date(2031, 12, 31)), ("", None), ("31.12.2031", None), ("2031-02-30", None)],
)
def test_days(text: str, day: date | None) -> None:
    form = filled(("until", text))
    assert form.day("until") == day
    assert form.is_sound is (day is not None or not text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), (" 90 ", 90), ("100", 100), ("", None)]
    + [(wrong, None) for wrong in ("0", "101", "-1", "1.5", "seven", "\u0667", "9" * 5000)],
)
def test_numbers(text: str, number: int | None) -> None:
    form = filled(("days", text))
    assert form.number("days", most=100) == number
    assert form.is_sound is (number is not None or not text)


@pytest.mark.parametrize(
    "error",
    [SettingsError("Say why."), ConflictError("It is taken."), PhotoError("no-face", "Nobody.")],
)
def test_what_mien_refuses_is_kept_as_an_error(error: MienError) -> None:
    form = Filled()
    with form.telling("name"):
        raise error
    with form.telling():
        raise error
    assert form.errors == {"name": str(error), WHOLE: str(error)}


@pytest.mark.parametrize(
    "error",
    [NotFoundError("Nothing."), AuditError("Broken."), VaultError("Shut."), ZeroDivisionError()],
)
def test_what_nobody_at_the_form_can_mend_is_raised(error: Exception) -> None:
    form = Filled()
    with pytest.raises(type(error)), form.telling():
        raise error
    assert form.is_sound


def test_the_first_error_of_a_field_counts() -> None:
    form = filled(("days", "x"))
    form.number("days", most=9)
    first = dict(form.errors)
    with form.telling("days"):
        raise SettingsError("Another one.")
    assert form.errors == first
