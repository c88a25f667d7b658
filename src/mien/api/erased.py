"""What an answer says of an erasure, whichever way it came to it."""

from __future__ import annotations

import json

from pydantic import BaseModel

from mien.http.asking import Asking
from mien.service.erase import ErasureReport
from mien.service.erasure_book import ErasureBook
from mien.service.requests import Outcome


class ErasureOut(BaseModel):
    """What was erased, by class, and the signed certificate of it, a JSON document.

    `files_not_touched` are addresses of files outside the home; it is null where the answer is
    given again.
    """

    erasure_id: str
    target: str
    erased: dict[str, int]
    certificate: str
    files_not_touched: list[str] | None


class ErasureCountOut(BaseModel):
    """How much an erasure would take, by class."""

    would_erase: dict[str, int]


def describe_erasure(report: ErasureReport) -> ErasureOut:
    return ErasureOut(
        erasure_id=report.erasure_id,
        target=report.kind,
        erased=dict(report.erased),
        certificate=report.certificate,
        files_not_touched=list(report.outside),
    )


def tell_erasure(report: ErasureReport) -> Outcome:
    """How a write that erased something was answered."""
    location = f"/v1/erasures/{report.erasure_id}"
    return Outcome(201, location, {"erasure": report.erasure_id})


def retell_erasure(asking: Asking, erasure_id: str) -> ErasureOut:
    """The same again, from the certificate; which files were left alone is not kept."""
    certified = ErasureBook(asking.library.parts).get(erasure_id)
    said = json.loads(certified.certificate)["certificate"]
    return ErasureOut(
        erasure_id=certified.erasure_id,
        target=said["target"],
        erased=said["erased"],
        certificate=certified.certificate,
        files_not_touched=None,
    )
