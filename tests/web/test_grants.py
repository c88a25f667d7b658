"""Grants in the browser: what a form does is on record afterwards, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from mien.permission.caller import Role
from server.door import Door, caller_of, visiting
from service import inbox
from service.stage import PURPOSE, Stage
from web.pages import BROWSER, ask, errors_of, refusal_of, send

FORM: dict[str, Any] = {
    "grantor": "Ann Ek",
    "kind": "owner_assertion",
    "shelf": "ann",
    "purposes": "family-album, reunion",
    "basis": "household",
    "uses": ["store", "template", "search"],
    "until": "2031-12-31",
}
MARKUP = "<script>alert('x')</script>"


def bound_to(*collections: str, **changes: object) -> Door:
    return Door({"ann": caller_of(Role.CURATOR, collections=frozenset(collections), **changes)})


def test_what_the_form_says_is_recorded(stage: Stage) -> None:
    more = {"contact": "ann@example.org", "jurisdiction": "fr", "terms": "Tell me."}
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        answer = send(client, "/grants/new", **FORM, **more, addresses="https://a.example/x/\r\n")
        (grant,) = library.grants()
        page = ask(client, answer.headers["Location"])
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/grants/{grant.grant_id}?told=recorded"
    assert grant.scope == ("upload:///ann/", "https://a.example/x/")
    assert grant.purposes == {"family-album", "reunion"}
    assert grant.uses == {"store", "template", "search"}
    assert (grant.contact, grant.jurisdiction, grant.terms) == ("ann@example.org", "FR", "Tell me.")
    assert grant.verified_by == "Curator"
    assert "The grant is recorded." in page.text
    assert "2031-12-31" in page.text


def test_a_file_that_shows_it_is_known_by_its_hash(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        letter = {"evidence": ("letter.txt", b"I allow it.")}
        client.post("/grants/new", data=FORM, files=letter, headers=BROWSER)
        ((evidence,),) = [grant.evidence for grant in library.grants()]
    assert (evidence.name, evidence.media_type) == ("letter.txt", "text/plain")


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"grantor": " "}, "grantor", "This is needed."),
        ({"kind": "because"}, "kind", "Choose one of these."),
        ({"shelf": ""}, "shelf", "Name a shelf here"),
        ({"shelf": "../x"}, "shelf", "Use letters, digits"),
        ({"addresses": "etc/photos"}, "addresses", "'etc/photos' is no address"),
        ({"addresses": "https://instagram.com/ann/"}, "addresses", "forbids scraping"),
        ({"purposes": "Family Album!"}, "purposes", "is no purpose"),
        ({"basis": ""}, "basis", "Choose one of these."),
        ({"basis": "documented_basis"}, "assessment", "A documented reason needs this."),
        ({"basis": "documented_basis"}, "retention_days", "A documented reason needs this."),
        ({"retention_days": "36501"}, "retention_days", "from 1 to 36,500"),
        ({"retention_days": "\u0663"}, "retention_days", "from 1 to 36,500"),
        ({"uses": []}, "uses", "Choose at least one"),
        ({"until": "tomorrow"}, "until", "Write a day as 2031-12-31."),
        ({"contact": "a\0b"}, "contact", "a sign that cannot be written"),
        ({"terms": "x" * 10_001}, "terms", "longer than 10,000"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_the_rest_is_kept(
    stage: Stage, changes: dict[str, Any], field: str, told: str
) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        page = send(client, "/grants/new", **{**FORM, "jurisdiction": "kept & typed", **changes})
        assert library.grants() == []
    assert page.status_code == 422
    assert told in errors_of(page)[field]
    assert 'value="kept &amp; typed"' in page.text


def test_what_mien_refuses_is_told_on_the_form(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        page = send(client, "/grants/new", **{**FORM, "jurisdiction": "Mars"})
        assert library.grants() == []
    assert page.status_code == 422
    assert "'Mars' is no jurisdiction" in refusal_of(page)


def test_a_purpose_that_is_not_ones_own_is_refused(stage: Stage) -> None:
    door = Door({"ann": caller_of(Role.CURATOR, purposes=frozenset({"reunion"}))})
    with (
        stage.open() as library,
        visiting(library, "ann", with_key=False, door=door) as client,
    ):
        page = send(client, "/grants/new", **FORM)
    assert "family-album: " in errors_of(page)["purposes"]


def test_nothing_that_was_written_becomes_markup(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        grant = inbox.fill(stage, library, grantor=MARKUP, terms=MARKUP, contact=MARKUP)
        for path in ("/grants", *(f"/grants/{grant}{more}" for more in ("", "/narrow", "/revoke"))):
            page = ask(client, path)
            assert MARKUP not in page.text
            assert "&lt;script&gt;" in page.text


def test_the_page_tells_what_a_grant_brought_in(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        grant = inbox.fill(stage, library)
        page = ask(client, f"/grants/{grant}")
        listed = ask(client, "/grants")
    assert "Collection default" in page.text
    assert "3 new, 0 refused, 0 could not be read" in page.text
    assert '<span class="number">3</span> photos' in listed.text


def test_a_grant_is_narrowed_to_what_stays_ticked(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        grant_id = inbox.fill(stage, library, purposes=[PURPOSE, "reunion"])
        grant = library.get_grant(grant_id)
        ticked = {"scope": list(grant.scope), "purposes": "reunion", "uses": sorted(grant.uses)}
        answer = send(client, f"/grants/{grant_id}/narrow", **ticked, until="2030-12-31")
        narrowed = library.get_grant(grant_id)
        assert answer.headers["Location"].endswith("?told=narrowed")
        assert narrowed.purposes == {"reunion"}
        assert narrowed.valid_until.date().isoformat() == "2031-01-01"
        assert inbox.found(library, inbox.ANN) == set()


def test_what_would_allow_more_is_refused_on_the_form(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        grant_id = stage.grant(library)
        grant = library.get_grant(grant_id)
        ticked = {"scope": grant.scope, "purposes": [PURPOSE], "uses": sorted(grant.uses)}
        page = send(client, f"/grants/{grant_id}/narrow", **ticked, until="2040-12-31")
        nothing = send(client, f"/grants/{grant_id}/narrow", **{**ticked, "uses": ["train"]})
        assert library.get_grant(grant_id) == grant
    assert "A grant can only be narrowed" in refusal_of(page)
    assert "Leave at least one" in errors_of(nothing)["uses"]


def test_a_grant_is_withdrawn_once_it_was_said_what_that_means(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        grant = inbox.fill(stage, library)
        page = ask(client, f"/grants/{grant}/revoke")
        assert library.get_grant(grant).revoked_at is None
        assert "This cannot be undone." in page.text
        assert "30 days later" in page.text
        send(client, f"/grants/{grant}/revoke")
        assert library.get_grant(grant).revoked_at is not None
        assert inbox.found(library, inbox.ANN) == set()
        assert "withdrawn" in ask(client, f"/grants/{grant}").text


def test_of_a_grant_for_other_collections_nothing_is_known(stage: Stage) -> None:
    with (
        stage.open() as library,
        visiting(library, "ann", with_key=False, door=bound_to("family")) as client,
    ):
        other = inbox.fill(stage, library, grantor="Somebody else")
        assert "Somebody else" not in ask(client, "/grants").text
        for more in ("", "/narrow", "/revoke"):
            assert ask(client, f"/grants/{other}{more}").status_code == 404
        assert send(client, f"/grants/{other}/revoke").status_code == 404
        assert library.get_grant(other).revoked_at is None


def test_a_grant_that_others_use_too_is_shown_and_not_changed(stage: Stage) -> None:
    with (
        stage.open() as library,
        visiting(library, "ann", with_key=False, door=bound_to("family")) as client,
    ):
        library.create_collection("family", basis="household")
        grant = inbox.fill(stage, library)
        library.add(stage.photos, grant=grant, collection="family")
        page = ask(client, f"/grants/{grant}")
        assert page.status_code == 200
        assert "/revoke" not in page.text
        assert "Collection default" not in page.text
        assert send(client, f"/grants/{grant}/revoke").status_code == 403
        assert library.get_grant(grant).revoked_at is None


@pytest.mark.parametrize(
    ("typed", "scope"),
    [
        ("/srv/photos", "file:///srv/photos/"),
        ("/srv/photos/", "file:///srv/photos/"),
        ("/srv/our photos", "file:///srv/our%20photos/"),
        ("/srv/été", "file:///srv/%C3%A9t%C3%A9/"),
        ("file:///srv/photos/", "file:///srv/photos/"),
    ],
)
def test_a_folder_may_be_written_as_its_path(stage: Stage, typed: str, scope: str) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        answer = send(client, "/grants/new", **{**FORM, "shelf": "", "addresses": typed})
        assert answer.status_code == 303, errors_of(answer)
        assert [one.scope for one in library.grants()] == [(scope,)]


@pytest.mark.parametrize("typed", ["/srv/../etc", "/srv/a\x7fb"])
def test_a_path_that_leads_elsewhere_is_no_folder(stage: Stage, typed: str) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        page = send(client, "/grants/new", **{**FORM, "shelf": "", "addresses": typed})
        assert page.status_code == 422
        assert library.grants() == []
