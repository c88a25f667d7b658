"""Nothing that looks at photos, searches, judges or exports hands out a template."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

import pytest

from attacks.test_templates import check_nothing_is_in, needles_of, templates_of
from mien.library import Library
from mien.service.compare import Side
from mien.service.compare_faces import CompareFacesRequest
from mien.service.export import ExportForm, ExportRequest, export_candidates
from mien.service.face_groups import FaceGroups
from mien.service.group_faces import GroupFaces, Grouping
from mien.service.judgements import Judgements
from mien.service.photo_book import PhotoBook, PhotoQuery
from mien.service.search_desk import SearchDesk
from mien.service.search_groups import GroupRequest, GroupSearch
from mien.service.searched import Asked
from mien.service.source_book import SourceBook
from mien.testing import draw_photo
from service.finding import ask, face_in, fill, say, search
from service.grouping import groups_of, make_group, terms_of
from service.stage import PURPOSE, Stage

PROBE = draw_photo(1, 2, seed=9)


def book(library: Library) -> PhotoBook:
    return PhotoBook(library.parts)


def kept(library: Library) -> str:
    """A judgement of a candidate."""
    return say(library, search(library, PROBE), "kept", of="a1.png").judgement_id


def take(library: Library, form: ExportForm) -> object:
    found = search(library, PROBE)
    say(library, found, "kept", of="a1.png")
    request = ExportRequest(search_id=found.search_id, form=form)
    return export_candidates(library.parts, request)


CALLS: Mapping[type, Mapping[str, Callable[[Library], object]]] = {
    PhotoBook: {
        "list_photos": lambda lib: book(lib).list_photos(PhotoQuery()),
        "get_photo": lambda lib: book(lib).get_photo(first_photo(lib)),
        "get_face": lambda lib: book(lib).get_face(first_face(lib)),
        "get_person": lambda _: None,
        "read_crop": lambda lib: book(lib).read_crop(book(lib).get_face(first_face(lib))),
        "read_thumbnail": lambda lib: book(lib).read_thumbnail(
            book(lib).get_photo(first_photo(lib))
        ),
        "open_photo": lambda lib: book(lib).open_photo(
            book(lib).get_photo(first_photo(lib)), longest_px=100
        ),
    },
    SourceBook: {"list_sources": lambda lib: SourceBook(lib.parts).list_sources()},
    SearchDesk: {
        "search_photos": lambda lib: SearchDesk(lib.parts).search_photos([PROBE], ask()),
        "search_face": lambda lib: SearchDesk(lib.parts).search_face(first_face(lib), ask()),
        "search_faces": lambda lib: SearchDesk(lib.parts).search_faces(PROBE, ask()),
        "compare": lambda lib: SearchDesk(lib.parts).compare(
            Side(PROBE), Side(PROBE, 1), asked=Asked(purpose=PURPOSE, collection="default")
        ),
        "compare_faces": lambda lib: SearchDesk(lib.parts).compare_faces(
            PROBE,
            PROBE,
            request=CompareFacesRequest(
                asked=Asked(purpose=PURPOSE, collection="default"), max_file_bytes=1 << 20
            ),
        ),
        "ask": lambda lib: SearchDesk(lib.parts).ask(
            terms_of(lib.grants()[0].grant_id), collection="default"
        ),
    },
    FaceGroups: {
        "make": lambda lib: grouped(lib).make("new"),
        "delete": lambda lib: grouped(lib).delete("new"),
        "list_page": lambda lib: grouped(lib).list_page(limit=9),
        "count": lambda lib: grouped(lib).count(),
        "find_names_of": lambda lib: grouped(lib).find_names_of([first_face(lib)]),
    },
    GroupFaces: {
        "add": lambda lib: faces_of(lib).add(group_of(lib), min_similarity=0.0),
        "remove": lambda lib: faces_of(lib).remove(group_of(lib)),
    },
    GroupSearch: {
        "by_face": lambda lib: group_search(lib).by_face(first_face(lib)),
        "by_name": lambda lib: group_search(lib).by_name("ann"),
        "by_photo": lambda lib: group_search(lib).by_photo(lambda: PROBE),
    },
    Judgements: {
        "judge": lambda lib: say(lib, search(lib, PROBE), "rejected", of="c.png"),
        "get": lambda lib: Judgements(lib.parts).get(kept(lib)),
        "withdraw": lambda lib: Judgements(lib.parts).withdraw(kept(lib)),
    },
}


def grouped(library: Library) -> FaceGroups:
    """With a group of Ann's."""
    groups = groups_of(library, library.grants()[0].grant_id)
    if not groups.count():
        make_group(library, groups, "ann", face_ids=[first_face(library)])
    return groups


def faces_of(library: Library) -> GroupFaces:
    return GroupFaces(grouped(library), library.parts.galleries)


def group_of(library: Library) -> Grouping:
    return Grouping(name="ann", face_ids=[first_face(library)])


def group_search(library: Library) -> GroupSearch:
    terms = terms_of(library.grants()[0].grant_id)
    grouped(library)
    return GroupSearch(
        library.parts,
        GroupRequest(terms=terms, collection="default", min_similarity=0.0, limit=9),
    )


# What is handed on within the service alone, with a transaction or a deployment.
INTERNAL: Mapping[type, set[str]] = {
    FaceGroups: {"deployment", "leave", "find_names", "get", "tell", "enter"}
}


def first_photo(library: Library) -> str:
    return book(library).list_photos(PhotoQuery()).photos[0].photo.uuid


def first_face(library: Library) -> str:
    return face_in(search(library, PROBE), "a1.png")


@pytest.mark.parametrize("owner", CALLS)
def test_every_public_call_is_tried(owner: type) -> None:
    """A call that is added has to be tried here."""
    public = {name for name, _ in inspect.getmembers(owner) if not name.startswith("_")}
    assert public == set(CALLS[owner]) | INTERNAL.get(owner, set())


def test_no_call_hands_out_a_template(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        needles = needles_of(templates_of(stage, library))
        assert len(needles) > 100
        for calls in CALLS.values():
            for call in calls.values():
                check_nothing_is_in(call(library), needles)
        for form in ExportForm:
            check_nothing_is_in(take(library, form), needles)
