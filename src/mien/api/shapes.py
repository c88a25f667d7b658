"""What the answers and bodies of all resources have in common."""

from __future__ import annotations

from typing import Annotated, BinaryIO, Generic, TypeVar
from urllib.parse import quote

from fastapi import UploadFile
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from mien.errors import PhotoError
from mien.http import etag
from mien.http.asking import Asking
from mien.service.evidence import HandedFile

Item = TypeVar("Item")

Line = Annotated[str, StringConstraints(max_length=500)]
"""A name, an address, a reference."""
Text = Annotated[str, StringConstraints(max_length=10_000)]
"""What somebody states, in their own words."""
Slug = Annotated[str, StringConstraints(max_length=100)]
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Address = Annotated[
    str,
    StringConstraints(max_length=2000, pattern=r"^[A-Za-z][A-Za-z0-9+.-]*://\S+$"),
    Field(examples=["https://photos.example.org/2030/"]),
]
"""An address with its scheme: what names no file of the server."""


class BodyIn(BaseModel):
    """A body that says nothing which is not known here."""

    model_config = ConfigDict(extra="forbid")


class PageOut(BaseModel, Generic[Item]):
    """A page of a list; `next_cursor` gets the next one, and is null at the end."""

    items: list[Item]
    next_cursor: str | None


def answer_tagged(request: Request, out: BaseModel) -> Response:
    """The thing with its ETag, or 304 where whoever asks has it already."""
    return etag.answer(request, format_body(out))


def format_body(out: BaseModel) -> bytes:
    """The bytes that an answer consists of, and its ETag is made of."""
    return out.model_dump_json().encode()


def answer_file(file: BinaryIO, *, name: str, media_type: str = "application/zip") -> Response:
    """A file to be saved; it is closed once it was sent."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}

    def read() -> object:
        with file:
            while block := file.read(1 << 16):
                yield block

    return StreamingResponse(read(), headers=headers, media_type=media_type)  # type: ignore[arg-type]


def read_upload(asking: Asking, upload: UploadFile) -> bytes:
    """What was handed in. Raises `PhotoError` where it is larger than a file may be."""
    most = asking.library.parts.max_file_bytes
    content = upload.file.read(most + 1)
    check_size(content, most_bytes=most)
    return content


def check_size(content: bytes, *, most_bytes: int) -> None:
    """Raises `PhotoError` for more than a file may have."""
    if len(content) > most_bytes:
        raise PhotoError(
            "too-many-bytes", f"A file may have {most_bytes:,} bytes. Hand in a smaller one."
        )


def hand_in(asking: Asking, upload: UploadFile) -> HandedFile:
    """The same with its name. Raises as `read_upload`."""
    return HandedFile(upload.filename or "unnamed", read_upload(asking, upload))
