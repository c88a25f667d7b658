"""Attempts to make the server stumble: whatever is sent, the answer is one that it means to give.

A crash tells a stranger where to dig, and an error of the server hides a mistake of the sender.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from starlette.testclient import TestClient

from api.seen import FAMILY, fill
from attacks.rest import ENDLESS, Call, list_calls
from house.source import listing
from mien.http.problem import MEDIA_TYPE
from mien.permission.caller import Role
from mien.testing import draw_photo
from server.door import Door, caller_of, visiting
from service.stage import PURPOSE, Stage

Thing = TypeVar("Thing")

BOSS = caller_of(Role.ADMIN, actor="user:00000000-0000-0000-0000-000000000001")
HUGE = "9" * 40

PATHS = ["%00", HUGE, f"-{HUGE}", "%F0%9F%98%80", "a" * 3000, "%0d%0aX-Evil:1", "%ED%A0%80", "NaN"]
"""What is written where an id, a name or a number is meant to be."""

BODIES: list[bytes] = [
    *(b"", b"null", b"NaN", b"[]", b'"\\ud800"', b'{"\\ud800": 1}', b'["\\ud800"]', b"\xff\xfe"),
    *(b"[" * 100_000, b'{"a":' * 50_000, b"1" * 5000, b"1e999", b"{}{}", b'{"a": 1, "a": 2}'),
]

VALUES = [
    *('"\\u0000"', '"\\ud800"', "NaN", "-Infinity", HUGE, "-1", '""', "null", "{}", "true"),
    *('["\\u0000"]', '["\\ud800"]', '["~nobody/x"]', '"9999-12-31"', '"0001-01-01T00:00:00+14:00"'),
    *('["https://[::1"]', '"https://[x"', '["https://a.example/%00"]', '{"\\ud800": "\\ud800"}'),
    *('{"person": "\\u0000"}', '{"source": "https://[x"}', '["a\\nb"]', '"\\u202e"'),
]


@dataclass(frozen=True)
class Ring:
    """One server, and everything that can be asked of it."""

    calls: list[Call]
    client: TestClient

    def send(self, call: Call, *, path: str = "", **options: Any) -> str:
        """What is wrong with the answer, if anything is."""
        answer = self.client.request(call.method, path or call.fill(), **options)
        if answer.status_code < 400:
            return ""
        if answer.status_code == 500:  # what Mien itself raised; anything else is raised here
            return f"{call.name}: {answer.status_code}"
        told = answer.headers.get("Content-Type")
        return "" if told == MEDIA_TYPE else f"{call.name}: {answer.status_code} as {told}"


def take_turns(things: Sequence[Thing], turn: int) -> Sequence[Thing]:
    """Every third of them, others with the next turn: all of them take too long."""
    return things[turn % 3 :: 3]


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ring]:
    """A crash is raised here, with all that led to it."""
    stage = Stage(tmp_path_factory.mktemp("ring"))
    door = Door({"boss": caller_of(Role.ADMIN, actor=BOSS.actor, calls_a_minute=10**7)})
    with stage.open() as library:
        fill(stage, library)
        with visiting(library, "boss", door=door) as client:
            calls = [call for call in list_calls(client) if call.name != ENDLESS]
            yield Ring(calls, client)


@pytest.mark.parametrize("odd", PATHS, ids=lambda text: text[:12])
def test_no_address_makes_it_stumble(ring: Ring, odd: str) -> None:
    placed = [call for call in ring.calls if call.places]
    wrong = [ring.send(call, path=call.fill(odd), json=call.body or {}) for call in placed]
    assert not any(wrong), listing("tell the sender instead", filter(None, wrong))


@pytest.mark.parametrize("odd", ["", "%00", HUGE, "%FF", "NaN", "0001-01-01T00:00:00%2B14:00", "*"])
def test_no_parameter_makes_it_stumble(ring: Ring, odd: str) -> None:
    wrong = []
    for call in ring.calls:
        for name in call.query:
            where = f"{call.fill()}?{name}={odd}&{name}={odd}"
            wrong.append(ring.send(call, path=where))
    assert len(wrong) > 30
    assert not any(wrong), listing("tell the sender instead", filter(None, wrong))


@pytest.mark.parametrize("content", BODIES, ids=lambda content: repr(content[:12]))
def test_no_document_makes_it_stumble(ring: Ring, content: bytes) -> None:
    changes = [call for call in ring.calls if call.is_change and not call.files]
    headers = {"Content-Type": "application/json"}
    chosen = take_turns(changes, BODIES.index(content))
    wrong = [ring.send(call, content=content, headers=headers) for call in chosen]
    assert not any(wrong), listing("tell the sender instead", filter(None, wrong))


FORMS = [
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=x; charset=none-such",
    'multipart/form-data; boundary="x',
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/json; charset=utf-16",
    "application/merge-patch+json",
    "image/png",
]
PARTS = [
    b"",
    b"--x--\r\n",
    b"--x\r\n\r\n--x--\r\n",
    b'--x\r\nContent-Disposition: form-data; name="photo"\r\n\r\na\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; filename="a"\r\n\r\nb\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="\xff"; filename="\x00"\r\n\r\nb\r\n--x--\r\n',
    b"--x\r\nContent-Disposition: attachment\r\n\r\nb\r\n--x--\r\n",
    b"purpose=%ff&collection=%00&photo=%ED%A0%80",
    b"&&==&=&%",
]


@pytest.mark.parametrize("kind", FORMS)
def test_no_form_makes_it_stumble(ring: Ring, kind: str) -> None:
    wrong = []
    takes_form = [call for call in ring.calls if call.files or call.fields]
    for call in [*takes_form, *(one for one in ring.calls if one.name in {"search", "hand_in"})]:
        for number, content in enumerate(PARTS):
            headers = {"Content-Type": kind, "Idempotency-Key": f"{number}{len(kind)}{call.name}"}
            wrong.append(ring.send(call, content=content, headers=headers))
    assert len(wrong) >= 80
    assert not any(wrong), listing("tell the sender instead", filter(None, wrong))


@pytest.mark.parametrize("value", VALUES, ids=lambda text: text[:16])
def test_no_value_makes_it_stumble(ring: Ring, value: str) -> None:
    """In the place of each field, with all others as they are meant to be."""
    wrong = []
    places = [(call, name) for call in ring.calls for name in call.body or ()]
    for call, name in take_turns(places, VALUES.index(value)):
        sent = json.dumps({**(call.body or {}), name: "HERE"}).replace('"HERE"', value)
        headers = {"Content-Type": "application/json"}
        wrong.append(ring.send(call, content=sent.encode(), headers=headers))
    assert len(wrong) >= 10
    assert not any(wrong), listing("tell the sender instead", filter(None, wrong))


@pytest.mark.parametrize(
    "header", ["If-Match", "If-None-Match", "Idempotency-Key", "Accept", "Cookie", "Range"]
)
def test_no_header_makes_it_stumble(ring: Ring, header: str) -> None:
    wrong = []
    reads = [one for one in ring.calls if one.name in {"get_policy", "get_collection", "get_photo"}]
    makes = [one for one in ring.calls if one.name in {"make_collection", "narrow_grant"}]
    for call in (*reads, *makes):
        for value in (b"", b",,,", b'W/"', b"\xff", b"*", b"a=b; c", b"bytes=0-", b"x" * 5000):
            sent = [(header.encode(), value)]
            body: dict[str, object] | None = {} if call.is_change else None
            wrong.append(ring.send(call, headers=sent, json=body))
    assert not any(wrong), listing("tell the sender instead", filter(None, wrong))


@pytest.mark.parametrize("field", ["min_score", "max_fmr", "limit"])
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", HUGE])
def test_a_number_that_is_none_is_refused(ring: Ring, field: str, number: str) -> None:
    where = f'{{"collection": "{FAMILY}", "purpose": "{PURPOSE}", "{field}": {number}}}'
    sent = {"Content-Type": "application/json"}
    for content in (where, where.replace(number, f'"{number}"')):
        answer = ring.client.post("/v1/searches", content=content, headers=sent)
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed-request")


@pytest.mark.parametrize("depth", [10, 1000, 100_000])
def test_brackets_within_brackets_are_no_search(ring: Ring, depth: int) -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        content = opening * depth + "1" + closing * depth
        sent = {"Content-Type": "application/json"}
        answer = ring.client.post("/v1/searches", content=content, headers=sent)
        assert answer.status_code == 422
        assert len(answer.content) < 5000


@pytest.mark.parametrize(
    ("field", "texts"),
    [
        ("name", ["\0", "a\tb\0", "\x1b[2J", " ", "x" * 501]),
        ("collections", [["\ud800"], ["\0"], ["x" * 501]]),
        ("purposes", [["\ud800"], ["Not A Slug"], ["x" * 101]]),
    ],
)
def test_a_user_is_of_text_that_can_be_kept(ring: Ring, field: str, texts: list[Any]) -> None:
    for text in texts:
        sent = {"name": "new", "role": "viewer", field: text}
        answer = ring.client.post(
            "/v1/users", content=json.dumps(sent), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in {404, 422}, text
        assert "Traceback" not in answer.text
    names = [one["name"] for one in ring.client.get("/v1/users").json()["items"]]
    assert "new" not in names


@pytest.mark.parametrize(
    "folder", ["\0", "/srv/\0", "~nobody-of-that-name/x", "\ud800", "", "../.."]
)
def test_a_folder_that_is_none_is_told(ring: Ring, folder: str) -> None:
    sent = json.dumps({"kind": "add-folder", "collection": FAMILY, "folders": [folder]})
    headers = {"Content-Type": "application/json"}
    answer = ring.client.post("/v1/runs", content=sent, headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, MEDIA_TYPE)
    assert ring.client.get("/v1/runs").json()["items"] == []


@pytest.mark.parametrize("seq", [HUGE, f"-{HUGE}", "-1", "0.5", "1e3", "%20", "0x1"])
def test_an_entry_that_is_none_is_told(ring: Ring, seq: str) -> None:
    for path in ("/v1/reviews", "/v1/audit/entries"):
        assert ring.client.get(f"{path}/{seq}").status_code in {404, 422}


@pytest.mark.parametrize(
    "number", [{"days": 10**30}, {"days": -1}, {"calls_a_minute": 10**30}, {"calls_a_minute": 0}]
)
def test_a_key_with_odd_numbers_is_not_made(ring: Ring, number: dict[str, int]) -> None:
    answer = ring.client.post("/v1/keys", json={"name": "k", **number})
    assert answer.status_code in {404, 422}


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\0", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"<svg/>", b"%PDF-1.7"),
        draw_photo(1)[:-100],
        b"II*\0" + b"\xff" * 64,
    ],
    ids=lambda content: repr(content[:8]),
)
def test_what_is_no_photo_is_told_wherever_one_is_handed_in(ring: Ring, content: bytes) -> None:
    where = {"collection": FAMILY, "purpose": PURPOSE}
    file, photo = ("a.png", content, "image/png"), ("b.png", draw_photo(1), "image/png")
    answers = [
        ring.client.post("/v1/searches", data=where, files={"photos": file}),
        ring.client.post("/v1/probes", data=where, files={"photo": file}),
        ring.client.post("/v1/comparisons", data=where, files={"first": file, "second": photo}),
        ring.client.post("/v1/comparisons", data=where, files={"first": photo, "second": file}),
        ring.client.post("/v1/opt-outs/photos", files={"photos": file}),
        ring.client.post("/v1/opt-outs/faces", data={"consent": "x"}, files={"photo": file}),
        ring.client.post(
            "/v1/cases/by-photo", data={"kind": "access", "requester": "x"}, files={"photo": file}
        ),
        ring.client.post("/v1/people", data={"name": "x", "consent": "x"}, files={"photos": file}),
    ]
    for answer in answers:
        assert answer.status_code == 422, answer.text
        assert answer.headers["Content-Type"] == MEDIA_TYPE
        assert "/" not in answer.json()["detail"].replace("and/or", "")


def test_a_field_that_comes_twice_counts_in_one_way(ring: Ring) -> None:
    """Whoever is bound is asked about the same value that is used then."""
    door_of = ring.client.app.state.site.doorkeeper  # type: ignore[attr-defined]
    known = dict(door_of.callers)
    door_of.callers["ann"] = caller_of(Role.SEARCHER, collections=frozenset({FAMILY}))
    headers = {
        "Authorization": "Bearer ann",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    try:
        for first, second in ((FAMILY, "archive"), ("archive", FAMILY)):
            twice = f"collection={first}&collection={second}&purpose={PURPOSE}&face_id="
            face = "00000000-0000-0000-0000-000000000000"
            answer = ring.client.post("/v1/searches", content=twice + face, headers=headers)
            assert answer.status_code == (403 if second == "archive" else 404)
            document = f'{{"collection": "{first}", "collection": "{second}", '
            document += f'"purpose": "{PURPOSE}", "face_id": "{face}"}}'
            answer = ring.client.post(
                "/v1/searches",
                content=document,
                headers={**headers, "Content-Type": "application/json"},
            )
            assert answer.status_code == (403 if second == "archive" else 404)
    finally:
        door_of.callers = known
