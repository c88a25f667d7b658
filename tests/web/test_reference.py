"""`/docs`: every route on one small page, with an example that works."""

from __future__ import annotations

import json
import re
import shlex
from html.parser import HTMLParser

from server.door import visiting
from service.stage import Stage


class _Page(HTMLParser):
    """What a page refers to, and the examples in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.examples: list[str] = []
        self._is_in_example = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        assert not known.keys() & {"style", "onclick"}
        self.links += [str(known[name]) for name in ("href", "src") if name in known]
        self.ids += [str(known["id"])] if "id" in known else []
        if tag == "pre":
            self._is_in_example = True
            self.examples.append("")

    def handle_endtag(self, tag: str) -> None:
        self._is_in_example = self._is_in_example and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self._is_in_example:
            self.examples[-1] += data


def test_every_operation_is_on_the_page_with_an_example(stage: Stage) -> None:
    with stage.open() as library, visiting(library) as client:
        answer = client.get("/docs")
        document = client.get("/v1/openapi.json").json()
    page = _Page(answer.text)
    told = [(method.upper(), path) for path, some in document["paths"].items() for method in some]
    assert answer.headers["Content-Type"].startswith("text/html")
    assert len(page.examples) == len(told) > 40
    for method, path in told:
        flags = "" if method == "GET" else f"-X {method} "
        assert any(f"curl {flags}'http://testserver{path}'" in one for one in page.examples), path


def test_it_is_small_and_asks_nothing_of_other_machines(stage: Stage) -> None:
    with stage.open() as library, visiting(library) as client:
        answer = client.get("/docs")
        page = _Page(answer.text)
        found = {
            link: client.get(link).status_code for link in page.links if link.startswith("/static/")
        }
    assert len(answer.content) < 100_000
    assert len(set(page.ids)) == len(page.ids)
    assert all(link.startswith(("/", "#")) for link in page.links)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert set(found.values()) == {200}
    assert not re.search(r"<script(?! type=\"module\" src)", answer.text)


def test_examples_are_commands_with_bodies_that_are_json(stage: Stage) -> None:
    with stage.open() as library, visiting(library) as client:
        page = _Page(client.get("/docs").text)
    bodies = 0
    for example in page.examples:
        words = shlex.split(example.replace("\\\n", " "))
        assert words[0] == "curl"
        if "-d" in words:
            json.loads(words[words.index("-d") + 1])
            bodies += 1
    assert bodies > 5


def test_the_example_of_a_collection_works_as_it_stands(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "admin") as client:
        page = _Page(client.get("/docs").text)
        (example,) = [e for e in page.examples if "-X POST 'http://testserver/v1/collections'" in e]
        words = shlex.split(example.replace("\\\n", " "))
        answer = client.post("/v1/collections", json=json.loads(words[words.index("-d") + 1]))
    assert answer.status_code == 201, answer.text


def test_it_is_not_sent_twice(stage: Stage) -> None:
    with stage.open() as library, visiting(library) as client:
        etag = client.get("/docs").headers["ETag"]
        assert client.get("/docs", headers={"If-None-Match": etag}).status_code == 304
