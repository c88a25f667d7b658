"""Policy and answers to cases tell of what a server keeps: uploads, users, links, judgements."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from mien.library import Library
from mien.permission.account import EVERYTHING
from mien.permission.caller import Role
from mien.service.erase import GrantorTarget
from mien.service.group_faces import GroupFaces, Grouping
from mien.service.judgements import JudgementKind
from mien.service.links import Links
from mien.service.policy import Form
from mien.service.search_groups import GroupRequest, GroupSearch
from service.desk import Desk
from service.grouping import groups_of, make_group, terms_of
from service.inbox import answer, read_json, request
from service.riches import ANN, Riches
from service.shelves import sha256_of
from service.stage import PURPOSE, Stage, query


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        yield library


@pytest.fixture
def riches(stage: Stage, library: Library) -> Riches:
    return Riches(stage, library).fill()


def text(library: Library) -> str:
    return library.policy().render(Form.MARKDOWN)


def numbers(library: Library) -> tuple[int, int, int]:
    told = json.loads(library.policy().render(Form.JSON))
    return told["photos_handed_in"], told["users"], told["links_for_guests"]


def held_of(stage: Stage, library: Library, sha256: str, name: str = "answer") -> dict[str, Any]:
    opened = request(library, "access", photos=(sha256,))
    return read_json(answer(stage, library, opened, name).folder, "held.json")


def test_an_operator_alone_promises_what_holds(stage: Stage, library: Library) -> None:
    library.add(stage.draw("a.png", 1).parent, grant=stage.grant(library))
    told = text(library)
    assert "no copy of them is kept" in told
    assert "There is no public search." in told
    assert "no guests, no trial access, no shared pool" in told
    assert "lets in" not in told
    assert numbers(library) == (0, 0, 0)


def test_photos_that_were_handed_in_are_told(riches: Riches, library: Library) -> None:
    assert "Kept whole, because they were handed in" in text(library)
    assert "2 photos. All others stay where they are" in text(library)
    assert numbers(library) == (2, 0, 0)
    library.erase(GrantorTarget("Shelf Keeper"))
    assert "Kept whole" not in text(library)


def test_users_are_counted_and_not_named(stage: Stage, library: Library) -> None:
    desk = Desk(stage, library)
    desk.make("boss", Role.ADMIN)
    desk.make("eve", Role.VIEWER)
    assert "lets in 2 users besides" in text(library)
    assert "boss" not in text(library)
    desk.accounts.disable("eve", by=EVERYTHING)
    assert "lets in 1 user besides" in text(library)


def test_a_user_who_was_written_into_the_catalog_is_not_counted(
    stage: Stage, library: Library
) -> None:
    Desk(stage, library).make("boss", Role.ADMIN)
    query(stage.home / "catalog.db", "UPDATE users SET role = 'viewer'")
    assert numbers(library)[1] == 0


def test_links_for_guests_are_told_as_long_as_they_are_open(
    riches: Riches, library: Library, stage: Stage
) -> None:
    link = riches.open_link(days=2)
    told = text(library)
    assert "Guests may look for photos of themselves" in told
    assert "no guests, no trial access" not in told
    assert "There is no public search." not in told
    assert "The day" not in told
    stage.now += timedelta(days=2)
    assert "There is no public search." in text(library)
    stage.now -= timedelta(days=2)
    Links(library.parts).revoke(link.link_id)
    assert numbers(library)[2] == 0


def test_a_link_that_was_edited_is_not_open(riches: Riches, library: Library, stage: Stage) -> None:
    riches.open_link()
    query(stage.home / "catalog.db", "UPDATE links SET searches_total = 9999")
    assert numbers(library)[2] == 0


def test_the_version_changes_with_what_is_told(riches: Riches, library: Library) -> None:
    first = library.policy().version
    riches.open_link()
    assert library.policy().version != first


def test_whoever_asks_is_told_that_the_photo_itself_lies_here(
    riches: Riches, library: Library, stage: Stage
) -> None:
    sha256 = sha256_of(riches.originals["ann"])
    (photo,) = held_of(stage, library, sha256)["photos"]
    assert photo["is_sealed_here"]
    listing = (stage.folder / "answer").rglob("held.md")
    assert "the photo itself lies sealed here" in next(listing).read_text()


def test_of_a_photo_in_a_folder_nothing_of_the_kind_is_said(
    riches: Riches, library: Library, stage: Stage
) -> None:
    sha256 = sha256_of((stage.photos / "ann.png").read_bytes())
    (photo,) = held_of(stage, library, sha256)["photos"]
    assert not photo["is_sealed_here"]


def test_whoever_asks_is_told_what_people_said_of_matches(
    riches: Riches, library: Library, stage: Stage
) -> None:
    riches.judge(ANN, JudgementKind.REJECTED)
    sha256 = sha256_of(riches.originals["ann"])
    document = held_of(stage, library, sha256)
    said = sorted(one["said"] for one in document["judgements"])
    assert said == ["confirmed", "rejected"]
    assert {one["time"][:10] for one in document["judgements"]} == {"2030-05-01"}
    assert all(set(one) == {"face", "time", "said"} for one in document["judgements"])
    listing = next((stage.folder / "answer").rglob("held.md")).read_text()
    assert "not the person who was searched for" in listing


def test_a_judgement_that_was_written_by_others_is_not_told(
    riches: Riches, library: Library, stage: Stage
) -> None:
    riches.judge(ANN)
    query(stage.home / "catalog.db", "UPDATE judgements SET kind = 'rejected'")
    assert held_of(stage, library, sha256_of(riches.originals["ann"]))["judgements"] == []


def test_who_looked_and_who_took_along_is_told_as_what_it_was(
    riches: Riches, library: Library, stage: Stage
) -> None:
    result = riches.judge(ANN)
    riches.take_along(result)
    held_of(stage, library, sha256_of(riches.originals["ann"]))
    listing = next((stage.folder / "answer").rglob("held.md")).read_text()
    assert "somebody took along a candidate: face" in listing
    assert "None" not in listing


def test_whoever_asks_is_told_the_names_their_faces_are_under_and_who_found_them(
    riches: Riches, library: Library, stage: Stage
) -> None:
    """Not the faces of others under the same name, nor names that only others are under."""
    groups = groups_of(library, riches.shelf_grant)
    (ann,) = faces_in(stage, riches.originals["ann"])
    (ben,) = faces_in(stage, riches.originals["ben"])
    groups.make("Ann & Ben")
    grouping = Grouping(name="Ann & Ben", face_ids=[ann, ben])
    GroupFaces(groups, library.parts.galleries).add(grouping, min_similarity=0.0)
    make_group(library, groups, "nobody")
    terms = terms_of(riches.shelf_grant)
    request = GroupRequest(terms=terms, collection="default", min_similarity=0.0, limit=9)
    GroupSearch(library.parts, request).by_face(ben)
    document = held_of(stage, library, sha256_of(riches.originals["ann"]))
    (told,) = document["face_groups"]
    assert (told["name"], told["faces"]) == ("Ann & Ben", [ann])
    assert [(one["purpose"], one["rank"]) for one in told["searches"]] == [(PURPOSE, 1)]
    listing = next((stage.folder / "answer").rglob("held.md")).read_text()
    assert "## Names that faces of yours were put under" in listing
    assert "a program put under a name the face" in listing
    assert "None" not in listing
    assert ben not in listing


def faces_in(stage: Stage, content: bytes) -> list[str]:
    found = (
        "SELECT f.uuid FROM faces f JOIN indexed_photos i ON i.id = f.indexed_photo_id"
        " JOIN photos p ON p.id = i.photo_id WHERE p.sha256 = ?"
    )
    return query(stage.home / "catalog.db", found, sha256_of(content))
