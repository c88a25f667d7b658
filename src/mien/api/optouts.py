"""`/v1/opt-outs`: photos, sources and faces that stay out, for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, UploadFile
from pydantic import BaseModel, Field

from mien.api.erased import ErasureOut, describe_erasure, retell_erasure
from mien.api.shapes import (
    Address,
    BodyIn,
    PageOut,
    Sha256,
    Text,
    hand_in,
    read_upload,
)
from mien.catalog.audit import Json
from mien.errors import SettingsError
from mien.http.asking import Asking, needs
from mien.http.idempotency import Once
from mien.http.paging import Paged
from mien.permission.caller import Operation
from mien.service.audit import format_time
from mien.service.evidence import HandedFile, Words
from mien.service.optout import OptOut, OptOutReport
from mien.service.requests import Outcome

router = APIRouter(prefix="/v1/opt-outs", tags=["opt-outs"])


class OptOutOut(BaseModel):
    """What is kept out: a SHA-256 or an address; of a face nothing but that there is one."""

    optout_id: str
    level: str
    made_at: datetime
    kept_out: str | None
    fmr: float | None
    finds_copies: bool
    is_readable: bool


class OptOutsOut(PageOut[OptOutOut]):
    """What is kept out, in the order it was asked for."""


class OptedOutOut(BaseModel):
    """What is kept out from now on, and what of it was held and is erased, if anything was."""

    optouts: list[OptOutOut]
    erasure: ErasureOut | None


class ItemsIn(BodyIn):
    """Photos by the SHA-256 of their bytes."""

    photos: list[Sha256] = Field(min_length=1, max_length=100)


class PhotosIn(BodyIn):
    """Photos themselves; copies that look the same are known by them. None is kept."""

    photos: list[UploadFile] = Field(min_length=1, max_length=20)


class SourceIn(BodyIn):
    """Where photos lie."""

    address: Address


class FaceIn(BodyIn):
    """A photo of somebody who wants to be kept out, and what shows that they want it."""

    photo: UploadFile
    consent: Text = Field(default="", description="Words that say where their letter is kept.")
    consent_file: UploadFile | None = Field(default=None, description="Or the letter itself.")
    face: int | None = Field(default=None, ge=0, description="Which face; the largest is 0.")
    fmr: Literal["1e-3", "1e-2"] = Field(
        default="1e-3", description="How often a stranger may be kept out too; 1e-2 misses fewer."
    )


class LiftingIn(BodyIn):
    """Why an opt-out is lifted: who changed their mind, and how you know."""

    reason: Text = Field(min_length=1, pattern=r"\S")


_Handling = Annotated[Asking, needs(Operation.CASE)]


@router.get("")
def list_optouts(asking: _Handling, paging: Paged) -> OptOutsOut:
    """All that is kept out; of faces nothing is shown."""
    asking.check_everywhere()
    page, cursor = paging.cut(asking.library.optouts().list(), key=_sort_key)
    return OptOutsOut(items=[_describe(one) for one in page], next_cursor=cursor)


@router.post("/items", status_code=201)
def opt_out_items(asking: _Handling, body: ItemsIn, once: Once) -> OptedOutOut:
    """Keep photos out by their SHA-256; erase what is held of them."""
    return _opt_out(asking, once, make=lambda: asking.library.optouts().item(*body.photos))


@router.post("/photos", status_code=201)
def opt_out_photos(
    asking: _Handling,
    body: Annotated[PhotosIn, Form(media_type="multipart/form-data")],
    once: Once,
) -> OptedOutOut:
    """Keep photos out, and copies that look the same; erase what is held of them."""

    def make() -> OptOutReport:
        photos = [read_upload(asking, photo) for photo in body.photos]
        with asking.site.turnstile.enter():
            return asking.library.optouts().item(*photos)

    return _opt_out(asking, once, make=make)


@router.post("/sources", status_code=201)
def opt_out_source(asking: _Handling, body: SourceIn, once: Once) -> OptedOutOut:
    """Keep out whatever lies at an address or below it; erase what was found there."""
    return _opt_out(asking, once, make=lambda: asking.library.optouts().source(body.address))


@router.post("/faces", status_code=201)
def opt_out_face(
    asking: _Handling,
    body: Annotated[FaceIn, Form(media_type="multipart/form-data")],
    once: Once,
) -> OptedOutOut:
    """Keep somebody out by their face; erase every face that is like it."""

    def make() -> OptOutReport:
        consent = _read_consent(asking, body)
        photo = read_upload(asking, body.photo)
        with asking.site.turnstile.enter():
            return asking.library.optouts().face(
                photo, consent=consent, face=body.face, fmr=float(body.fmr)
            )

    return _opt_out(asking, once, make=make)


@router.post("/{optout_id}/lift")
def lift_optout(asking: _Handling, optout_id: UUID, body: LiftingIn) -> ErasureOut:
    """Erase an opt-out, because whoever asked for it changed their mind."""
    asking.check_everywhere()
    return describe_erasure(asking.library.optouts().lift(str(optout_id), reason=body.reason))


def _opt_out(asking: Asking, once: Once, *, make: Callable[[], OptOutReport]) -> OptedOutOut:
    asking.check_everywhere()
    done: list[OptOutReport] = []

    def keep_out() -> Outcome:
        report = make()
        done.append(report)
        ids: Json = [one.optout_id for one in report.optouts]
        erasure_id = report.erasure.erasure_id if report.erasure else None
        return Outcome(201, "/v1/opt-outs", {"optouts": ids, "erasure": erasure_id})

    outcome = once.do(asking, keep_out)
    if done:
        erased = describe_erasure(done[0].erasure) if done[0].erasure else None
        return OptedOutOut(optouts=[_describe(one) for one in done[0].optouts], erasure=erased)
    ids, erasure_id = outcome.facts["optouts"], outcome.facts["erasure"]
    kept = [one for one in asking.library.optouts().list() if one.optout_id in str(ids)]
    again = retell_erasure(asking, str(erasure_id)) if erasure_id else None
    return OptedOutOut(optouts=[_describe(one) for one in kept], erasure=again)


def _read_consent(asking: Asking, body: FaceIn) -> Words | HandedFile:
    upload, words = body.consent_file, body.consent.strip()
    if (upload is None) is not bool(words):
        raise SettingsError("Show that they want it in one way: by a file, or in words.")
    if upload is None:
        return Words(words)
    return hand_in(asking, upload)


def _sort_key(optout: OptOut) -> str:
    return f"{format_time(optout.made_at)} {optout.optout_id}"


def _describe(optout: OptOut) -> OptOutOut:
    return OptOutOut(
        optout_id=optout.optout_id,
        level=optout.level,
        made_at=optout.made_at,
        kept_out=optout.kept_out or None,
        fmr=optout.fmr,
        finds_copies=optout.finds_copies,
        is_readable=optout.is_readable,
    )
