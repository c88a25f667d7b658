"""Nothing that looks at photos, searches, judges or exports hands out a template."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

import pytest

from attacks.test_templates import check_nothing_is_in, needles_of, templates_of
from mien.library import Library
from mien.service.compare import Side
from mien.service.export import ExportForm, ExportRequest, export_candidates
from mien.service.judgements import Judgements
from mien.service.photo_book import PhotoBook, PhotoQuery
from mien.service.search_desk import SearchDesk
from mien.service.searched import Asked
from mien.service.source_book import SourceBook
from mien.testing import draw_photo
from service.finding import ask, face_in, fill, say, search
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
    },
    Judgements: {
        "judge": lambda lib: say(lib, search(lib, PROBE), "rejected", of="c.png"),
        "get": lambda lib: Judgements(lib.parts).get(kept(lib)),
        "withdraw": lambda lib: Judgements(lib.parts).withdraw(kept(lib)),
    },
}


def first_photo(library: Library) -> str:
    return book(library).list_photos(PhotoQuery()).photos[0].photo.uuid


def first_face(library: Library) -> str:
    return face_in(search(library, PROBE), "a1.png")


@pytest.mark.parametrize("owner", CALLS)
def test_every_public_call_is_tried(owner: type) -> None:
    """A call that is added has to be tried here."""
    public = {name for name, _ in inspect.getmembers(owner) if not name.startswith("_")}
    assert public == set(CALLS[owner])


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
