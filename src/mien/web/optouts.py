"""The pages of opt-outs: keep out a person, a photo or a place; the list; and lifting one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, UploadFile
from starlette.responses import Response

from mien.errors import NotFoundError, PhotoError, SettingsError
from mien.http.asking import Asking, needs
from mien.permission.caller import Operation
from mien.permission.scope import is_scope
from mien.permission.suppression import STRICTEST_FMR, USUAL_FMR
from mien.service.erase import PhotoTarget
from mien.service.erasure_book import ErasureBook
from mien.service.evidence import HandedFile, Words
from mien.service.optout import OptOut, OptOutReport, is_sha256
from mien.service.optout_face import find_boxes
from mien.service.optouts import OptOuts
from mien.web.filled import Filled, Typed, go
from mien.web.show import show, show_file

router = APIRouter(include_in_schema=False)

Handling = Annotated[Asking, needs(Operation.CASE)]

_MOST_FACES = 1000
_FMR = {"usual": USUAL_FMR, "strict": STRICTEST_FMR}


@router.get("/opt-outs")
def list_optouts(asking: Handling, *, told: str = "", photo: str = "") -> Response:
    """Who and what is kept out, the newest first; of faces nothing is shown.

    Whoever comes from a photo goes on to the form for it.
    """
    if is_sha256(photo):
        return go(f"/opt-outs/photo/{photo.lower()}")
    found = _open_optouts(asking).list()
    return show("optouts", asking=asking, optouts=found[::-1], told=told)


@router.get("/opt-outs/person")
def ask_for_person(asking: Handling) -> Response:
    """The form to keep somebody out by their face."""
    _open_optouts(asking)
    return _show_person(asking, Filled())


@router.post("/opt-outs/person")
def keep_person_out(asking: Handling, typed: Typed) -> Response:
    """Keeps somebody out, and erases every face like theirs."""
    optouts, most = _open_optouts(asking), asking.library.parts.max_file_bytes
    photo = typed.file("photo", max_bytes=most)
    if photo is None:
        typed.errors.setdefault("photo", "Choose a photo of the person.")
    face, fmr = _read_face(typed), _FMR.get(typed.text("fmr"), USUAL_FMR)
    consent = _read_consent(typed, most=most)

    def do() -> OptOutReport:
        content = photo[1] if photo else b""
        if face is None:
            _check_alone(asking, content)
        return optouts.face(content, consent=consent, face=face, fmr=fmr)

    return _keep_out(asking, do, form=typed) or _show_person(asking, typed)


@router.post("/opt-outs/faces")
def find_faces(asking: Handling, photo: UploadFile) -> Mapping[str, Any]:
    """Where the faces in a photo are, the largest first, as shares of its sides; not kept."""
    _open_optouts(asking)
    parts = asking.library.parts
    content = photo.file.read(parts.max_file_bytes + 1)
    if len(content) > parts.max_file_bytes:
        raise PhotoError("too-many-bytes", f"The photo is larger than {parts.max_file_bytes:,} B.")
    with asking.site.turnstile.enter():
        boxes = find_boxes(parts.deployment, content, threads=parts.workers)
    sides = [
        {"left": box.x1, "top": box.y1, "width": box.width, "height": box.height} for box in boxes
    ]
    return {"faces": sides}


@router.get("/opt-outs/photo")
def ask_for_photo(asking: Handling) -> Response:
    """The form to keep a photo out."""
    _open_optouts(asking)
    return _show_photo(asking, Filled())


@router.get("/opt-outs/photo/{sha256}")
def ask_for_held_photo(asking: Handling, sha256: str) -> Response:
    """The same for a photo that is held here: what would go, and one button."""
    _open_optouts(asking)
    if not is_sha256(sha256):
        raise NotFoundError("A photo is known by the 64 hexadecimal digits of its SHA-256.")
    return _show_photo(asking, Filled(), sha256=sha256.lower())


@router.post("/opt-outs/photo")
def keep_photo_out(asking: Handling, typed: Typed) -> Response:
    """Keeps a photo out, and copies that look the same; erases what is held of it."""
    optouts = _open_optouts(asking)
    photo = typed.file("photo", max_bytes=asking.library.parts.max_file_bytes)
    sha256 = typed.text("sha256").lower()
    if photo is None and not sha256:
        typed.errors.setdefault("sha256", "Choose a photo, or write the number of one held here.")
    elif photo is None and not is_sha256(sha256):
        typed.errors["sha256"] = "The number of a photo has 64 hexadecimal digits."

    def do() -> OptOutReport:
        return optouts.item(photo[1] if photo else sha256)

    return _keep_out(asking, do, form=typed) or _show_photo(asking, typed)


@router.get("/opt-outs/place")
def ask_for_place(asking: Handling) -> Response:
    """The form to keep out whatever lies somewhere."""
    _open_optouts(asking)
    return show("optout_place", asking=asking, form=Filled())


@router.post("/opt-outs/place")
def keep_place_out(asking: Handling, typed: Typed) -> Response:
    """Keeps out whatever lies there or below, and erases what was found there."""
    optouts, place = _open_optouts(asking), typed.text("place", is_needed=True)
    if place and not place.startswith("/") and not is_scope(place):
        typed.errors["place"] = "Write a link, as https://example.org/album/, or /a/folder."

    def do() -> OptOutReport:
        return optouts.source(place)

    shown = _keep_out(asking, do, form=typed)
    return shown or show("optout_place", asking=asking, status=typed.status, form=typed)


@router.get("/opt-outs/{optout_id}")
def show_optout(asking: Handling, optout_id: UUID, *, erasure: UUID | None = None) -> Response:
    """One opt-out, and what was erased when it was made."""
    optout = _get(asking, optout_id)
    erased: Mapping[str, int] = {}
    if erasure is not None:
        certificate = ErasureBook(asking.library.parts).get(str(erasure)).certificate
        erased = json.loads(certificate)["certificate"]["erased"]
    return show("optout", asking=asking, optout=optout, erasure=erasure, erased=erased)


@router.get("/opt-outs/certificates/{erasure_id}")
def get_certificate(asking: Handling, erasure_id: UUID) -> Response:
    """The signed certificate of what was erased."""
    _open_optouts(asking)
    certified = ErasureBook(asking.library.parts).get(str(erasure_id))
    return show_file(certified.certificate.encode(), name=f"certificate-{erasure_id}.json")


@router.get("/opt-outs/{optout_id}/lift")
def ask_to_lift(asking: Handling, optout_id: UUID) -> Response:
    """What it means to lift one, before it is done."""
    return show("optout_lift", asking=asking, optout=_get(asking, optout_id), form=Filled())


@router.post("/opt-outs/{optout_id}/lift")
def lift_optout(asking: Handling, optout_id: UUID, *, typed: Typed) -> Response:
    """Whoever asked for it changed their mind: nothing of it is kept."""
    optout, reason = _get(asking, optout_id), typed.text("reason", is_needed=True)
    if typed.is_sound:
        with typed.telling():
            asking.library.optouts().lift(optout.optout_id, reason=reason)
            return go("/opt-outs?told=lifted")
    return show("optout_lift", asking=asking, status=typed.status, optout=optout, form=typed)


def _open_optouts(asking: Asking) -> OptOuts:
    """What is kept out is kept out everywhere, so it is for those who may reach everything."""
    asking.check_everywhere()
    return asking.library.optouts()


def _get(asking: Asking, optout_id: UUID) -> OptOut:
    for one in _open_optouts(asking).list():
        if one.optout_id == str(optout_id):
            return one
    raise NotFoundError(f"There is no opt-out {optout_id}.")


def _keep_out(asking: Asking, do: Callable[[], OptOutReport], *, form: Filled) -> Response | None:
    """To the page of what is kept out now; nothing where something is wrong with the form."""
    if not form.is_sound:
        return None
    with form.telling(), asking.site.turnstile.enter():
        report = do()
        path = f"/opt-outs/{report.optouts[0].optout_id}"
        return go(path if report.erasure is None else f"{path}?erasure={report.erasure.erasure_id}")
    return None


def _show_person(asking: Asking, form: Filled) -> Response:
    return show("optout_person", asking=asking, status=form.status, form=form)


def _show_photo(asking: Asking, form: Filled, *, sha256: str = "") -> Response:
    return show(
        "optout_photo",
        asking=asking,
        status=form.status,
        form=form,
        sha256=sha256,
        meant=_preview(asking, sha256) if sha256 else {},
    )


def _preview(asking: Asking, sha256: str) -> Mapping[str, int]:
    with suppress(NotFoundError, SettingsError):
        return ErasureBook(asking.library.parts).preview(PhotoTarget(sha256))
    return {}


def _check_alone(asking: Asking, content: bytes) -> None:
    """Of several people in a photo, somebody has to say who is meant."""
    parts = asking.library.parts
    number = len(find_boxes(parts.deployment, content, threads=parts.workers))
    if number > 1:
        raise SettingsError(
            f"The photo shows {number} faces. Choose one in the picture below, or hand in a "
            "photo of that person alone."
        )


def _read_face(typed: Filled) -> int | None:
    """Which of several, as it was chosen in the picture."""
    text = typed.text("face")
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(_MOST_FACES)):
        typed.errors["photo"] = "Choose one of the faces in the photo."
        return None
    return int(text)


def _read_consent(typed: Filled, *, most: int) -> Words | HandedFile:
    """What shows that they want it: their letter, or words that say where it is kept."""
    words, letter = typed.text("consent"), typed.file("letter", max_bytes=most)
    if not words and letter is None:
        typed.errors.setdefault("consent", "Say how you know that they want it.")
    return Words(words) if letter is None else HandedFile(*letter)
