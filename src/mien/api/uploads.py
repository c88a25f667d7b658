"""`/v1/uploads`: photos that are handed in, to lie sealed on a shelf of this home."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from mien.api.runs import RunOut, check_new_collection, describe_run
from mien.errors import ConflictError, VaultError
from mien.http.asking import Asking, needs
from mien.http.idempotency import KEY_HEADER, Write
from mien.http.limits import malformed_multipart, too_many
from mien.http.multipart import FormReader, MalformedFormError, find_boundary
from mien.http.problem import ProblemError, check
from mien.http.turnstile import BusyError
from mien.permission.caller import Operation
from mien.permission.quality import QualityFilter
from mien.service.collections import DEFAULT_COLLECTION
from mien.service.drafts import parse_word
from mien.service.grant_reach import check_known
from mien.service.long_run import Asked, RunKind
from mien.service.requests import Outcome
from mien.service.uploads import Reception, UploadDraft, judge_upload

router = APIRouter(prefix="/v1/uploads", tags=["runs"])

_FIELDS = ("grant", "collection", "shelf", "quality")
_AT_ONCE_BYTES = 1 << 20
_MARGIN_BYTES = 64 << 20
_CROWDED_S = 30

_BODY: Mapping[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["grant", "photos"],
                    "properties": {
                        "grant": {"type": "string", "description": "The id of the grant."},
                        "collection": {"type": "string", "default": DEFAULT_COLLECTION},
                        "shelf": {
                            "type": "string",
                            "description": "Where they come to lie: `wedding` for what the grant "
                            "covers as `upload:///wedding/`. Not needed if it covers one shelf.",
                        },
                        "quality": {
                            "type": "string",
                            "enum": [str(one) for one in QualityFilter],
                            "default": str(QualityFilter.NONE),
                        },
                        "photos": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                        },
                    },
                }
            }
        },
    }
}


@router.post("", status_code=HTTPStatus.ACCEPTED, openapi_extra=dict(_BODY))
async def hand_in(
    request: Request,
    response: Response,
    *,
    asking: Annotated[Asking, needs(Operation.ADD)],
    key: Annotated[str | None, Header(alias=KEY_HEADER, max_length=200)] = None,
) -> RunOut:
    """Hand in photos, to be added by a run under a grant.

    The fields come before the first photo: whether it may be handed in is asked before any of
    it is taken. What came is on the disk, sealed, when the answer is given.
    """
    boundary = find_boundary(request.headers.get("Content-Type", ""))
    if boundary is None:
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "wrong-content-type",
            "Hand in photos as multipart/form-data.",
        )
    if asking.site.runs.is_crowded:
        raise BusyError(retry_after_s=_CROWDED_S)
    desk = _Desk(asking, size_bytes=int(request.headers.get("Content-Length") or 0))
    try:
        with asking.site.runs.receiving() as reception:
            desk.reception = reception
            await _receive(request, FormReader(boundary, desk))
            return await run_in_threadpool(desk.conclude, Write(response, key or "", ""))
    except MalformedFormError as error:
        raise malformed_multipart(str(error)) from error
    except ClientDisconnect as error:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST, "broken-off", "The upload broke off; nothing of it was kept."
        ) from error
    except VaultError as error:
        raise _tell_no_room(error) from error


async def _receive(request: Request, reader: FormReader) -> None:
    """A piece of the body at a time, so that no request holds more than that."""
    waiting = bytearray()
    async for content in request.stream():
        waiting += content
        if len(waiting) >= _AT_ONCE_BYTES:
            piece, waiting = bytes(waiting), bytearray()
            await run_in_threadpool(reader.feed, piece)
    await run_in_threadpool(reader.feed, bytes(waiting))
    reader.finish()


class _Desk:
    """Takes in one upload: the fields, then the question whether it may be, then the photos."""

    def __init__(self, asking: Asking, *, size_bytes: int) -> None:
        self._asking = asking
        self._size_bytes = size_bytes
        self._fields: dict[str, str] = {}
        self._asked: Asked | None = None
        self._is_left_out = False
        self._hash = hashlib.sha256()
        self.reception: Reception | None = None

    def take_field(self, name: str, value: str) -> None:
        if self._asked is not None:
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "fields-come-first",
                f"The field {name!r} comes after a photo. Send all fields before the first one.",
            )
        if name not in _FIELDS or name in self._fields:
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "malformed-request",
                f"There is no field {name!r}, or it came twice. There are {', '.join(_FIELDS)}.",
            )
        self._fields[name] = value.strip()

    def begin_file(self, name: str) -> None:
        self._is_left_out = not name  # what a browser sends where no file was chosen
        if self._is_left_out:
            return
        asked = self._asked or self._judge()
        self._asked = asked
        self._hash.update(name.encode(errors="replace") + b"\0")
        limit = self._asking.library.settings.max_upload_files
        reception = self._get_reception()
        if len(reception.files) >= limit:
            raise too_many(f"No more than {limit:,} photos are handed in at once. Send fewer.")
        reception.begin_file(name)

    def write(self, content: bytes) -> None:
        if self._is_left_out:
            return
        self._hash.update(content)
        self._get_reception().write(content)

    def end_file(self) -> None:
        if not self._is_left_out:
            self._get_reception().end_file()

    def conclude(self, write: Write) -> RunOut:
        """The run that adds them, or the one that was answered with before, under the same key."""
        reception = self._get_reception()
        if self._asked is None or not reception.files:
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY, "no-photos", "No photo was handed in."
            )
        asked = self._asked

        def make() -> Outcome:
            run = reception.conclude(asked)
            return Outcome(HTTPStatus.ACCEPTED, f"/v1/runs/{run.run_id}")

        said = "\0".join(f"{name}={self._fields.get(name, '')}" for name in _FIELDS)
        about = f"POST /v1/uploads\0{said}\0{self._hash.hexdigest()}"
        outcome = write.about(about).do(self._asking, make)
        run_id = outcome.location.rpartition("/")[-1]
        return describe_run(self._asking.site.runs.get(run_id))

    def _judge(self) -> Asked:
        """Raises a problem where nothing may be handed in."""
        self._check_room()
        collection = self._fields.get("collection") or DEFAULT_COLLECTION
        self._asking.check(collection=collection)
        check_new_collection(self._asking, collection)
        check_known(
            self._asking.library.parts.deployment,
            self._asking.caller,
            grant_id=self._fields.get("grant", ""),
        )
        draft = UploadDraft(
            grant_id=self._fields.get("grant", ""),
            collection=collection,
            shelf=self._fields.get("shelf", ""),
            quality=parse_word(QualityFilter, self._fields.get("quality") or QualityFilter.NONE),
        )
        place = judge_upload(self._asking.library.parts.deployment, draft)
        check(place.verdict)
        return Asked(
            kind=RunKind.ADD_UPLOADS,
            actor=self._asking.caller.actor,
            collection=collection,
            grant_id=draft.grant_id,
            quality=draft.quality,
            shelf=place.shelf,
        )

    def _check_room(self) -> None:
        free = self._asking.library.parts.deployment.spool.count_free()
        if self._size_bytes + _MARGIN_BYTES > free:
            raise _tell_no_room(None)

    def _get_reception(self) -> Reception:
        if self.reception is None:
            raise ConflictError("The upload has not begun.")
        return self.reception


def _tell_no_room(error: VaultError | None) -> ProblemError:
    cause = error.__cause__ if error else None
    if error is not None and not isinstance(cause, OSError):
        raise error
    return ProblemError(
        HTTPStatus.INSUFFICIENT_STORAGE,
        "no-room",
        "The server has no room for these photos; nothing of them was kept. Its operator makes "
        "room, then they can be handed in again.",
    )
