"""Amazon's interface beside Mien's own, through the server, on a home of nobody's faces.

The same searches are asked through both, in turn, by one client that keeps its connection.
Bodies are made and requests signed before anything is timed; what boto3 takes for that itself
is told apart. Photos are then indexed by boto3 one after the other. Probes are portraits of two
megapixels. Client and server share the cores.
"""

from __future__ import annotations

import argparse
import base64
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
from bench.load import Answer, Call, make_form, quantile_ms
from bench.rows import Row, make_row
from bench.served import INDEXED, Access, Served, serve
from bench.serving import ASKED, EVERY, SEARCHES, check, enlarge
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

NAME = "rekognition"

_REGION, _SERVICE, _TYPE = "us-east-1", "rekognition", "application/x-amz-json-1.1"
_LIMIT, _THRESHOLD, _RATE = 20, 80, 1e-3
"""A threshold of 80 is that rate: both interfaces leave out the same."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """How many faces there are, how often each interface is asked, how many are indexed."""

    faces: int
    asked: int
    indexed: int


_FULL = _Plan(faces=100_000, asked=150, indexed=200)
_QUICK = _Plan(faces=20_000, asked=30, indexed=40)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--quick", action="store_true", help="a minute's worth, on fewer faces")


def run(arguments: argparse.Namespace) -> dict[str, object]:
    plan = _QUICK if arguments.quick else _FULL
    paths = sorted((arguments.data / "london").glob("*.jpg"))
    press = sorted((arguments.data / "lfw-view1").rglob("*.jpg"))
    probes = [enlarge(path) for path in paths[::EVERY]]
    with serve(arguments.shared, faces=plan.faces) as served:
        rows = [
            *_compare_searches(served, plan, probes=probes),
            *_search_with_boto3(served, plan, probes=probes),
            *_index(served, press[: plan.indexed], what="press photos of 250 pixels", least=10),
            *_index(served, paths[: plan.indexed], what="portraits of 900 pixels", least=None),
        ]
    return {"faces": plan.faces, "rows": rows}


def _compare_searches(served: Served, plan: _Plan, *, probes: Sequence[bytes]) -> Iterator[Row]:
    """One after the other, so that whatever else the machine does falls on both."""
    own = [_make_own(probe) for probe in probes]
    others = [_make_other(probe) for probe in probes]
    client = served.connect()
    answers: list[Answer] = []
    signed: list[Answer] = []
    for number in range(-len(probes), plan.asked):  # the first round is not timed
        other = _sign(others[number % len(probes)], served.origin, access=served.access[0])
        pair = client.send(own[number % len(probes)]), client.send(other)
        check(pair)
        if number >= 0:
            answers.append(pair[0])
            signed.append(pair[1])
    client.close()
    found = sum(len(json.loads(one.body)["FaceMatches"]) for one in signed)
    listed = sum(len(json.loads(one.body)["answers"][0]["candidates"]) for one in answers)
    many = f"among {plan.faces:,} faces"
    yield make_row(f"POST /v1/searches {many}, p50", quantile_ms(answers, 0.5), unit="ms")
    yield make_row(f"SearchFacesByImage {many}, p50", quantile_ms(signed, 0.5), unit="ms")
    ratio = quantile_ms(signed, 0.5) / quantile_ms(answers, 0.5)
    yield make_row("SearchFacesByImage over POST /v1/searches", ratio, unit="times", at_most=1.1)
    yield make_row(f"POST /v1/searches {many}, p95", quantile_ms(answers, 0.95), unit="ms")
    yield make_row(f"SearchFacesByImage {many}, p95", quantile_ms(signed, 0.95), unit="ms")
    yield make_row(
        "candidates that one interface tells and the other not", abs(found - listed), at_most=0
    )


def _search_with_boto3(served: Served, plan: _Plan, *, probes: Sequence[bytes]) -> Iterator[Row]:
    client = _make_client(served, access=served.access[0])
    seconds = []
    for number in range(plan.asked):
        began = time.perf_counter()
        client.search_faces_by_image(
            CollectionId="default",
            Image={"Bytes": probes[number % len(probes)]},
            MaxFaces=_LIMIT,
            FaceMatchThreshold=_THRESHOLD,
        )
        seconds.append(time.perf_counter() - began)
    answers = [Answer(200, one) for one in seconds]
    what = f"SearchFacesByImage by boto3 among {plan.faces:,} faces, p50"
    yield make_row(what, quantile_ms(answers, 0.5), unit="ms")


def _index(
    served: Served, paths: Sequence[Path], *, what: str, least: float | None
) -> Iterator[Row]:
    """Each photo once, and the next as soon as it is answered."""
    photos = [path.read_bytes() for path in paths]
    client = _make_client(served, access=served.access[1])
    kept = 0
    began = time.perf_counter()
    for path, photo in zip(paths, photos, strict=True):
        answer = client.index_faces(
            CollectionId=INDEXED, Image={"Bytes": photo}, ExternalImageId=path.name
        )
        kept += len(answer["FaceRecords"])
    seconds = time.perf_counter() - began
    a_second = len(photos) / seconds
    told = f"IndexFaces by boto3, {len(photos)} {what} one after the other"
    yield make_row(told, a_second, unit="a second", at_least=least)
    yield make_row(f"{told}, faces kept", kept, at_least=len(photos))


def _make_client(served: Served, *, access: Access) -> Any:  # noqa: ANN401  (boto3 has no types)
    return boto3.client(
        _SERVICE,
        endpoint_url=served.origin,
        region_name=_REGION,
        aws_access_key_id=access.key_id,
        aws_secret_access_key=access.secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


def _make_own(probe: bytes) -> Call:
    fields = [*ASKED, ("limit", str(_LIMIT)), ("max_fmr", str(_RATE))]
    return replace(make_form(fields, [("photos", probe)]), path=SEARCHES)


def _make_other(probe: bytes) -> Call:
    document = {
        "CollectionId": "default",
        "Image": {"Bytes": base64.b64encode(probe).decode()},
        "MaxFaces": _LIMIT,
        "FaceMatchThreshold": _THRESHOLD,
    }
    target = {"X-Amz-Target": "RekognitionService.SearchFacesByImage"}
    return Call("POST", "/", json.dumps(document).encode(), _TYPE, target)


def _sign(call: Call, origin: str, *, access: Access) -> Call:
    """As boto3 signs it, for the minutes that follow."""
    headers = {"Content-Type": call.content_type, **call.headers}
    request = AWSRequest("POST", f"{origin}/", headers, call.body)
    SigV4Auth(Credentials(access.key_id, access.secret), _SERVICE, _REGION).add_auth(request)
    return replace(call, headers=dict(request.headers.items()))
