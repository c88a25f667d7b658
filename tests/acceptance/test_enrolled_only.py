"""Two of a hundred people are enrolled, and of the others nothing is kept: on real photos."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from mien import Library
from mien.permission.basis import Basis
from mien.permission.verdict import Reason
from mien.service.consent_draft import ConsentDraft
from mien.service.ingest import AddReport
from mien.settings import Settings
from mien.types import EmbeddedFace
from service.sealing import is_kept, listening
from service.traces import Traces, find_traces

pytestmark = [pytest.mark.real, pytest.mark.slow]

PURPOSE = "members-album"
ENROLLED = ("001", "066")
UNTIL = date(2099, 12, 31)


@dataclass(frozen=True)
class Members:
    """What became of the folder, and all that was sealed meanwhile, in the clear."""

    library: Library
    report: AddReport
    heard: list[bytes]


@pytest.fixture(scope="module")
def members(
    data_folder: Path, cache_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Members]:
    photos = data_folder / "london"
    settings = Settings(home=tmp_path_factory.mktemp("home"), cache=cache_folder)
    with Library(settings=settings) as library, listening() as heard:
        for number in ENROLLED:
            consent = ConsentDraft(evidence="form", purposes=[PURPOSE], until=UNTIL)
            library.enrol(number, photos / f"{number}_neutral.jpg", consent=consent)
        library.create_collection("members", basis=Basis.ENROLLED_ONLY)
        grant = library.grant(
            photos,
            grantor="the photos' publishers",
            purposes=[PURPOSE],
            basis=Basis.ENROLLED_ONLY,
            until=UNTIL,
        )
        report = library.add(photos, grant=grant.grant_id, collection="members")
        yield Members(library, report, heard)


def test_the_enrolled_are_found_and_about_nobody_else_is_kept(
    members: Members, data_folder: Path
) -> None:
    report = members.report
    assert report.photos_new == 204
    assert report.faces + report.dropped[Reason.NOT_ENROLLED] == 204
    # One comparison in a thousand may take a stranger for a member, and there are 400.
    assert 4 <= report.faces <= 4 + 4
    for number in ENROLLED:
        probe = data_folder / "london" / f"{number}_smiling.jpg"
        found = members.library.search(probe, purpose=PURPOSE, collection="members", limit=2)
        uris = [candidate.face.locations[0].uri for candidate in found.candidates]
        assert all(f"/{number}_" in uri for uri in uris)


def test_of_the_others_nothing_was_sealed_and_no_byte_is_there(
    members: Members, data_folder: Path
) -> None:
    library = members.library
    vision = library._deployment.vision(threads=2)
    rotation = library._deployment.vault.rotation_of(library._deployment.model.dimension)
    kept = 0
    traces: Traces = {}
    others = [
        path
        for path in sorted((data_folder / "london").glob("*_neutral.jpg"))[::5]
        if path.name[:3] not in ENROLLED
    ]
    for path in others:
        (face,) = vision.analyse(path.read_bytes()).faces
        kept += is_kept(members.heard, face, rotation=rotation)
        traces |= {f"{path.stem} {form}": trace for form, trace in forms_of(face).items()}
    assert len(others) >= 19
    assert kept <= 1, "a stranger in a thousand comparisons may resemble a member"
    assert find_traces(library.settings.home, traces) == []


def forms_of(face: EmbeddedFace) -> dict[str, bytes]:
    return {
        "float32": face.embedding.astype("<f4").tobytes(),
        "float16": face.embedding.astype("<f2").tobytes(),
        "crop": face.crop_jpeg,
    }
