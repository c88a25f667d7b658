"""A home in which there is something of every kind, and every text tries to be more than text.

It is made once for all tests of a module: none of them changes it. A browser that runs no
script goes through its pages from link to link.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from httpx2 import Response
from starlette.testclient import TestClient

from mien.library import Library
from mien.permission.account import User
from mien.permission.caller import Role
from mien.service.link import Link, LinkDraft
from mien.service.links import Links
from mien.testing import draw_photo
from server.entrance import browsing, csrf_of
from service import inbox
from service.desk import Desk
from service.enrolling import enrol
from service.party import FIND
from service.stage import PURPOSE, Stage, query

MARKUP = "<img src=x onerror=alert(1)>\"'{{7*7}}"
"""What would act if it stood in a page as it is; short, and fit for the name of a file."""

PLACE = "https://a.example/<svg/onload=alert(1)>'/"
VOID = frozenset(
    {"meta", "img", "link", "br", "input", "hr", "rect", "path", "image", "source", "wbr"}
)
HOST = "http://testserver"
_MOST_PAGES = 150


def told(what: str) -> str:
    """A hostile text that says where it was written."""
    return f"{what}{MARKUP}"


TOLD = (
    *("grantor", "contact", "terms", "caption", "credit", "collection", "person", "user", "key"),
    *("event", "requester", "address", "reason", "statement", "why", "controller"),
)
"""What somebody writes that is shown to somebody else."""


@dataclass
class Node:
    """An element as a browser's parser takes it; `text` is all that stands in it."""

    tag: str
    attributes: dict[str, str]
    inside: tuple[Node, ...]
    text: str = ""

    def is_in(self, *tags: str) -> bool:
        return any(one.tag in tags for one in self.inside)


class Seen(HTMLParser):
    """A page: every element in order, and what was left open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.nodes: list[Node] = []
        self.open: list[Node] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice: {tag} {attrs}"
        if tag == "option":
            self._end_option()
        node = Node(tag, {name: value or "" for name, value in attrs}, tuple(self.open))
        self.nodes.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"datalist", "select"}:
            self._end_option()
        if tag not in VOID:
            found = self.open.pop()
            assert found.tag == tag, f"</{tag}> where <{found.tag}> is open"

    def _end_option(self) -> None:
        """An option ends where the next begins, whether or not that is said."""
        if self.open[-1].tag == "option":
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        for node in self.open:
            node.text += data

    def all(self, *tags: str) -> list[Node]:
        return [node for node in self.nodes if node.tag in tags]

    def with_attribute(self, name: str) -> list[Node]:
        return [node for node in self.nodes if name in node.attributes]


@dataclass
class Visited:
    """A page that somebody opened."""

    path: str
    answer: Response
    page: Seen


@dataclass
class House:
    """The home, who looks after it, and what strangers hold."""

    stage: Stage
    library: Library
    desk: Desk
    link: Link
    names: dict[str, str] = field(default_factory=dict)


@contextmanager
def full_house(folder: Path) -> Iterator[House]:
    stage = Stage(folder)
    with stage.open(
        review_share=100, public="policy,requests,find", controller=told("controller"), contact="c"
    ) as library:
        desk = Desk(stage, library)
        house = House(stage, library, desk, _fill(stage, library, desk))
        yield house


def _fill(stage: Stage, library: Library, desk: Desk) -> Link:
    boss = desk.make(told("user"), Role.ADMIN)
    desk.invite("bound", Role.VIEWER, purposes=[PURPOSE])
    desk.key(boss.user_id, name=told("key"))
    names = {name: told(name) for name in ("grantor", "contact", "terms")}
    grant = inbox.fill(stage, library, **names, jurisdiction="FR")
    stage.draw(f"{told('file')}.png", 5, 6)
    library.add(stage.photos, grant=grant)
    library.create_collection(told("collection"), basis="household")
    catalog = stage.home / "catalog.db"
    query(catalog, "UPDATE photos SET caption = ?, credit = ?", told("caption"), told("credit"))
    enrol(stage, library, 7, told("person"))
    _ask(stage, library, boss)
    library.optouts().source(PLACE)
    return _open(stage, library)


def _open(stage: Stage, library: Library) -> Link:
    """A second collection whose grant covers finding."""
    stage.draw("party/eve.png", 3)
    grant = stage.grant(library, FIND, scope=stage.photos / "party", grantor="Plain")
    library.add(stage.photos / "party", grant=grant, collection="party")
    draft = LinkDraft(name=told("event"), collection="party", purpose=FIND)
    made = Links(library.acting("user:host").parts).make(draft)
    assert isinstance(made, Link), made
    return made


def _ask(stage: Stage, library: Library, boss: User) -> None:
    """A case of each state: open, hidden, decided, answered, closed."""
    said = {
        "requester": told("requester"),
        "contact": told("address"),
        "reason": told("reason"),
        "statement": told("statement"),
    }
    inbox.request(library, "access", person=told("person"), **said)
    inbox.request(library, "takedown", photos=(inbox.sha256_of(stage, "both.png"),), **said)
    refused = inbox.request(library, "objection", person="Nobody", **said)
    library.acting(boss.actor).cases().decide(
        refused.case.case_id, is_granted=False, reason=told("why")
    )
    done = inbox.request(library, "access", person="Nobody at all", **said)
    inbox.answer(stage, library, done, "letter")
    library.cases().close(done.case.case_id)


@contextmanager
def at_home(house: House) -> Iterator[TestClient]:
    """The browser of whoever may do everything."""
    with browsing(house.desk, told("user")) as client:
        yield client


def walk(house: House) -> Mapping[str, Visited]:
    """Every page that can be reached from the first one, and those that strangers reach."""
    found: dict[str, Visited] = {}
    with ExitStack() as stack:
        boss = stack.enter_context(at_home(house))
        stranger = stack.enter_context(browsing(house.desk))
        _search(boss)
        _follow(boss, "/search", found)
        token = Links(house.library.parts).token(house.link)
        for path in ("/sign-in", "/about", "/request", f"/find/{token}"):
            _follow(stranger, path, found, is_one=True)
        sent = {"wish": "access", "matter": "name", "name": told("person")}
        asked = stranger.post("/request", data=sent)
        assert asked.status_code == 303, asked.text
        _follow(stranger, asked.headers["Location"].partition("?")[0], found, is_one=True)
        invited = house.desk.link(house.desk.accounts.get("bound"))
        _follow(stranger, f"/welcome/{invited}", found, is_one=True)
    return found


def _search(client: TestClient) -> None:
    sent = {"collection": "default", "purpose": PURPOSE, "reason": told("why")}
    photo = {"photos": ("who.png", draw_photo(1, seed=9), "image/png")}
    token = {"X-CSRF-Token": csrf_of(client), "Accept": "application/json"}
    searched = client.post("/v1/searches", data=sent, files=photo, headers=token)
    assert searched.status_code < 300, searched.text


def _follow(
    client: TestClient, start: str, found: dict[str, Visited], *, is_one: bool = False
) -> None:
    """Opens a page, and every page that it leads to."""
    waiting, asked = [start], set(found)
    while waiting:
        path = waiting.pop(0)
        if path in asked:
            continue
        asked.add(path)
        assert len(asked) < _MOST_PAGES, "the pages do not end"
        answer = client.get(path)
        if answer.is_redirect:
            waiting.append(answer.headers["Location"])
        elif answer.headers.get("Content-Type", "").startswith("text/html"):
            found[path] = Visited(path, answer, Seen(answer.text))
            waiting += [] if is_one else leads_of(found[path])
        elif answer.status_code >= 400:
            found[path] = Visited(path, answer, Seen(""))


def leads_of(visited: Visited) -> list[str]:
    """Where the links of a page go, within the server, without what is a part of a page."""
    written = [one for one in visited.page.all("a") if "href" in one.attributes]
    links = [urljoin(visited.path, one.attributes["href"]) for one in written]
    ours = [one for one in links if not urlsplit(one).scheme and one.startswith("/")]
    return [one.partition("#")[0] for one in ours]
