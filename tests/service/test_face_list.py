"""A list of faces is full pages of what may be seen, and its count is the same."""

from __future__ import annotations

from dataclasses import replace

from mien.library import Library
from mien.permission.access_key import AccessTerms
from mien.service.bound import ask_bound_leave
from mien.service.face_list import FaceList
from mien.service.leave import Leave
from mien.types import FaceId
from service.stage import PURPOSE, Stage

NAME = "people"


def add(stage: Stage, library: Library) -> Leave:
    """Seven photos of one person each, and what a key for their grant may see."""
    grant = stage.grant(library)
    for number in range(7):
        stage.draw(f"{number}.png", number)
    library.add(stage.photos, grant=grant, collection=NAME)
    terms = AccessTerms(grant_id=grant, collections=frozenset({NAME}), purpose=PURPOSE)
    leave = ask_bound_leave(library._deployment, terms, collection=NAME)
    assert isinstance(leave, Leave)
    return leave


def ids_of(faces: FaceList, *, after: int = 0, limit: int = 9) -> tuple[list[FaceId], int]:
    page = faces.read_page(after=after, limit=limit)
    return [face.stored.id for face in page.faces], page.last


def test_a_page_is_full_though_some_faces_are_left_out(stage: Stage) -> None:
    with stage.open() as library:
        leave = add(stage, library)
        every, last = ids_of(FaceList(library._deployment, leave))
        assert (len(every), last) == (7, 0)
        hidden = replace(leave, left_out=frozenset({every[0], every[2], every[3]}))
        faces = FaceList(library._deployment, hidden)
        assert ids_of(faces, limit=2) == ([every[1], every[4]], every[4])
        assert ids_of(faces, after=every[4], limit=2) == (every[5:], 0)
        assert faces.count() == 4


def test_pages_of_any_length_meet_every_face_once(stage: Stage) -> None:
    with stage.open() as library:
        faces = FaceList(library._deployment, add(stage, library))
        for limit in (1, 2, 3, 7):
            met: list[FaceId] = []
            after, pages = 0, 0
            while after or not pages:
                found, after = ids_of(faces, after=after, limit=limit)
                met += found
                pages += 1
            assert met == ids_of(faces)[0]
            assert pages == -(-7 // limit)


def test_of_chosen_faces_no_other_is_met(stage: Stage) -> None:
    with stage.open() as library:
        leave = add(stage, library)
        every, _ = ids_of(FaceList(library._deployment, leave))
        chosen = [every[5], every[1], every[5], every[3], FaceId(999)]
        faces = FaceList(library._deployment, leave, chosen=chosen)
        assert ids_of(faces, limit=2) == ([every[1], every[3]], every[3])
        assert ids_of(faces, after=every[3], limit=2) == ([every[5]], 0)
        assert ids_of(FaceList(library._deployment, leave, chosen=[])) == ([], 0)
