"""The session's cookie, and forms that nobody is signed in for yet."""

from __future__ import annotations

from dataclasses import replace
from http.cookies import SimpleCookie

import pytest
from starlette.requests import Request
from starlette.responses import Response

from mien.http.asking import name_cookie
from mien.http.cookies import check_same_origin, clear_session, find_session_token, set_session
from mien.http.problem import ProblemError
from mien.http.site import Site
from server.door import make_site
from service.stage import Stage


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """One that is reached over HTTPS."""
    stage = Stage(tmp_path_factory.mktemp("site"))
    with stage.open() as library:
        return replace(make_site(library), origin="https://photos.example.org", is_secure=True)


def asking(site: Site, **headers: str) -> Request:
    class App:
        class state:  # noqa: N801  (Starlette's own)
            pass

    App.state.site = site  # type: ignore[attr-defined]
    raw = [(name.replace("_", "-").lower().encode(), v.encode()) for name, v in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw, "app": App})


def cookie_of(response: Response) -> tuple[str, dict[str, str]]:
    parsed = SimpleCookie(response.headers["Set-Cookie"])
    ((name, morsel),) = parsed.items()
    return name, {key: str(value) for key, value in morsel.items() if value}


def test_over_https_no_other_host_and_no_script_gets_the_cookie(site: Site) -> None:
    response = Response()
    set_session(response, site, token="a-token")  # noqa: S106
    name, said = cookie_of(response)
    assert name == "__Host-mien-session"
    assert said == {"path": "/", "secure": "True", "httponly": "True", "samesite": "strict"}


def test_it_is_cleared_as_it_was_set(site: Site) -> None:
    """A browser keeps the one that was set where the other one differs in place or name."""
    for one in (site, replace(site, is_secure=False)):
        kept, gone = Response(), Response()
        set_session(kept, one, token="a-token")  # noqa: S106
        clear_session(gone, one)
        (kept_name, kept_said), (gone_name, gone_said) = cookie_of(kept), cookie_of(gone)
        assert kept_name == gone_name
        assert gone_said.pop("max-age", "0") == "0"
        assert gone_said.pop("expires")
        assert gone_said == kept_said


def test_what_was_set_without_https_is_not_read_over_it(site: Site) -> None:
    """Whoever sits on the wire could plant one."""
    plain = replace(site, is_secure=False)
    assert name_cookie(plain) == "mien-session"
    assert find_session_token(asking(site, cookie="mien-session=planted")) == ""
    assert find_session_token(asking(site, cookie="__Host-mien-session=own")) == "own"
    assert find_session_token(asking(plain, cookie="__Host-mien-session=own")) == ""
    assert find_session_token(asking(site)) == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "same-origin", "origin": "null"},
        {"origin": "https://photos.example.org"},
        {"origin": "null"},
        {},
    ],
)
def test_a_form_of_ours_is_read(site: Site, headers: dict[str, str]) -> None:
    check_same_origin(asking(site, **headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site", "origin": "https://photos.example.org"},
        {"sec_fetch_site": "Same-Origin "},
        {"sec_fetch_site": "cross-site", "origin": "null"},
        {"origin": "http://photos.example.org"},
        {"origin": "https://photos.example.org:8443"},
        {"origin": "https://photos.example.org.evil.example"},
        {"origin": "https://evil.example/?https://photos.example.org"},
        {"origin": "HTTPS://PHOTOS.EXAMPLE.ORG"},
        {"origin": ""},
    ],
)
def test_a_form_of_somebody_else_is_not(site: Site, headers: dict[str, str]) -> None:
    with pytest.raises(ProblemError, match="page of another site") as told:
        check_same_origin(asking(site, **headers))
    assert (told.value.status, told.value.code) == (403, "foreign-form")
