"""Attempts to read a template through what indexing and detecting hand out; all must fail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from attacks.test_templates import check_nothing_is_in, needles_of, templates_of
from mien.library import Library
from mien.permission.access_key import AccessTerms
from mien.permission.quality import QualityFilter
from mien.service.glance import glance
from mien.service.index_photo import IndexRequest, index_photo
from mien.testing import draw_photo
from rekognition.client import Key, calling
from service.stage import PURPOSE, Stage

ANN, BEN, CAT = 1, 2, 3


@pytest.fixture
def shelf(stage: Stage) -> Stage:
    """The photo of three people that is handed in, as the attacker knows it too."""
    stage.now = datetime.now(UTC)  # a signature of a real client names the hour
    path = stage.draw("three.png", ANN, BEN, CAT, seed=5, blurred=[CAT])
    assert path.read_bytes() == draw_photo(ANN, BEN, CAT, seed=5, blurred=[CAT])
    with stage.open() as library:
        stage.grant(library, scope="upload:///phone/")
        library.create_collection("people", basis="household")
    return stage


def terms_of(library: Library) -> AccessTerms:
    (grant,) = library.grants()
    return AccessTerms(grant_id=grant.grant_id, collections=frozenset({"people"}), purpose=PURPOSE)


def test_neither_kept_faces_nor_those_left_out_come_with_a_template(shelf: Stage) -> None:
    content = (shelf.photos / "three.png").read_bytes()
    with shelf.open() as library:
        needles = needles_of(templates_of(shelf, library))
        request = IndexRequest(
            terms=terms_of(library),
            collection="people",
            file_name="three.png",
            quality=QualityFilter.LOW,
            most_faces=1,
        )
        for _ in range(2):
            done = index_photo(library.parts, request, read=lambda: content)
            check_nothing_is_in(done, needles)


def test_a_glance_has_nothing_that_anybody_could_be_known_by(shelf: Stage) -> None:
    content = (shelf.photos / "three.png").read_bytes()
    with shelf.open() as library:
        needles = needles_of(templates_of(shelf, library))
        check_nothing_is_in(glance(library.parts, terms_of(library), read=lambda: content), needles)


def test_no_answer_to_a_client_of_amazons_holds_a_template(shelf: Stage) -> None:
    image: dict[str, Any] = {"Bytes": (shelf.photos / "three.png").read_bytes()}
    with shelf.open() as library:
        needles = needles_of(templates_of(shelf, library))
        with calling(library, Key(terms_of(library).grant_id, PURPOSE)) as client:
            for answer in (
                client.index_faces(CollectionId="people", Image=image, MaxFaces=1),
                client.index_faces(CollectionId="people", Image=image, QualityFilter="NONE"),
                client.detect_faces(Image=image, Attributes=["ALL"]),
            ):
                check_nothing_is_in(answer, needles)
