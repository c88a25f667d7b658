"""A form as somebody filled it in: what they typed is kept, and each field has its own error."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from http import HTTPStatus
from types import TracebackType
from typing import Annotated, TypeVar
from unicodedata import category

from fastapi import Depends
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse

from mien.errors import MienError
from mien.http.problem import tell_error

Word = TypeVar("Word", bound=StrEnum)

WHOLE = ""
"""The name of an error that is about no single field."""

_LONGEST = 10_000
_REQUIRED = "This is needed."
_TOLD = {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT, HTTPStatus.FORBIDDEN}
"""What the person at the form can do something about; all else is told as everywhere."""


@dataclass(slots=True)
class Filled:
    """The fields as they were typed, and what is wrong with them; empty for a new form."""

    data: FormData = field(default_factory=FormData)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        return not self.errors

    @property
    def status(self) -> HTTPStatus:
        """Of the page that shows the form again."""
        return HTTPStatus.OK if self.is_sound else HTTPStatus.UNPROCESSABLE_ENTITY

    def text(self, name: str, *, is_needed: bool = False) -> str:
        """One line or several, without blanks around them."""
        value = self.data.get(name, "")
        text = value.strip().replace("\r\n", "\n") if isinstance(value, str) else ""
        if is_needed and not text:
            self.errors.setdefault(name, _REQUIRED)
        return text

    def many(self, name: str) -> list[str]:
        """Every value of a field that may be chosen several times."""
        return [value for value in self.data.getlist(name) if isinstance(value, str)]

    def lines(self, name: str, *, is_needed: bool = False) -> list[str]:
        """What stands on each line that is not empty."""
        text = self.text(name, is_needed=is_needed)
        return [line.strip() for line in text.split("\n") if line.strip()]

    def word(self, words: type[Word], name: str) -> Word | None:
        """The one that was chosen; nothing, with an error, where none was."""
        try:
            return words(self.text(name))
        except ValueError:
            self.errors.setdefault(name, "Choose one of these.")
            return None

    def words(self, words: type[Word], name: str) -> list[Word]:
        """All that were chosen, at least one."""
        known = set(words)
        chosen = [words(value) for value in self.many(name) if value in known]
        if not chosen:
            self.errors.setdefault(name, "Choose at least one of these.")
        return chosen

    def day(self, name: str, *, is_needed: bool = False) -> date | None:
        text = self.text(name, is_needed=is_needed)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self.errors.setdefault(name, "Write a day as 2031-12-31.")
            return None

    def number(self, name: str, *, most: int) -> int | None:
        """A whole number from 1 on; nothing where nothing was typed."""
        text = self.text(name)
        if not text:
            return None
        digits = text.lstrip("0")
        is_short = text.isascii() and digits.isdecimal() and len(digits) <= len(str(most))
        if is_short and int(digits) <= most:
            return int(digits)
        self.errors.setdefault(name, f"Write a whole number from 1 to {most:,}.")
        return None

    def file(self, name: str, *, max_bytes: int) -> tuple[str, bytes] | None:
        """Name and bytes of a file that was chosen."""
        upload = self.data.get(name)
        if not isinstance(upload, UploadFile) or not upload.filename:
            return None
        content = upload.file.read(max_bytes + 1)
        if len(content) > max_bytes:
            self.errors.setdefault(name, f"The file is larger than {max_bytes:,} bytes.")
            return None
        return upload.filename, content

    def telling(self, name: str = WHOLE) -> Telling:
        """While held, what Mien refuses is kept as the error of this field, or of the form."""
        return Telling(self.errors, name)


@dataclass(frozen=True, slots=True)
class Telling:
    """Keeps a refusal as an error, so that the form is shown again with it."""

    errors: dict[str, str]
    name: str

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, MienError) or tell_error(error).status not in _TOLD:
            return False
        self.errors.setdefault(self.name, str(error))
        return True


async def _read_form(request: Request) -> AsyncIterator[Filled]:
    async with request.form() as form:  # files that came along are gone with the answer
        texts = ((name, value) for name, value in form.multi_items() if isinstance(value, str))
        told = {name: _find_fault(value) for name, value in texts}
        yield Filled(form, {name: fault for name, fault in told.items() if fault})


def _find_fault(text: str) -> str:
    """What no field may hold, whichever it is."""
    if len(text) > _LONGEST:
        return f"This is longer than {_LONGEST:,} characters."
    is_plain = all(letter in "\r\n\t" or category(letter) != "Cc" for letter in text)
    return "" if is_plain else "This holds a sign that cannot be written. Type it anew."


Typed = Annotated[Filled, Depends(_read_form)]
"""What was typed, as an argument of a route; after the one that says who asks."""


def go(path: str) -> RedirectResponse:
    """To another page, after a form was taken in: to load it again does nothing twice."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
