"""Attempts to read a template through anything that Mien hands out; every one must fail."""

from __future__ import annotations

import base64
import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer.main

from cli import fake_mien
from mien.cli.app import app
from mien.errors import ModelError, NotFoundError
from mien.library import Library
from mien.permission.case import CaseKind
from mien.permission.use import Use
from mien.service.audit_log import AuditLog
from mien.service.case import About
from mien.service.cases import CaseDraft
from mien.service.erase import FacesTarget, PhotoTarget
from mien.service.grants import GrantDraft, Narrowing
from mien.service.model_book import ModelBook
from mien.sources.amazon_listing import make_document, save_listing
from mien.types import EmbeddedFace
from service.enrolling import consent
from service.packs import OTHER, two_packs
from service.stage import PURPOSE, Stage, last_day, query
from service.test_model_book import write_own

_FEW = 4
"""So many components in a row are nobody's by chance."""


@pytest.fixture
def album(stage: Stage) -> Stage:
    stage.now = datetime.now(UTC)
    stage.draw("ann.png", 1)
    stage.draw("ann and ben.png", 1, 2)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library, uses=list(Use)))
    return stage


def templates_of(stage: Stage, library: Library) -> list[np.ndarray[Any, Any]]:
    """Every template that the home holds, plain and turned, and the embeddings of its photos."""
    vision = library._deployment.vision(threads=1)
    faces: list[EmbeddedFace] = []
    for path in sorted(stage.photos.iterdir()):
        faces += vision.analyse(path.read_bytes()).faces
    plain = np.stack([face.embedding for face in faces])
    turned = library._deployment.vault.rotation_of(plain.shape[1]).turn(plain)
    return [*plain, *turned, *turned.astype(np.float16).astype(np.float32)]


def needles_of(templates: list[np.ndarray[Any, Any]]) -> list[bytes]:
    """Each template as its bytes in any width, and as it would be written out."""
    found = []
    for template in templates:
        for kind in ("<f2", "<f4", "<f8"):
            content = template[:_FEW].astype(kind).tobytes()
            found += [content, content.hex().encode()]
            # Base64 goes by three bytes, so the same bytes may stand in three ways.
            found += [base64.b64encode(content[start:])[2:-4] for start in range(3)]
    return [needle for needle in found if len(needle) >= _FEW]


def iter_bytes(value: object, *, depth: int = 0) -> Iterator[bytes]:
    """Everything that can be read out of a value that was handed out."""
    assert depth < 12
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, np.ndarray):
        yield from (value.astype(kind).tobytes() for kind in ("<f2", "<f4", "<f8"))
    elif isinstance(value, Mapping):
        for one in (*value.keys(), *value.values()):
            yield from iter_bytes(one, depth=depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from iter_bytes(one, depth=depth + 1)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from iter_bytes(getattr(value, field.name), depth=depth + 1)
    elif isinstance(value, Path):
        yield from (path.read_bytes() for path in value.rglob("*") if path.is_file())
    yield repr(value).encode()


def check_nothing_is_in(value: object, needles: list[bytes]) -> None:
    for content in iter_bytes(value):
        assert not [needle for needle in needles if needle in content]


Calls = Mapping[str, Callable[[Stage, Library], object]]


def first_face(stage: Stage) -> str:
    return str(query(stage.home / "catalog.db", "SELECT uuid FROM faces")[0])


def first_photo(stage: Stage) -> str:
    return str(query(stage.home / "catalog.db", "SELECT sha256 FROM photos")[0])


def first_grant(stage: Stage) -> str:
    return str(query(stage.home / "catalog.db", "SELECT uuid FROM grants")[0])


def write_listing(stage: Stage) -> Path:
    """One face of a photo, and a user with it, as Amazon would list them."""
    face = {
        "FaceId": first_face(stage),
        "ImageId": first_face(stage),
        "ExternalImageId": "ann.png",
        "BoundingBox": {"Left": 0.2, "Top": 0.2, "Width": 0.6, "Height": 0.6},
    }
    users = [{"UserId": "ann", "FaceIds": [face["FaceId"]]}]
    path = stage.folder / "listing.json"
    save_listing(path, make_document([{"CollectionId": "moved", "Faces": [face], "Users": users}]))
    return path


def search(stage: Stage, library: Library) -> Any:
    return library.search(stage.photos / "ann and ben.png", purpose=PURPOSE)


def draft(stage: Stage) -> GrantDraft:
    return GrantDraft(
        kind="contract",  # type: ignore[arg-type]
        grantor="B",
        scope=[stage.photos],
        purposes=["try"],
        bases=["household"],  # type: ignore[list-item]
        until=last_day(stage.now, days=9),
    )


def nothing_to_succeed(library: Library) -> None:
    with pytest.raises(NotFoundError):
        library.audit().succeed("nothing was cut")


def people_of(library: Library) -> list[object]:
    people = library.people()
    told = [people.events("Ann"), people.record("Ann"), people.receipt("Ann")]
    return [list(people), people.get("Ann"), told, people.withdraw("Ann")]


def labelled(stage: Stage) -> Path:
    """A folder with a folder for each of a few drawn people, two photos each."""
    for person in range(1, 9):
        for number in range(2):
            stage.draw(f"../labelled/{person}/{number}.png", person, seed=2 * person + number)
    return stage.folder / "labelled"


def case_of(stage: Stage, library: Library) -> list[object]:
    about = About(photos=(first_photo(stage),))
    draft = CaseDraft(kind=CaseKind.ACCESS, requester="Ann", about=about)
    opened = library.cases().open(draft)
    answer = library.cases().answer(opened.case.case_id, stage.folder / "answer")
    return [opened, answer, stage.folder / "answer", library.cases().list()]


CALLS: Calls = {
    "add": lambda s, lib: lib.add(s.photos, grant=first_grant(s), progress=lambda _: None),
    "enrol": lambda s, lib: lib.enrol("Ann", s.photos / "ann.png", consent=consent(s)),
    "people": lambda _, lib: people_of(lib),
    "rescan": lambda _, lib: lib.rescan(),
    "cases": case_of,
    "checkpoint": lambda _, lib: lib.checkpoint(),
    "policy": lambda _, lib: lib.policy(),
    "export_evidence": lambda s, lib: [
        lib.export_evidence(s.folder / "for an authority"),
        s.folder / "for an authority",
    ],
    "audit": lambda _, lib: lib.audit().entries(),
    "collection_deadlines": lambda _, lib: lib.collection_deadlines(),
    "collections": lambda _, lib: lib.collections(),
    "create_collection": lambda _, lib: lib.create_collection("club", basis="household"),
    "deadlines": lambda _, lib: lib.deadlines(),
    "enforce_retention": lambda _, lib: lib.enforce_retention(),
    "evaluation": lambda s, lib: lib.evaluation(replicates=50).of_photos(labelled(s)),
    "examine": lambda _, lib: lib.examine(),
    "explain": lambda s, lib: lib.explain(first_photo(s)),
    "get_grant": lambda s, lib: lib.get_grant(first_grant(s)),
    "grant": lambda s, lib: lib.grant(
        s.photos, grantor="A", purposes=["try"], basis="household", until=date(2090, 1, 1)
    ),
    "grants": lambda _, lib: lib.grants(),
    "narrow": lambda s, lib: lib.narrow(first_grant(s), Narrowing(retention_days=99)),
    "preview_erasure": lambda s, lib: lib.preview_erasure(PhotoTarget(first_photo(s))),
    "read_crop": lambda s, lib: [lib.read_crop(c) for c in search(s, lib).candidates],
    "read_thumbnail": lambda s, lib: [lib.read_thumbnail(c) for c in search(s, lib).candidates],
    "record": lambda s, lib: lib.record(draft(s)),
    "revoke": lambda s, lib: lib.revoke(lib.record(draft(s)).grant_id),
    "search": search,
    "erase": lambda s, lib: lib.erase(FacesTarget((first_face(s),))),
    "optouts": lambda s, lib: [
        lib.optouts().face(s.photos / "ann.png", consent="letter"),
        lib.optouts().list(),
    ],
    "models": lambda _, lib: lib.models().list(),
    "close": lambda _, lib: lib.close(),
}


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(ModelError) as raised:
        call()
    return str(raised.value)


MODEL_CALLS: Calls = {
    "abandon": lambda _, lib: lib.models().abandon("default"),
    "accept": lambda _, lib: lib.models().accept("sface", licence="none"),
    "add": lambda s, lib: lib.models().add(*write_own(s)[:1], card=write_own(s)[1]),
    "check": lambda _, lib: lib.models().check("mine"),
    "get": lambda _, lib: lib.models().get("mine"),
    "list": lambda _, lib: lib.models().list(),
    "measure": lambda s, lib: refused(lambda: lib.models().measure("mine", report=s.folder)),
    "migrate": lambda s, lib: [
        (s.photos / "ann.png").rename(s.folder / "ann.png"),
        lib.models().migrate("default", to=OTHER, is_dry=True),
        lib.models().migrate("default", to=OTHER),
    ],
    "pull": lambda _, lib: lib.models().pull("buffalo_l"),
    "remove": lambda _, lib: lib.models().remove("mine"),
    "use": lambda _, lib: lib.models().use("buffalo_l"),
}
AUDIT_CALLS: Calls = {
    "checkpoint": lambda _, lib: lib.audit().checkpoint(),
    "entries": lambda _, lib: lib.audit().entries(),
    "entry": lambda _, lib: [lib.audit().entry(n) for n in range(len(lib.audit().entries()))],
    "export": lambda s, lib: [lib.audit().export(s.folder / "evidence"), s.folder / "evidence"],
    "prove": lambda _, lib: lib.audit().prove(0, checkpoint=lib.audit().checkpoint() or ""),
    "succeed": lambda _, lib: nothing_to_succeed(lib),
    "searches_of": lambda s, lib: lib.audit().searches_of(first_face(s)),
    "verification_key": lambda _, lib: lib.audit().verification_key,
    "verify": lambda _, lib: lib.audit().verify(),
}


HANDED_ON = {"acting", "parts"}
"""The library itself for somebody else, and what a server builds on; what that hands out is tried
in test_server_templates.py."""


def test_every_public_call_is_tried() -> None:
    """A call that is added has to be tried here."""
    for owner, calls in ((Library, CALLS), (AuditLog, AUDIT_CALLS), (ModelBook, MODEL_CALLS)):
        public = {name for name, _ in inspect.getmembers(owner) if not name.startswith("_")}
        assert public - {"settings"} - HANDED_ON == set(calls)


def test_no_call_of_the_library_hands_out_a_template(album: Stage) -> None:
    with album.open() as library:
        templates = templates_of(album, library)
        needles = needles_of(templates)
        assert len(needles) > 100
        with pytest.raises(AssertionError):  # the check sees one where there is one
            check_nothing_is_in(((templates[0],),), needles)
        search(album, library)
        for call in (*AUDIT_CALLS.values(), *CALLS.values()):
            check_nothing_is_in(call(album, library), needles)


def test_no_call_about_models_hands_out_a_template(album: Stage) -> None:
    two_packs(album)
    with album.open() as library:
        needles = needles_of(templates_of(album, library))
        first = ("add", "check", "get", "list", "measure", "accept", "pull", "use", "remove")
        for name in (*first, "migrate"):
            check_nothing_is_in(MODEL_CALLS[name](album, library), needles)
        check_nothing_is_in(MODEL_CALLS["abandon"](album, library), needles)


def test_the_probe_comes_back_without_what_was_made_of_it(album: Stage) -> None:
    with album.open() as library:
        result = search(album, library)
    assert len(result.probe.analysis.faces) == 2
    assert [face.embedding.size for face in result.probe.analysis.faces] == [0, 0]


TRIED: dict[str, Callable[[Stage], list[object]]] = {
    "add": lambda s: [s.photos, "--grant", first_grant(s)],
    "audit checkpoint": lambda s: ["--to", s.folder / "written" / "checkpoint"],
    "audit export": lambda s: [s.folder / "written" / "evidence"],
    "audit show": lambda _: [],
    "audit verify": lambda _: [],
    "case list": lambda _: [],
    "case remind": lambda _: [],
    "people list": lambda _: [],
    "people rescan": lambda _: [],
    "optout list": lambda _: [],
    "policy": lambda s: ["--to", s.folder / "written" / "policy.html"],
    "collection create": lambda _: ["club", "--basis", "household"],
    "collection list": lambda _: [],
    "doctor": lambda _: [],
    "explain": lambda s: [first_photo(s)],
    "grant add": lambda s: [
        *("--kind", "contract", "--grantor", "B", "--scope", s.photos, "--purpose", "try"),
        *("--basis", "household", "--until", "2090-01-01"),
    ],
    "evaluate": lambda s: [labelled(s), "--replicates", "50"],
    "grant list": lambda _: [],
    "grant narrow": lambda s: [first_grant(s), "--retention", "99"],
    "grant platforms": lambda _: [],
    "grant show": lambda s: [first_grant(s)],
    "import rekognition": lambda s: [
        *("--listing", write_listing(s), "--images", s.photos, "--grant", first_grant(s)),
        *("--report", s.folder / "written" / "moved"),
    ],
    "models list": lambda _: [],
    "models remove": lambda _: ["yunet"],
    "models show": lambda _: ["centerface"],
    "retention list": lambda _: [],
    "retention run": lambda _: [],
    "search": lambda s: [
        *(s.photos / "ann.png", "--purpose", PURPOSE),
        *("--page", s.folder / "written" / "page.html"),
    ],
    "erase": lambda s: ["--photo", first_photo(s), "--yes"],
    "grant revoke": lambda s: [first_grant(s)],
}
UNTRIED = {
    "serve": "what it answers is tried in test_server_templates.py",
    "demo": "adds and searches as the others do",
    "models pull": "fetches weights, and sees no photo",
    "models add": "tries out a file on noise, and sees no photo",
    "models check": "does the same",
    "models measure": "reads a report, and sees no photo",
    "models use": "writes down a name",
    "models migrate": "prints what the library's models hand out, which is tried",
    "audit succeed": "prints what the library call returns, which is tried",
    "evidence": "writes what the library call writes, which is tried",
    **dict.fromkeys(
        (
            *("users add", "users disable", "users link", "users list"),
            *("keys add", "keys list", "keys revoke"),
            *("access-keys add", "access-keys list", "access-keys revoke"),
        ),
        "is about accounts, and opens no photo",
    ),
    **dict.fromkeys(
        (
            *("people enrol", "people events", "people receipt", "people renew"),
            *("people show", "people withdraw"),
        ),
        "prints what the library's people hand out, which is tried",
    ),
    **dict.fromkeys(
        ("optout face", "optout item", "optout lift", "optout source"),
        "prints what the library's opt-outs hand out, which is tried",
    ),
    **dict.fromkeys(
        (
            *("case answer", "case close", "case confirm", "case counter"),
            *("case decide", "case open", "case show"),
        ),
        "prints what the library's cases hand out, which is tried",
    ),
}


def iter_commands(command: Any, *words: str) -> Iterator[str]:
    inner = getattr(command, "commands", {})
    if not inner:
        yield " ".join(words)
    for name, one in inner.items():
        yield from iter_commands(one, *words, name)


def test_every_command_is_tried() -> None:
    """A command that is added has to be tried here."""
    assert set(iter_commands(typer.main.get_command(app))) == TRIED.keys() | UNTRIED.keys()


def test_no_command_prints_or_writes_a_template(
    album: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIEN_HOME", str(album.home))
    with album.open() as library:
        needles = needles_of(templates_of(album, library))
    (album.folder / "written").mkdir()
    for name, words in TRIED.items():
        for form in ([], ["--json"]):
            if form and name in {"erase", "audit export", "collection create"}:
                continue  # done once, it has nothing left to do
            arguments = [*name.split(), *map(str, words(album)), *form]
            code = fake_mien.main(arguments)
            said = capsys.readouterr()
            assert code == 0, (name, said.err)
            check_nothing_is_in((said.out.encode(), said.err.encode()), needles)
    written = [path for path in (album.folder / "written").rglob("*") if path.is_file()]
    assert len(written) > 3
    for path in written:
        check_nothing_is_in(path.read_bytes(), needles)
