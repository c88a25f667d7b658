"""A party of which photos were taken, opened to its guests by a link."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mien.library import Library
from mien.permission.verdict import Verdict
from mien.service.guest_words import version_of
from mien.service.guests import Guests
from mien.service.link import Link, LinkDraft, Selfie
from mien.service.links import Links
from mien.testing import draw_photo
from service.stage import Stage

ANN, BEN, EVE = 1, 2, 3
FIND = "find-my-photos"
MEGABYTE = 2**20


def selfie_of(*people: int, seed: int = 77, enrols: bool = False, **said: Any) -> Selfie:
    """A photo that nobody at the party took, with consent to the words as they are."""
    usual: dict[str, Any] = {
        "content": draw_photo(*people, seed=seed),
        "consent_version": version_of(enrols=enrols),
    }
    return Selfie(**(usual | said))


@dataclass
class Party:
    """Ann alone, Ben alone, both of them; the grant covers finding them."""

    stage: Stage
    library: Library
    collection: str = "default"
    grant: str = field(default="", init=False)

    def fill(self, **terms: Any) -> Party:
        for name, people in (("ann", (ANN,)), ("ben", (BEN,)), ("both", (ANN, BEN))):
            self.stage.draw(f"{name}.png", *people)
        self.grant = self.stage.grant(self.library, FIND, **terms)
        self.library.add(self.stage.photos, grant=self.grant, collection=self.collection)
        return self

    @property
    def links(self) -> Links:
        return Links(self.library.acting("user:host").parts)

    @property
    def guests(self) -> Guests:
        return Guests(self.library.parts, max_bytes=MEGABYTE)

    def open(self, **terms: Any) -> Link:
        """A link as the host makes it, unless said otherwise."""
        draft = {"name": "Ann and Ben's day", "collection": self.collection, "purpose": FIND}
        made = self.links.make(LinkDraft(**(draft | terms)))
        assert isinstance(made, Link), made
        return made

    def ask(self, link: Link, *people: int, **said: Any) -> str:
        """Somebody asks; the token of their request."""
        token = self.guests.ask(link, selfie_of(*people, **said))
        assert isinstance(token, str), token
        return token

    def refusal(self, link: Link, *people: int, **said: Any) -> list[str]:
        verdict = self.guests.ask(link, selfie_of(*people, **said))
        assert isinstance(verdict, Verdict), verdict
        return [str(reason) for reason in verdict.reasons]

    def decide(self, link: Link, *, is_approved: bool = True) -> None:
        """About the newest request."""
        newest = self.links.requests(link.link_id)[0]
        self.links.decide(link.link_id, newest.request_id, is_approved=is_approved)

    def names(self, link: Link, token: str) -> list[str]:
        """The files whose photos an answer shows."""
        found = self.guests.answer(link).photos(token)
        return sorted(one.face.locations[0].uri.rsplit("/", 1)[-1] for one in found)
