"""What is taken along of a search: a table without formulas, and a page that stands by itself."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from mien.errors import NotFoundError, SettingsError
from mien.library import Library
from mien.permission.use import Use
from mien.permission.verdict import Reason
from mien.service.export import Export, ExportForm, ExportRequest, export_candidates
from mien.service.export_table import COLUMNS
from mien.service.seeking import SearchResult
from mien.testing import draw_photo
from service.finding import face_in, fill, say, search
from service.stage import DOCUMENTED, Stage, query

PROBE = draw_photo(1, seed=9)


def take(library: Library, result: SearchResult, *names: str, **terms: Any) -> Export:
    """What is taken along of a search, of the candidates in these photos."""
    faces = [face_in(result, name) for name in names]
    request = ExportRequest(search_id=result.search_id, face_ids=faces, **terms)
    return export_candidates(library.parts, request)


def read_rows(export: Export) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(export.content.decode())))


def test_a_table_has_what_the_search_showed(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        found = search(library, PROBE)
        first = found.candidates[0]
        (row,) = read_rows(take(library, found, "c.png"))
        one = next(o for o in found.candidates if o.face.stored.uuid == row["face"])
    assert tuple(row) == COLUMNS
    assert first.rank == 1
    assert one.strength
    assert row["rank"] == str(one.rank)
    assert float(row["score"]) == pytest.approx(one.score, abs=1e-4)
    assert row["band"] == one.strength.band
    assert float(row["fmr"]) == pytest.approx(one.strength.fmr, rel=0.01)
    assert float(row["expected_strangers"]) == pytest.approx(
        one.strength.expected_strangers, rel=0.01
    )
    assert row["places"] == one.face.locations[0].uri
    assert (row["grants"], row["photo"]) == (grant, one.face.sha256)


def test_without_names_what_was_kept_is_taken_along(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library, **DOCUMENTED)
        found = search(library, PROBE)
        with pytest.raises(NotFoundError, match="keep some candidates first"):
            take(library, found)
        for name, kind in (("a1.png", "kept"), ("a2.png", "confirmed"), ("b.png", "rejected")):
            say(library, found, kind, of=name)
        rows = read_rows(take(library, found))
        judged = {row["places"].rsplit("/", 1)[-1]: row["judgement"] for row in rows}
        assert judged == {"a1.png": "kept, not confirmed", "a2.png": "confirmed by 1 of 2"}
        again = search(library, PROBE)
        with pytest.raises(NotFoundError):
            take(library, again)


FORMULAS = [
    "=HYPERLINK('http://x')",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "  =1+1",
    "＝1+1",  # noqa: RUF001  (as it is typed)
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(stage: Stage, text: str) -> None:
    with stage.open() as library:
        fill(stage, library)
        query(stage.home / "catalog.db", "UPDATE photos SET caption = ?, credit = ?", text, text)
        found = search(library, PROBE)
        (row,) = read_rows(take(library, found, "a1.png"))
    assert row["caption"] == f"'{text}"
    assert row["credit"] == f"'{text}"
    # A number stays one, below zero too.
    assert float(row["score"]) <= 1


def test_a_cell_ends_where_it_ends(stage: Stage) -> None:
    text = 'a, "b"\n=1+1'
    with stage.open() as library:
        fill(stage, library)
        query(stage.home / "catalog.db", "UPDATE photos SET caption = ?", text)
        (row,) = read_rows(take(library, search(library, PROBE), "a1.png"))
    assert row["caption"] == text


def test_a_page_stands_by_itself_and_runs_nothing(stage: Stage) -> None:
    with stage.open(controller="The Archive", contact="privacy@example.org") as library:
        fill(stage, library)
        query(
            stage.home / "catalog.db", "UPDATE photos SET caption = ?", "<script>alert(1)</script>"
        )
        found = search(library, PROBE)
        page = take(library, found, "a1.png", "a2.png", form=ExportForm.PAGE)
        text = page.content.decode()
    assert (page.taken, page.left_out) == (2, 0)
    assert text.count("data:image/jpeg;base64,") == 2
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    for said in ("none of them is an identification", "privacy@example.org", "The Archive"):
        assert said.lower() in text.lower()
    assert "2030-05-01 12:00 UTC" in text


def test_a_page_has_no_face_that_may_not_be_shown(stage: Stage) -> None:
    hidden = [Use.STORE, Use.TEMPLATE, Use.SEARCH]
    with stage.open() as library:
        library.add(stage.draw("seen.png", 1), grant=stage.grant(library))
        library.add(stage.draw("hidden.png", 1), grant=stage.grant(library, uses=hidden))
        found = search(library, PROBE)
        page = take(library, found, "seen.png", "hidden.png", form=ExportForm.PAGE)
        assert (page.taken, page.left_out) == (1, 1)
        assert b"1 more may not be shown" in page.content
        assert page.content.count(b"data:image/jpeg") == 1
        table = take(library, found, "seen.png", "hidden.png")
        assert len(read_rows(table)) == 2
        with pytest.raises(NotFoundError, match="None of these"):
            take(library, found, "hidden.png", form=ExportForm.PAGE)


def test_permission_is_asked_anew_for_each_face(stage: Stage) -> None:
    with stage.open() as library:
        kept = stage.grant(library)
        library.add(stage.draw("kept.png", 1), grant=kept)
        ended = stage.grant(library)
        library.add(stage.draw("ended.png", 1), grant=ended)
        found = search(library, PROBE)
        library.revoke(ended)
        export = take(library, found, "kept.png", "ended.png")
        assert [row["places"].rsplit("/", 1)[-1] for row in read_rows(export)] == ["kept.png"]
        assert export.left_out == 1
        library.revoke(kept)
        assert take(library, found, "kept.png").verdict.reasons == (Reason.PURPOSE_NOT_GRANTED,)


def test_what_is_taken_along_stands_in_the_log_under_each_face(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        found = search(library, PROBE)
        take(library, found, "a1.png", "a2.png")
        face = face_in(found, "a1.png")
        entry = library.audit().searches_of(face)[-1]
        assert (entry.entry["action"], entry.matches) == ("exported", ({"face": face},))
        facts = entry.entry["facts"]
        assert isinstance(facts, dict)
        assert (facts["search"], facts["candidates"], facts["form"]) == (
            found.search_id,
            2,
            "csv",
        )


def test_too_much_at_once_is_refused(stage: Stage) -> None:
    request = ExportRequest(search_id="x", face_ids=[str(n) for n in range(201)])
    with stage.open() as library, pytest.raises(SettingsError, match="At most 200"):
        export_candidates(library.parts, request)
