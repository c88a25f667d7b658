"""Opt-outs in the browser: by a face, by a photo, by a place; and lifted again."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from mien.testing import draw_photo
from server.door import visiting
from service import inbox
from service.stage import Stage
from web.pages import BROWSER, ask, errors_of, refusal_of, send


def hand_in(
    client: TestClient, path: str, files: dict[str, tuple[str, bytes]], **fields: str
) -> Response:
    return client.post(path, data=fields, files=files, headers=BROWSER, follow_redirects=False)


def test_a_person_is_kept_out_by_the_face_that_was_chosen(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        inbox.fill(stage, library)
        photo = {"photo": ("us.png", draw_photo(9, inbox.ANN))}
        found = client.post("/opt-outs/faces", files=photo).json()["faces"]
        sides = {"top": 0.2, "width": 0.3, "height": 0.6}
        assert found == [pytest.approx({"left": left, **sides}) for left in (0.1, 0.6)]
        path = "/opt-outs/person"
        undecided = hand_in(client, path, photo, consent="her mail")
        assert "Choose one in the picture below" in refusal_of(undecided)
        assert library.optouts().list() == []
        kept_out = hand_in(client, path, photo, consent="her mail", face="1", fmr="strict")
        page = ask(client, kept_out.headers["Location"])
        (optout,) = library.optouts().list()
        assert (optout.level, optout.fmr) == ("face", 0.01)
        assert inbox.found(library, inbox.BEN) == {"ben.png", "both.png"}
        assert inbox.locations(stage).keys() == {"ann.png", "ben.png", "both.png"}
    assert "This was held, and is gone:" in page.text
    assert "<dd>2</dd>" in page.text


def test_the_certificate_can_be_taken_along(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        inbox.fill(stage, library)
        number = inbox.sha256_of(stage, "ann.png")
        answer = send(client, "/opt-outs/photo", sha256=number)
        erasure = answer.headers["Location"].rpartition("=")[2]
        certificate = ask(client, f"/opt-outs/certificates/{erasure}")
        assert json.loads(certificate.text)["certificate"]["erased"]["photos"] == 1
        assert "attachment" in certificate.headers["Content-Disposition"]
        assert ask(client, f"/opt-outs/certificates/{uuid4()}").status_code == 404
        assert inbox.found(library, inbox.ANN) == {"both.png"}


def test_from_a_photo_it_is_two_more_clicks(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        inbox.fill(stage, library)
        number = inbox.sha256_of(stage, "ann.png")
        sent_on = ask(client, f"/opt-outs?photo={number}")
        assert sent_on.headers["Location"] == f"/opt-outs/photo/{number}"
        page = ask(client, f"/opt-outs/photo/{number}")
        assert "This is held of it, and goes:" in page.text
        unknown = ask(client, f"/opt-outs/photo/{'0' * 64}")
        assert "Nothing of it is held now." in unknown.text
        assert ask(client, "/opt-outs/photo/etc").status_code == 404
        assert library.optouts().list() == []


def test_a_photo_that_is_handed_in_is_known_by_how_it_looks(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        inbox.fill(stage, library)
        photo = {"photo": ("ann.png", (stage.photos / "ann.png").read_bytes())}
        hand_in(client, "/opt-outs/photo", photo)
        (optout,) = library.optouts().list()
        assert (optout.level, optout.finds_copies) == ("item", True)
        assert optout.kept_out == sha256((stage.photos / "ann.png").read_bytes()).hexdigest()
        assert inbox.found(library, inbox.ANN) == {"both.png"}


@pytest.mark.parametrize(
    ("page", "fields", "field", "told"),
    [
        ("person", {"consent": "mail"}, "photo", "Choose a photo of the person."),
        ("person", {}, "consent", "Say how you know that they want it."),
        ("person", {"consent": "m", "face": "-1"}, "photo", "Choose one of the faces"),
        ("photo", {}, "sha256", "Choose a photo, or write the number"),
        ("photo", {"sha256": "/etc/passwd"}, "sha256", "64 hexadecimal digits"),
        ("place", {}, "place", "This is needed."),
        ("place", {"place": "somewhere"}, "place", "Write a link"),
        ("place", {"place": "/a\0b"}, "place", "a sign that cannot be written"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    stage: Stage, page: str, fields: dict[str, Any], field: str, told: str
) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        answer = send(client, f"/opt-outs/{page}", **fields)
        assert library.optouts().list() == []
    assert answer.status_code == 422
    assert told in errors_of(answer)[field]


def test_words_never_name_a_file_of_the_server(stage: Stage) -> None:
    """Nobody learns through a form which files there are."""
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        photo = {"photo": ("me.png", draw_photo(5))}
        for words in ("/etc/hostname", "/no/such/file.pdf"):
            answer = hand_in(client, "/opt-outs/person", photo, consent=words)
            assert answer.status_code == 303
        assert len(library.optouts().list()) == 2


def test_what_is_no_photo_is_told_on_the_form(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        for path in ("/opt-outs/person", "/opt-outs/photo"):
            page = hand_in(client, path, {"photo": ("a.png", b"no photo")}, consent="mail")
            assert page.status_code == 422
            assert "The photo cannot be used" in refusal_of(page)
        looked_at = client.post("/opt-outs/faces", files={"photo": ("a.png", b"no photo")})
        assert looked_at.status_code == 422


def test_a_place_is_kept_out_and_lifted_with_a_reason(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        inbox.fill(stage, library)
        made = send(client, "/opt-outs/place", place=str(stage.photos))
        path = made.headers["Location"].partition("?")[0]
        assert library.collections()[0].photos == 0
        assert "Only whoever asked for it" in ask(client, f"{path}/lift").text
        assert errors_of(send(client, f"{path}/lift"))["reason"] == "This is needed."
        assert len(library.optouts().list()) == 1
        lifted = send(client, f"{path}/lift", reason="They wrote again.")
        assert lifted.headers["Location"] == "/opt-outs?told=lifted"
        assert library.optouts().list() == []
        assert ask(client, path).status_code == 404


def test_places_are_shown_as_text(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        library.optouts().source("https://example.org/<script>x</script>")
        assert "<script>x" not in ask(client, "/opt-outs").text
