"""Who looks like the photo that somebody handed in: their own right, and no search.

Every collection of this model is looked through, whatever its grants are for, since whoever
asks is asking about themselves. It happens only while a case is opened, is entered into the
audit log as that, and what it finds lies sealed in the case for somebody to look at.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from mien.catalog import collections as collection_rows
from mien.catalog.audit import Json
from mien.catalog.cases import name_case
from mien.catalog.collections import Collection
from mien.catalog.faces import StoredFace, find_stored_faces
from mien.errors import SettingsError
from mien.service import audit
from mien.service.alike import find_alike
from mien.service.audit import SALT_BYTES, Action, Event, Note
from mien.service.case import Case, Lookalike
from mien.service.deployment import Deployment
from mien.service.enrolled import FMR
from mien.service.gallery import Galleries
from mien.service.likeness import Likeness
from mien.types import FaceId, Vectors
from mien.vault.notary import Owner


@dataclass(frozen=True, slots=True, eq=False)
class Likes:
    """Faces that may be of the person shown, best first, and how they were found."""

    lookalikes: tuple[Lookalike, ...]
    facts: Mapping[str, Json]
    shown: tuple[Note, ...]
    salt: bytes


def find_like(
    deployment: Deployment, galleries: Galleries, *, content: bytes, threads: int
) -> Likes:
    """Looks for the largest face in a photo, which is not kept. Raises `PhotoError`.

    Raises `SettingsError` where it shows nobody.
    """
    began = deployment.clock()
    faces = deployment.vision(threads=threads).analyse(content).faces
    if not faces:
        raise SettingsError("The photo shows no face. A case needs none: name a photo or a link.")
    with deployment.database.reading() as connection:
        every = list(collection_rows.iter_collections(connection))
    same = [one for one in every if one.model_digest == deployment.model.digest]
    probe = faces[0].embedding[np.newaxis]
    found = [
        hit for one in same for hit in _search(deployment, galleries, collection=one, probe=probe)
    ]
    found.sort(key=lambda hit: -hit[0].score)
    salt = secrets.token_bytes(SALT_BYTES)
    facts: dict[str, Json] = {
        "began": audit.format_time(began),
        "ended": audit.format_time(deployment.clock()),
        "input": audit.commit(salt + sha256(content).digest()),
        "collections": [audit.refer_collection(deployment, one.uuid) for one in same],
        "verifiers": [],
    }
    shown = tuple(_tell_shown(like, face, rank=rank) for rank, (like, face) in enumerate(found, 1))
    return Likes(tuple(like for like, _ in found), facts, shown, salt)


def tell_likes(likes: Likes, case: Case, *, reference: str) -> Event:
    """What the audit log hears of it; the salt goes with the case."""
    owner = Owner(subject=name_case(case.case_id))
    return Event(
        action=Action.CASE_SEARCH,
        facts={"case": reference, **likes.facts},
        note=Note({"input_salt": likes.salt.hex()}, owner),
        shown=likes.shown,
    )


def _search(
    deployment: Deployment, galleries: Galleries, *, collection: Collection, probe: Vectors
) -> Iterator[tuple[Lookalike, StoredFace]]:
    model = deployment.model
    index = galleries.load(collection, gaussian=model.gaussian).index
    rotation = deployment.vault.rotation_of(collection.dimension)
    likeness = Likeness(probe, (0,), np.array([model.score_at(FMR)], np.float32))
    found = find_alike(index, likeness, rotation=rotation)
    if not len(found):
        return
    hits = index.search(rotation.turn(probe), limit=len(found), among=found)
    pairs = zip(hits.ids[0].tolist(), hits.scores[0].tolist(), strict=True)
    scores = {FaceId(face_id): score for face_id, score in pairs}
    with deployment.database.reading() as connection:
        stored = find_stored_faces(connection, list(scores))
    for face in stored:
        yield Lookalike(face.uuid, collection.name, round(scores[face.id], 4)), face


def _tell_shown(like: Lookalike, face: StoredFace, *, rank: int) -> Note:
    details: dict[str, Json] = {"face": like.face_id, "rank": rank, "score": like.score}
    return Note(details, Owner(photo_id=face.photo_uuid, face_id=face.uuid))
