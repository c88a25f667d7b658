"""The request page, as somebody without account, photo and scripts uses it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from mien.library import Library
from mien.permission.case import CaseKind
from mien.testing import draw_photo
from service.inbox import ANN, fill, found, sha256_of
from service.stage import Stage
from web.guests import coming_to

NAMED = {"wish": "access", "matter": "name", "name": "Ann Ek"}


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open(public="requests", controller="SV Nord", contact="club@example.org") as library:
        fill(stage, library)
        yield library


@pytest.fixture
def visitor(library: Library) -> Iterator[TestClient]:
    with coming_to(library) as client:
        yield client


def test_the_page_asks_for_nothing_that_it_need_not_know(visitor: TestClient) -> None:
    page = visitor.get("/request").text
    assert "no identity document and no photo is needed" in page
    assert "SV Nord, club@example.org" in page
    assert page.count(" required") == 9, "what is wanted and about what, and nothing else"


def test_a_request_gets_a_reference_a_deadline_and_a_secret_page(
    visitor: TestClient, library: Library
) -> None:
    sent = visitor.post("/request", data=NAMED)
    (case,) = library.cases().list()
    assert case.kind is CaseKind.ACCESS
    assert case.case_id in sent.text
    assert "Your request is in." in sent.text
    assert "01 June 2030, 12:00 UTC" in sent.text
    assert "You left no address" in sent.text
    assert case.case_id not in str(sent.url)


def test_the_acknowledgement_is_signed_and_can_be_kept(
    visitor: TestClient, library: Library
) -> None:
    sent = visitor.post("/request", data=NAMED)
    address = sent.url.path
    kept = visitor.get(f"{address}/acknowledgement.json")
    (case,) = library.cases().list()
    assert kept.text == library.cases().acknowledge(case.case_id)
    assert json.loads(kept.text)["signature"]
    assert "attachment" in kept.headers["Content-Disposition"]


def test_a_photo_may_be_attached_and_is_hidden_at_once(
    visitor: TestClient, library: Library, stage: Stage
) -> None:
    photo = (stage.photos / "ann.png").read_bytes()
    said = {"wish": "opt-out", "matter": "photo"}
    sent = visitor.post("/request", data=said, files={"photo": ("a.png", photo, "image/png")})
    assert sent.status_code == 200
    assert found(library, ANN) == {"both.png"}


def test_the_answer_appears_on_the_secret_page(
    visitor: TestClient, library: Library, stage: Stage
) -> None:
    number = sha256_of(stage, "ann.png")
    sent = visitor.post("/request", data={"wish": "access", "matter": "photo", "number": number})
    address = sent.url.path
    assert visitor.get(f"{address}/answer.zip").status_code == 404
    (case,) = library.cases().list()
    library.cases().answer(case.case_id, stage.folder / "answer")
    page = visitor.get(address).text
    assert "What we did" in page
    assert "\\" not in page.split("What we did")[1].split("</main>")[0], "no marks of Markdown"
    archive = zipfile.ZipFile(io.BytesIO(visitor.get(f"{address}/answer.zip").content))
    assert "held.json" in archive.namelist()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "Choose what you want."),
        ({"wish": "access"}, "Choose what it is about."),
        ({"wish": "everything", "matter": "name"}, "Choose what you want."),
        ({"wish": "access", "matter": "name"}, "Give the name"),
        ({**NAMED, "name": "<script>" + "x" * 200}, "more than 200 characters"),
    ],
)
def test_what_is_lacking_is_said_and_what_was_written_stays(
    visitor: TestClient, library: Library, said: dict[str, str], *, told: str
) -> None:
    sent = visitor.post("/request", data={**said, "words": "Dear <all>"})
    assert sent.status_code == 422
    assert told in sent.text
    assert "Dear &lt;all&gt;" in sent.text
    assert "<script>x" not in sent.text
    assert library.cases().list() == []


def test_a_program_that_fills_in_everything_opens_nothing(
    visitor: TestClient, library: Library
) -> None:
    sent = visitor.post("/request", data={**NAMED, "website": "http://spam.example"})
    assert "Nothing was sent" in sent.text
    assert library.cases().list() == []


def test_one_address_may_ask_ten_times_an_hour(visitor: TestClient, library: Library) -> None:
    codes = [visitor.post("/request", data=NAMED).status_code for _ in range(12)]
    assert codes == [200] * 10 + [429] * 2
    assert len(library.cases().list()) == 10


def test_too_large_a_photo_is_refused(visitor: TestClient, library: Library) -> None:
    files = {"photo": ("a.png", bytes(21 * 2**20), "image/png")}
    sent = visitor.post("/request", data={"wish": "opt-out", "matter": "photo"}, files=files)
    assert sent.status_code == 413
    assert library.cases().list() == []


def test_two_files_are_one_too_many(visitor: TestClient) -> None:
    photo = draw_photo(ANN)
    files = [("photo", ("a.png", photo, "image/png")), ("photo", ("b.png", photo, "image/png"))]
    assert visitor.post("/request", data=NAMED, files=files).status_code == 400


@pytest.mark.parametrize("path", ["/request", "/request/abc", "/request/abc/answer.zip"])
def test_where_it_is_not_open_there_is_nothing(stage: Stage, path: str) -> None:
    with stage.open(public="policy") as library, coming_to(library) as client:
        assert client.get(path).status_code == 404
        assert client.post("/request", data=NAMED).status_code == 404
        assert library.cases().list() == []


def test_a_secret_page_of_nobody_is_not_there(visitor: TestClient) -> None:
    assert visitor.get("/request/guessed").status_code == 404
    codes = [visitor.get(f"/request/{number}").status_code for number in range(80)]
    assert codes[-1] == 429
