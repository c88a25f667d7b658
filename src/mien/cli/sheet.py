"""Writes the page that shows a probe beside its candidates."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from mien.cli.quality import tell_caveat
from mien.cli.strength import show_band, show_strangers
from mien.errors import SettingsError
from mien.library import Library
from mien.pages.sheet import Picture, Row, Sheet, render_sheet
from mien.service.search import Candidate, SearchResult


def write_sheet(
    path: Path, result: SearchResult, *, library: Library, purpose: str, probe_title: str
) -> None:
    """Raises `SettingsError` where the page cannot be written."""
    if result.probe is None or result.probe.searched is None:
        raise SettingsError("There is nothing to show: no face was searched for.")
    analysis = result.probe.analysis
    sheet = Sheet(
        heading="Mien: probe and candidates",
        purpose=purpose,
        probe_title=probe_title,
        probe=Picture(analysis.faces[result.probe.searched].crop_jpeg, analysis.thumbnail_jpeg),
        caveat=tell_caveat(result.probe.quality),
        rows=[_make_row(library, candidate) for candidate in result.candidates],
    )
    try:
        path.write_text(render_sheet(sheet), encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"The page {path} cannot be written: {error.strerror}.") from error


def _make_row(library: Library, candidate: Candidate) -> Row:
    face = candidate.face
    crop, thumbnail = library.read_crop(candidate), library.read_thumbnail(candidate)
    uris = [location.uri for location in face.locations]
    return Row(
        rank=candidate.rank,
        score=candidate.score,
        match=show_band(candidate.strength),
        strangers=show_strangers(candidate.strength),
        picture=Picture(crop or b"", thumbnail or b""),
        title=unquote(uris[0].rsplit("/", 1)[-1]),
        uris=uris,
        caption=face.credit.caption,
        credit=" · ".join(filter(None, (face.credit.credit, face.credit.copyright))),
    )
