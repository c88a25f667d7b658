"""Cases in the browser, from the letter to the answer."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from mien.testing import draw_photo
from server.door import visiting
from service import inbox
from service.stage import Stage, query
from web.pages import BROWSER, ask, errors_of, refusal_of, send

FORM: dict[str, Any] = {
    "kind": "erasure",
    "requester": "Zoe",
    "channel": "mail",
    "way": "person",
}
MARKUP = "<script>alert('x')</script>"


def test_open_cases_stand_by_their_deadline_and_say_how_pressing_they_are(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        inbox.request(library, "access", person="Early", requester="Early")
        stage.now += timedelta(days=26)
        inbox.request(library, "access", person="Late", requester="Late")
        inbox.request(library, "erasure", person="Soon", requester="Soon", is_intimate=True)
        page = ask(client, "/cases").text
        assert page.index("Soon") < page.index("Early") < page.index("Late")
        assert page.count("days left") == 2
        stage.now += timedelta(days=10)
        page = ask(client, "/cases").text
        assert page.count(">overdue<") == 2


@pytest.mark.parametrize(
    ("said", "field", "held"),
    [
        ({"way": "person", "what": "Ann"}, "person", "Ann"),
        ({"way": "person"}, "person", "Zoe"),
        ({"way": "host", "what": "photos.example.org"}, "host", "photos.example.org"),
        ({"way": "source", "what": "https://a.example/b"}, "source", "https://a.example/b"),
        ({"way": "source", "what": "/no/folder"}, "source", "file:///no/folder/"),
        ({"way": "grantor", "what": "A. Holder"}, "grantor", "A. Holder"),
        ({"way": "photo", "what": "AB" * 32 + "\r\n\r\n"}, "photos", ("ab" * 32,)),
        ({"way": "face", "what": "6E1F4BB65F634B1C9D2E0C8A51F3A7D4"}, "faces", None),
    ],
)
def test_every_way_to_say_what_is_meant(
    stage: Stage, said: dict[str, str], field: str, held: object
) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        answer = send(client, "/cases/new", **FORM | said)
        (case,) = library.cases().list()
        page = ask(client, answer.headers["Location"])
    assert case.request is not None
    assert getattr(case.request.about, field) == (held or ("6e1f4bb6-5f63-4b1c-9d2e-0c8a51f3a7d4",))
    assert case.request.channel == "mail"
    assert "out of every search from this moment" in page.text


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"kind": "gossip"}, "kind", "Choose one of these."),
        ({"requester": ""}, "requester", "This is needed."),
        ({"way": "smell"}, "way", "Choose one of these."),
        ({"way": "host"}, "what", "This is needed."),
        ({"way": "host", "what": "https://a.example/b"}, "what", "the name of the site alone"),
        ({"way": "source", "what": "somewhere"}, "what", "Write a link"),
        ({"way": "source", "what": "/a\n/b"}, "what", "Name one only"),
        ({"way": "photo", "what": "abc"}, "what", "'abc' is no SHA-256"),
        ({"way": "face", "what": "7"}, "what", "The id of a face"),
        ({"way": "like"}, "photo", "Choose a photo of whoever asks."),
        ({"kind": "rectification"}, "correct_name", "Say what it should say."),
        ({"kind": "rectification", "way": "host", "what": "a.example"}, "way", "can be put right"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    stage: Stage, changes: dict[str, str], field: str, told: str
) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        page = send(client, "/cases/new", **FORM | {"reason": "kept & typed"} | changes)
        assert library.cases().list() == []
    assert page.status_code == 422
    assert told in errors_of(page)[field]
    assert "kept &amp; typed" in page.text


def test_a_case_goes_from_the_letter_to_the_answer(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        inbox.fill(stage, library)
        sha256 = inbox.sha256_of(stage, "ann.png")
        said = {"way": "photo", "what": sha256, "reason": "I do not want it."}
        path = send(client, "/cases/new", **FORM | said).headers["Location"].partition("?")[0]
        assert inbox.found(library, inbox.ANN) == {"both.png"}
        signed = ask(client, f"{path}/acknowledgement")
        assert json.loads(signed.text)["acknowledgement"]["kind"] == "erasure"
        page = ask(client, path)
        assert "this is erased from everything Mien keeps" in page.text
        assert "Write the answer" not in page.text
        assert ask(client, f"{path}/answer").status_code == 404
        decided = send(client, f"{path}/decide", decision="grant")
        assert decided.headers["Location"] == f"{path}?told=decided"
        send(client, f"{path}/answer")
        archive = ask(client, f"{path}/answer")
        with zipfile.ZipFile(io.BytesIO(archive.content)) as answer:
            assert {"letter.md", "certificate-1.json"} <= set(answer.namelist())
        assert send(client, f"{path}/close").headers["Location"] == f"{path}?told=closed"
        (case,) = library.cases().list()
        assert case.is_closed
        assert "Zoe" in ask(client, "/cases/closed").text
        assert "Nobody waits for an answer." in ask(client, "/cases").text


def test_a_refusal_says_why_and_brings_it_back(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        inbox.fill(stage, library)
        opened = inbox.request(library, "takedown", photos=(inbox.sha256_of(stage, "ann.png"),))
        path = f"/cases/{opened.case.case_id}"
        page = send(client, f"{path}/decide", decision="refuse")
        assert "A refusal gives its reason" in errors_of(page)["reason"]
        undecided = send(client, f"{path}/decide", reason="typed")
        assert errors_of(undecided) == {"decision": "Choose one of these."}
        assert ">typed</textarea>" in undecided.text
        send(client, f"{path}/counter", counter_name="Site", counter_statement="Ours.")
        send(client, f"{path}/decide", decision="refuse", reason="It is theirs.")
        page = ask(client, path)
        assert inbox.found(library, inbox.ANN) == {"ann.png", "both.png"}
    assert "Ours." in page.text
    assert "It is theirs." in page.text


def test_a_decision_stands(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        opened = inbox.request(library, "erasure", person="Zoe")
        inbox.grant_case(library, opened)
        path = f"/cases/{opened.case.case_id}"
        page = send(client, f"{path}/decide", decision="refuse", reason="No.")
        assert "is not decided anew" in refusal_of(page)
        closing = send(client, f"{path}/close")
        assert "nobody was answered" in refusal_of(closing)
        assert library.cases().get(opened.case.case_id).state == "verified"


def test_faces_that_a_photo_found_are_looked_at_first(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        inbox.fill(stage, library)
        photo = {"photo": ("me.png", draw_photo(inbox.ANN))}
        answer = client.post(
            "/cases/new",
            data={**FORM, "way": "like"},
            files=photo,
            headers=BROWSER,
            follow_redirects=False,
        )
        path = answer.headers["Location"].partition("?")[0]
        page = ask(client, path)
        assert "Look first" in page.text
        assert "Decide and do it" not in page.text
        (case,) = library.cases().list()
        assert case.request is not None
        first, *_ = [one.face_id for one in case.request.lookalikes]
        crop = ask(client, f"{path}/faces/{first}")
        assert (crop.headers["Content-Type"], crop.content[:2]) == ("image/jpeg", b"\xff\xd8")
        (other,) = inbox.faces_of(stage, "ben.png")
        assert ask(client, f"{path}/faces/{other}").status_code == 404
        assert "Look first" in refusal_of(send(client, f"{path}/answer"))
        assert "Tick the faces" in errors_of(send(client, f"{path}/confirm"))["faces"]
        both = send(client, f"{path}/confirm", faces=first, nobody="yes")
        assert "Tick the faces" in errors_of(both)["faces"]
        send(client, f"{path}/confirm", faces=first)
        assert library.cases().get(case.case_id).confirmed == (first,)


def test_what_is_held_about_somebody_is_handed_out(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        inbox.fill(stage, library)
        opened = inbox.request(library, "access", photos=(inbox.sha256_of(stage, "ann.png"),))
        path = f"/cases/{opened.case.case_id}"
        assert "Decide and do it" not in ask(client, path).text
        send(client, f"{path}/answer")
        with zipfile.ZipFile(io.BytesIO(ask(client, f"{path}/answer").content)) as answer:
            held = json.loads(answer.read("held.json"))
    assert [photo["sha256"] for photo in held["photos"]] == [inbox.sha256_of(stage, "ann.png")]


def test_a_caption_is_put_right(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        inbox.fill(stage, library)
        sha256 = inbox.sha256_of(stage, "ann.png")
        said = {"way": "photo", "what": sha256, "correct_caption": "Ann in 2029"}
        made = send(client, "/cases/new", **FORM | {"kind": "rectification"} | said)
        path = made.headers["Location"].partition("?")[0]
        assert "Ann in 2029" in ask(client, path).text
        send(client, f"{path}/decide", decision="grant")
        assert query(
            stage.home / "catalog.db", "SELECT caption FROM photos WHERE sha256 = ?", sha256
        ) == ["Ann in 2029"]


def test_letters_are_shown_as_they_were_written(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        said = {"requester": MARKUP, "reason": MARKUP, "statement": MARKUP, "contact": MARKUP}
        path = send(client, "/cases/new", **FORM | said).headers["Location"]
        for page in (ask(client, path).text, ask(client, "/cases").text):
            assert MARKUP not in page
            assert "&lt;script&gt;" in page


def test_a_case_that_is_not_there_is_not_found(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        for more in ("", "/acknowledgement", "/answer"):
            assert ask(client, f"/cases/{uuid4()}{more}").status_code == 404
        assert send(client, f"/cases/{uuid4()}/decide", decision="grant").status_code == 404
