"""A form that was filled in, read within limits and kept in memory: no file of it is written."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Depends
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from mien.http.problem import ProblemError

_MOST_FIELDS = 40
_FIELD_BYTES = 32 * 1024


@dataclass(frozen=True, slots=True)
class Form:
    """What was written, and the content of files, both by the names of their fields."""

    texts: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Empty where the field was left out."""
        return self.texts.get(name, "")

    def file(self, name: str) -> bytes:
        """Empty where nothing was chosen."""
        return self.files.get(name, b"")

    def is_ticked(self, name: str) -> bool:
        return name in self.texts


def reads_form(*, max_bytes: int) -> Any:  # noqa: ANN401  (FastAPI's own)
    """The dependency of a route that takes a form of at most so many bytes, and one file."""
    return Depends(_reader(max_bytes))


def _reader(max_bytes: int) -> Callable[[Request], Awaitable[Form]]:
    async def read(request: Request) -> Form:
        return await _read(request, max_bytes)

    return read


async def _read(request: Request, max_bytes: int) -> Form:
    kind = request.headers.get("Content-Type", "")
    stream = _limited(request.stream(), max_bytes)
    if kind.startswith("multipart/form-data"):
        parser = MultiPartParser(
            request.headers,
            stream,
            max_files=1,
            max_fields=_MOST_FIELDS,
            max_part_size=_FIELD_BYTES,
        )
        parser.spool_max_size = max_bytes  # more than ever comes: nothing of it goes to a disk
        return await _parse(parser)
    content = b"".join([part async for part in stream])
    try:
        pairs = parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise _malformed() from error
    return Form(dict(pairs))


async def _parse(parser: MultiPartParser) -> Form:
    try:
        parsed = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError) as error:
        raise _malformed() from error
    texts: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for name, value in parsed.multi_items():
        if isinstance(value, UploadFile):
            files[name] = await value.read()
        else:
            texts[name] = value
    await parsed.close()
    return Form(texts, files)


async def _limited(stream: AsyncIterator[bytes], max_bytes: int) -> AsyncGenerator[bytes, None]:
    seen = 0
    async for part in stream:
        seen += len(part)
        if seen > max_bytes:
            raise ProblemError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "too-many-bytes",
                f"That is more than {max_bytes // 2**20} MB. Choose a smaller photo.",
            )
        yield part


def _malformed() -> ProblemError:
    return ProblemError(
        HTTPStatus.BAD_REQUEST,
        "malformed-form",
        "The form could not be read. Open the page again and send it once more.",
    )
