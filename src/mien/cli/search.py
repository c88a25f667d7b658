"""`mien search`: every photo of the person in a photo, or in several."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from mien.cli.exits import Exit
from mien.cli.options import CollectionName, Home, Json, open_library
from mien.cli.output import err, explain, leave, out, print_json, warn
from mien.cli.quality import describe_quality, tell_caveat
from mien.cli.sheet import write_sheet
from mien.cli.strength import describe_strength, show_band, show_strangers
from mien.service.collections import DEFAULT_COLLECTION
from mien.service.search import Candidate, Probe, SearchResult
from mien.types import Box, Credit

app = typer.Typer()


def _check_score(score: float) -> float:
    if math.isnan(score):
        raise typer.BadParameter("a score is a number, from -1 to 1.")
    return score


@app.command("search")
def search(
    photos: Annotated[
        list[Path],
        typer.Argument(
            metavar="PHOTO...",
            help="One photo of the face, or several.",
            readable=False,
        ),
    ],
    *,
    purpose: Annotated[
        str, typer.Option(metavar="SLUG", help="Why you search; a grant must allow it.")
    ] = "",
    collection: CollectionName = DEFAULT_COLLECTION,
    face: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Which face, from 0; default: the largest."),
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many rows.")] = 20,
    min_score: Annotated[
        float,
        typer.Option(
            metavar="S", callback=_check_score, help="Leave out lower scores; a cosine, -1 to 1."
        ),
    ] = -1.0,
    max_fmr: Annotated[
        float | None,
        typer.Option(
            metavar="RATE", help="Leave out what strangers match more often, such as 1e-4."
        ),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", readable=False, help="Also write a page with probe and candidates."
        ),
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Find every photo of a person, best match first."""
    with open_library(home) as library:
        result = library.search(
            *photos,
            purpose=purpose,
            collection=collection,
            face=face,
            limit=limit,
            min_score=min_score,
            max_fmr=max_fmr,
        )
        if page is not None and result.probe is not None and result.probe.searched is not None:
            shown = photos[result.probes.index(result.probe)]
            write_sheet(page, result, library=library, purpose=purpose, probe_title=shown.name)
        # Before closing, which may have to finish what nobody should wait for.
        if as_json:
            print_json(describe(result))
        else:
            print_result(result)
        _warn_of_probes(result, photos)
        if result.unreadable_faces:
            warn(f"{result.unreadable_faces:,} faces cannot be read; see: mien doctor")
        explain(result.verdict)
    leave(exit_of(result))


def exit_of(result: SearchResult) -> Exit:
    if not result.verdict.is_allowed:
        return Exit.REFUSED
    if result.probe is None or result.probe.searched is None:
        return Exit.NO_FACE
    return Exit.DONE


def describe(result: SearchResult) -> dict[str, object]:
    """The result as JSON values; of a refused search, the reasons and nothing else."""
    if result.probe is None:
        return {"refused": [reason.value for reason in result.verdict.reasons]}
    return {
        "probe": _describe_probe(result.probe),
        "probes": [_describe_probe(probe) for probe in result.probes],
        "may_be_several": result.may_be_several,
        "faces_searched": result.faces_searched,
        "candidates": [_describe_candidate(candidate) for candidate in result.candidates],
    }


def print_result(result: SearchResult) -> None:
    """The result for a person."""
    if result.probe is None:
        return
    if result.probe.searched is None:
        err.print("There is no face in the probe.")
        return
    if len(result.probes) == 1 and len(result.probe.analysis.faces) > 1:
        _print_faces(result.probe)
    if caveat := tell_caveat(result.probe.quality):
        warn(caveat)
    if not result.candidates:
        out.print("No candidates.")
        return
    table = Table("Rank", "Score", "Match", "Strangers", "Photo", "Box")
    for candidate in result.candidates:
        table.add_row(
            str(candidate.rank),
            f"{candidate.score:.3f}",
            show_band(candidate.strength),
            show_strangers(candidate.strength),
            _photo_cell(candidate),
            _show_box(candidate.face.box),
        )
    out.print(table)
    _print_meaning(result)


def _print_meaning(result: SearchResult) -> None:
    """What the columns say, for whoever reads them for the first time."""
    strengths = [one.strength for one in result.candidates if one.strength is not None]
    if result.may_be_several:
        out.print("The probes may show different people, so nothing is said of strangers.")
    elif not strengths:
        out.print("What this model's scores are worth was never measured: see mien evaluate.")
    else:
        out.print(
            "Strangers: how many score as high, and how many are expected to among the "
            f"{result.faces_searched:,} faces here. Counted on press photos: on others, such as "
            "portraits of one studio, many times more may."
        )
        if len(result.probes) > 1:
            out.print("With several photos strangers score as high up to half more often.")
    if any(strength.is_extrapolated for strength in strengths):
        out.print("~ beyond what was counted: extrapolated. < rarer, but nobody can say how much.")
    out.print("Candidates are ranked by strength; none of them is an identification.")


def _warn_of_probes(result: SearchResult, photos: list[Path]) -> None:
    if result.may_be_several:
        warn("the photos may show different people; search with those of one person")
    if len(photos) > 1:
        for photo, probe in zip(photos, result.probes, strict=False):
            if probe.searched is None:
                warn(f"{photo} shows no face and was left out")


def _print_faces(probe: Probe) -> None:
    out.print("The probe shows several faces; choose one with --face:")
    for number, embedded in enumerate(probe.analysis.faces):
        mark = "  searched" if number == probe.searched else ""
        out.print(f"  {number}: box {_show_box(embedded.face.box)}{mark}")


def _photo_cell(candidate: Candidate) -> Text:
    lines = [Text(place.uri, style=f"link {place.uri}") for place in candidate.face.locations]
    credit = candidate.face.credit
    lines += [Text(line, style="dim") for line in (credit.credit, credit.copyright) if line]
    cell = Text("\n").join(lines)
    cell.overflow = "fold"
    return cell


def _show_box(box: Box) -> str:
    return f"{box.x1:.0f},{box.y1:.0f} {box.width:.0f}x{box.height:.0f}"


def _describe_probe(probe: Probe) -> dict[str, object]:
    faces = [
        {
            "face": number,
            "box": _describe_box(f.face.box),
            "confidence": round(f.face.confidence, 4),
            "quality": describe_quality(f.quality),
        }
        for number, f in enumerate(probe.analysis.faces)
    ]
    return {"faces": faces, "searched": probe.searched}


def _describe_candidate(candidate: Candidate) -> dict[str, object]:
    face = candidate.face
    return {
        "rank": candidate.rank,
        "score": round(candidate.score, 6),
        "strength": describe_strength(candidate.strength),
        "photo": face.sha256,
        "face": face.stored.uuid,
        "locations": [{"uri": location.uri} for location in face.locations],
        "box": _describe_box(face.box),
        "photo_width_px": face.width_px,
        "photo_height_px": face.height_px,
        "confidence": round(face.confidence, 4),
        "quality": describe_quality(face.quality),
        "credit": _describe_credit(face.credit),
    }


def _describe_box(box: Box) -> dict[str, float]:
    return {edge: round(getattr(box, edge), 1) for edge in ("x1", "y1", "x2", "y2")}


def _describe_credit(credit: Credit) -> dict[str, str]:
    return {
        "caption": credit.caption,
        "credit": credit.credit,
        "copyright": credit.copyright,
    }
