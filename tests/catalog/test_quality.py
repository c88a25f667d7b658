"""The quality of a face is kept with it, whole, and comes back as it was."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from sqlalchemy import Connection, text

from catalog.samples import add_collection, add_faces, add_grant, locate
from mien.catalog.faces import CoveringGrant, SearchScope, find_visible_faces
from mien.catalog.quality import format_quality, parse_quality
from mien.errors import CatalogError
from mien.testing import GOOD, POOR
from mien.types import FaceId, Flaw, Quality


def test_a_quality_comes_back_from_json_as_it_was() -> None:
    for quality in (GOOD, POOR, replace(GOOD, flaws=tuple(Flaw))):
        assert parse_quality(json.loads(json.dumps(format_quality(quality)))) == quality


def test_every_component_is_kept() -> None:
    kept = format_quality(GOOD)
    assert list(kept) == [field.name for field in fields(Quality)]
    assert format_quality(replace(GOOD, sharpness=0.123456))["sharpness"] == 0.1235


@pytest.mark.parametrize(
    "damage",
    [
        {"value": "high"},
        {"value": None},
        {"flaws": ["ugly"]},
        {"flaws": None},
    ],
)
def test_what_is_no_quality_is_refused(damage: dict[str, object]) -> None:
    with pytest.raises(CatalogError, match="quality of a face that is none"):
        parse_quality(format_quality(GOOD) | damage)


@pytest.mark.parametrize("stored", [{}, [], 7, "good", None])
def test_neither_is_another_value(stored: object) -> None:
    with pytest.raises(CatalogError):
        parse_quality(stored)


def test_a_visible_face_tells_its_quality(connection: Connection) -> None:
    grant_id, collection = add_grant(connection), add_collection(connection)
    photo_id = add_faces(connection, 1, collection_id=collection.id, faces=2)
    locate(connection, photo_id, uri="file:///photos/1.jpg", grant_id=grant_id)
    poor = json.dumps(format_quality(POOR))
    connection.execute(text("UPDATE faces SET quality = :poor WHERE id = 2"), {"poor": poor})
    scope = SearchScope(collection.id, (CoveringGrant(grant_id, None, is_for_display=True),))
    found = find_visible_faces(connection, scope, face_ids=[FaceId(1), FaceId(2)])
    assert [face.quality for face in found.values()] == [GOOD, POOR]
