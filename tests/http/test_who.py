"""Who is known to whom: sessions and keys at the door, cookies, users, keys and links in reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from starlette.requests import Request
from starlette.responses import Response

from mien.errors import NotFoundError
from mien.http.asking import SESSION_COOKIE, Asking, name_cookie
from mien.http.cookies import check_same_origin, clear_session, find_session_token, set_session
from mien.http.doorkeeper import (
    AccountsDoorkeeper,
    find_user_id,
    get_known_key,
    get_known_user,
    get_signed_in_id,
    get_user,
    list_known_keys,
    list_known_users,
)
from mien.http.linked import describe_address, get_reached, list_reached
from mien.http.problem import ProblemError
from mien.http.site import Site
from mien.permission.account import EVERYTHING, User, call_as_user
from mien.permission.caller import OPERATIONS, Caller, Operation, Role
from mien.service.api_keys import MadeKey
from mien.service.link import Link, LinkDraft
from mien.service.links import Links
from server.door import make_site
from service.desk import Desk
from service.party import FIND
from service.stage import Stage


@dataclass
class House:
    """A home with people who look after different parts of it; tests only look."""

    stage: Stage
    site: Site
    desk: Desk
    users: dict[str, User]
    keys: dict[str, MadeKey]
    tokens: dict[str, str]
    links: dict[str, Link]

    @property
    def door(self) -> AccountsDoorkeeper:
        return AccountsDoorkeeper(self.site.library)

    def asking(self, who: str, operation: Operation = Operation.OPERATE) -> Asking:
        """As a user who signed in, or as the key of this name."""
        if who in self.keys:
            caller = self.door.find_by_key(self.keys[who].secret)
            token = ""
        else:
            caller, token = call_as_user(self.users[who]), "token"
        assert caller is not None
        return Asking(site=self.site, caller=caller, operation=operation, csrf_token=token)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    stage = Stage(tmp_path_factory.mktemp("house"))
    with stage.open() as library:
        stage.draw("ann.png", 1)
        grant = stage.grant(library, FIND)
        for name in ("family", "club"):
            library.create_collection(name, basis="household")
            library.add(stage.photos, grant=grant, collection=name)
        desk = Desk(stage, library)
        users = {"root": desk.make("root", Role.ADMIN)}
        users["half"] = desk.make("half", Role.ADMIN, collections=["family"])
        users["ann"] = desk.make("ann", Role.SEARCHER, collections=["family"])
        users["ben"] = desk.make("ben", Role.CURATOR)
        users["eve"] = desk.make("eve", Role.VIEWER, collections=["club"])
        keys = {
            "booth": desk.key("ann", name="booth", operations=[Operation.SEARCH]),
            "robot": desk.key("ben", name="robot", operations=[Operation.VIEW], days=1),
            "whole": desk.key("root", name="whole"),
        }
        tokens = {name: desk.sign_in(name) for name in ("root", "ann")}
        links = {}
        for name in ("family", "club"):
            draft = LinkDraft(name=f"Day of the {name}", collection=name, purpose=FIND)
            made = Links(library.parts).make(draft)
            assert isinstance(made, Link), made
            links[name] = made
        yield House(stage, make_site(library), desk, users, keys, tokens, links)


def test_whoever_signed_in_is_who_they_are(house: House) -> None:
    signed_in = house.door.find_by_session(house.tokens["ann"])
    assert signed_in is not None
    assert signed_in.caller.actor == house.users["ann"].actor
    assert signed_in.caller.name == "ann"
    assert signed_in.caller.operations == OPERATIONS[Role.SEARCHER]
    assert signed_in.caller.collections == frozenset({"family"})


def test_the_token_against_forged_forms_is_of_one_session_and_not_its_secret(house: House) -> None:
    one, again, other = (
        house.door.find_by_session(house.tokens[name]) for name in ("ann", "ann", "root")
    )
    assert one is not None
    assert again is not None
    assert other is not None
    assert one.csrf_token == again.csrf_token != other.csrf_token
    assert len(one.csrf_token) >= 32
    assert house.tokens["ann"] not in one.csrf_token


@pytest.mark.parametrize("token", ["", "x", "ann", "\xe4", "\0", "0" * 1_000, "' OR 1=1 --"])
def test_nobody_comes_in_with_a_token_or_key_that_was_made_up(house: House, token: str) -> None:
    assert house.door.find_by_session(token) is None
    assert house.door.find_by_key(token) is None


@pytest.mark.parametrize("name", ["booth", "robot", "whole"])
def test_a_secret_that_was_changed_anywhere_opens_nothing(house: House, name: str) -> None:
    secret = house.keys[name].secret
    for at in (0, len(secret) // 2, len(secret) - 1):
        other = "A" if secret[at] != "A" else "B"
        assert house.door.find_by_key(f"{secret[:at]}{other}{secret[at + 1 :]}") is None
    for other in (secret[:-1], f"{secret}A", secret.swapcase(), f" {secret}"):
        assert house.door.find_by_key(other) is None


def test_a_key_is_no_session_and_a_session_no_key(house: House) -> None:
    assert house.door.find_by_session(house.keys["whole"].secret) is None
    assert house.door.find_by_key(house.tokens["root"]) is None


def test_a_key_may_what_it_was_made_for_within_what_its_owner_may(house: House) -> None:
    booth = house.door.find_by_key(house.keys["booth"].secret)
    whole = house.door.find_by_key(house.keys["whole"].secret)
    assert booth is not None
    assert whole is not None
    assert booth.operations == {Operation.SEARCH, Operation.ACCOUNT}
    assert booth.collections == frozenset({"family"})
    assert booth.actor == f"key:{house.keys['booth'].key.key_id}"
    assert whole.collections is None
    assert whole.operations <= frozenset(Operation)


def test_a_key_ends_with_its_last_day(house: House) -> None:
    before, secret = house.stage.now, house.keys["robot"].secret
    try:
        house.stage.now = before + timedelta(days=1, seconds=-1)
        assert house.door.find_by_key(secret) is not None
        house.stage.now = before + timedelta(days=1)
        assert house.door.find_by_key(secret) is None
    finally:
        house.stage.now = before


@pytest.mark.parametrize(
    ("who", "known"),
    [("root", {"root", "half", "ann", "ben", "eve"}), ("half", {"half", "ann"})],
)
def test_users_are_known_within_ones_own_bounds(house: House, who: str, known: set[str]) -> None:
    asking = house.asking(who)
    assert {user.name for user in list_known_users(asking)} == known
    for name, user in house.users.items():
        if name in known:
            assert get_known_user(asking, user.user_id).name == name
            assert get_known_user(asking, name.upper()).name == name
        else:
            for way in (name, user.user_id):
                with pytest.raises(NotFoundError):
                    get_known_user(asking, way)


def test_a_user_beyond_ones_bounds_is_as_if_there_were_none(house: House) -> None:
    with pytest.raises(NotFoundError) as beyond:
        get_known_user(house.asking("half"), "ben")
    assert str(beyond.value) == "There is no such user. List them with: mien users list"


@pytest.mark.parametrize(
    ("who", "known"), [("root", {"booth", "robot", "whole"}), ("half", {"booth"})]
)
def test_keys_are_known_with_their_owners(house: House, who: str, known: set[str]) -> None:
    asking = house.asking(who)
    assert {key.name for key in list_known_keys(asking)} == known
    for name, made in house.keys.items():
        if name in known:
            assert get_known_key(asking, made.key.key_id).name == name
        else:
            with pytest.raises(NotFoundError, match="mien keys list"):
                get_known_key(asking, made.key.key_id)


@pytest.mark.parametrize("name", ["", "nobody", "00000000-0000-0000-0000-000000000000", "booth"])
def test_a_key_is_found_by_its_id_alone(house: House, name: str) -> None:
    with pytest.raises(NotFoundError):
        get_known_key(house.asking("root"), name)


@pytest.mark.parametrize(("who", "owner"), [("ann", "ann"), ("booth", "ann"), ("robot", "ben")])
def test_whoever_asks_with_a_key_is_its_owner(house: House, who: str, owner: str) -> None:
    asking = house.asking(who)
    assert find_user_id(asking) == house.users[owner].user_id
    assert get_user(asking).name == owner


def test_an_account_is_looked_after_by_whoever_signed_in_and_by_no_key(house: House) -> None:
    assert get_signed_in_id(house.asking("ann")) == house.users["ann"].user_id
    with pytest.raises(ProblemError) as raised:
        get_signed_in_id(house.asking("booth"))
    assert (raised.value.status, raised.value.code) == (403, "operation-not-yours")


@pytest.mark.parametrize(
    ("change", "reached"),
    [
        ({}, {"family", "club"}),
        ({"collections": frozenset({"family"})}, {"family"}),
        ({"collections": frozenset()}, set()),
        ({"purposes": frozenset({FIND})}, {"family", "club"}),
        ({"purposes": frozenset({"press"})}, set()),
        ({"operations": frozenset({Operation.VIEW})}, set()),
        ({"collections": frozenset({"club"}), "purposes": frozenset({"press"})}, set()),
    ],
)
def test_links_are_reached_within_ones_own_bounds(
    house: House, change: dict[str, object], reached: set[str]
) -> None:
    asking = house.asking("ben", Operation.SHARE)
    caller: Caller = replace(asking.caller, **change)  # type: ignore[arg-type]
    asking = replace(asking, caller=caller)
    assert {link.collection for link in list_reached(asking)} == reached
    for name, link in house.links.items():
        if name in reached:
            assert get_reached(asking, link.link_id) == link
        else:
            with pytest.raises(NotFoundError, match=f"There is no link {link.link_id}"):
                get_reached(asking, link.link_id)


def test_the_address_of_a_link_leads_here_and_does_not_tell_its_id(house: House) -> None:
    asking, link = house.asking("ben", Operation.SHARE), house.links["family"]
    address = describe_address(asking, link)
    assert address.startswith(f"{house.site.origin}/find/")
    assert link.link_id not in address
    assert address != describe_address(asking, house.links["club"])


def asked(site: Site, **headers: str) -> Request:
    class App:
        state = type("State", (), {"site": site})

    raw = [
        (name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()
    ]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw, "app": App()})


def cookie_of(response: Response) -> tuple[str, set[str]]:
    first, *rest = response.headers["Set-Cookie"].split("; ")
    return first, {one.lower() for one in rest}


@pytest.mark.parametrize("is_secure", [True, False])
def test_the_cookie_of_a_session_is_for_this_host_and_no_script(
    house: House, *, is_secure: bool
) -> None:
    site, answer = replace(house.site, is_secure=is_secure), Response()
    set_session(answer, site, token="t0k3n")  # noqa: S106
    first, rest = cookie_of(answer)
    assert first == f"{name_cookie(site)}=t0k3n"
    assert {"httponly", "path=/", "samesite=strict"} <= rest
    assert ("secure" in rest) is is_secure
    assert not [one for one in rest if one.startswith(("domain", "expires", "max-age"))]
    assert name_cookie(site) == ("__Host-" if is_secure else "") + SESSION_COOKIE


@pytest.mark.parametrize("is_secure", [True, False])
def test_a_cookie_is_cleared_under_the_name_that_it_has(house: House, *, is_secure: bool) -> None:
    site, answer = replace(house.site, is_secure=is_secure), Response()
    clear_session(answer, site)
    first, rest = cookie_of(answer)
    assert first.startswith(f"{name_cookie(site)}=")
    assert {"max-age=0", "path=/", "httponly", "samesite=strict"} <= rest
    assert ("secure" in rest) is is_secure


def test_a_session_is_read_from_its_own_cookie_alone(house: House) -> None:
    secure = replace(house.site, is_secure=True)
    assert find_session_token(asked(house.site, cookie="mien-session=a")) == "a"
    assert find_session_token(asked(house.site, cookie="other=a")) == ""
    assert find_session_token(asked(house.site)) == ""
    # Over HTTPS a cookie that another host could have set does not count.
    assert find_session_token(asked(secure, cookie="mien-session=a")) == ""
    assert find_session_token(asked(secure, cookie="__Host-mien-session=b")) == "b"


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({}, True),
        ({"Sec_Fetch_Site": "same-origin"}, True),
        ({"Sec_Fetch_Site": "none"}, True),
        ({"Sec_Fetch_Site": "same-site"}, False),
        ({"Sec_Fetch_Site": "cross-site"}, False),
        ({"Sec_Fetch_Site": "cross-site", "Origin": "http://testserver"}, False),
        ({"Sec_Fetch_Site": "same-origin", "Origin": "https://evil.example"}, True),
        ({"Origin": "http://testserver"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "https://testserver"}, False),
        ({"Origin": "http://testserver:81"}, False),
        ({"Origin": "http://testserver.evil.example"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": ""}, False),
    ],
)
def test_a_form_before_signing_in_comes_from_a_page_of_ours(
    house: House, headers: dict[str, str], *, is_ours: bool
) -> None:
    request = asked(house.site, **headers)
    if is_ours:
        check_same_origin(request)
        return
    with pytest.raises(ProblemError, match="page of another site") as raised:
        check_same_origin(request)
    assert (raised.value.status, raised.value.code) == (403, "foreign-form")


def test_who_was_disabled_is_out_at_once_with_session_and_key(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    stage = Stage(tmp_path_factory.mktemp("disabled"))
    with stage.open() as library:
        desk = Desk(stage, library)
        desk.make("root", Role.ADMIN)
        ann = desk.make("ann", Role.VIEWER)
        token, key = desk.sign_in("ann"), desk.key("ann")
        door = AccountsDoorkeeper(library)
        assert door.find_by_session(token)
        assert door.find_by_key(key.secret)
        desk.accounts.disable(ann.user_id, by=EVERYTHING)
        assert door.find_by_session(token) is None
        assert door.find_by_key(key.secret) is None
        desk.accounts.enable(ann.user_id, by=EVERYTHING)
        assert door.find_by_session(token) is None
