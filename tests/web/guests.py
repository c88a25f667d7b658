"""A guest with a browser that runs no script, at a party whose photos are opened by a link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser

from httpx2 import Response
from starlette.testclient import TestClient

from mien.library import Library
from mien.service.guest_words import version_of
from mien.service.link import Link
from mien.testing import draw_photo
from server.door import visiting
from service.party import Party
from service.stage import Stage


@dataclass
class Guest:
    """One browser, and the link that it came through."""

    client: TestClient
    token: str

    @property
    def home(self) -> str:
        return f"/find/{self.token}"

    def hand_in(self, *people: int, content: bytes = b"", enrols: bool = False) -> Response:
        """Fills in the form with a selfie, and sends it."""
        said = {"agreed": "yes", "consent_version": version_of(enrols=enrols), "name": "Ann Ek"}
        return self.send(said, content or draw_photo(*people, seed=77))

    def send(self, said: Mapping[str, str], content: bytes) -> Response:
        files = {"selfie": ("selfie.png", content, "image/png")}
        return self.client.post(self.home, data=said, files=files, follow_redirects=False)

    def ask(self, *people: int, enrols: bool = False) -> str:
        """Asks; the address of the answer."""
        sent = self.hand_in(*people, enrols=enrols)
        assert sent.status_code == 303, sent.text
        return str(sent.headers["Location"])

    def press(self, address: str, act: str) -> Response:
        return self.client.post(f"{address}/{act}")

    def pictures(self, address: str) -> list[str]:
        """The addresses of everything that an answer's page shows and hands out."""
        return [found for found in links_in(self.client.get(address).text) if "/photo/" in found]


@contextmanager
def party_at(stage: Stage, *, public: str = "find", **terms: object) -> Iterator[Party]:
    with stage.open(public=public) as library:
        yield Party(stage, library).fill(**terms)


@contextmanager
def coming(party: Party, link: Link) -> Iterator[Guest]:
    with visiting(party.library) as client:
        client.headers["Accept"] = "text/html"
        yield Guest(client, party.links.token(link))


@contextmanager
def coming_to(library: Library) -> Iterator[TestClient]:
    """Somebody without any link."""
    with visiting(library) as client:
        client.headers["Accept"] = "text/html"
        yield client


def links_in(page: str) -> list[str]:
    """Every address that a page refers to."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend(value for name, value in attrs if name in {"href", "src"} and value)

    Reader().feed(page)
    return found
