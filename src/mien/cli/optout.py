"""`mien optout`: keep out a photo, a source or a face, for ever."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from mien.cli.erase import describe as describe_erasure
from mien.cli.erase import print_report as print_erasure
from mien.cli.erase import write_certificate
from mien.cli.options import Home, Json, open_library
from mien.cli.output import out, print_json, warn
from mien.permission.suppression import Level
from mien.service.erase import ErasureReport
from mien.service.optout import OptOut, OptOutReport

app = typer.Typer(no_args_is_help=True, help="Keep a photo, a source or a face out, for ever.")

Certificate = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where to write the signed certificate of the erasure."),
]


class Rate(StrEnum):
    """How often a stranger is taken for the person."""

    USUAL = "1e-3"
    STRICTER = "1e-2"


@app.command("item")
def item(
    items: Annotated[
        list[str], typer.Argument(metavar="SHA256|PHOTO...", help="Photos, or their SHA-256.")
    ],
    *,
    certificate: Certificate = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Keep photos out, and copies that look the same; erase what is held of them."""
    with open_library(home) as library:
        report = library.optouts().item(*items)
    _print_report(report, certificate=certificate, as_json=as_json)


@app.command("source")
def source(
    place: Annotated[str, typer.Argument(metavar="FOLDER|ADDRESS", help="Where photos lie.")],
    *,
    certificate: Certificate = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Keep out whatever lies there or below; erase what was found there."""
    with open_library(home) as library:
        report = library.optouts().source(place)
    _print_report(report, certificate=certificate, as_json=as_json)


@app.command("face")
def face(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A photo of the person.")],
    *,
    consent: Annotated[
        str,
        typer.Option(metavar="EVIDENCE", help="What shows that they want it: a file, or words."),
    ],
    face: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Which face, the largest is 0.")
    ] = None,
    fmr: Annotated[
        Rate, typer.Option(help="How often a stranger may be kept out too; 1e-2 misses fewer.")
    ] = Rate.USUAL,
    certificate: Certificate = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Keep somebody out by their face; erase every face that is like it."""
    with open_library(home) as library:
        report = library.optouts().face(photo, consent=consent, face=face, fmr=float(fmr))
    _print_report(report, certificate=certificate, as_json=as_json)


@app.command("list")
def list_(*, home: Home = None, as_json: Json = False) -> None:
    """List what is kept out; of faces nothing is shown."""
    with open_library(home) as library:
        optouts = library.optouts().list()
    if as_json:
        print_json({"optouts": [describe(optout) for optout in optouts]})
        return
    table = Table("Opt-out", "Level", "Since", "Kept out")
    for optout in optouts:
        since = optout.made_at.date().isoformat()
        table.add_row(optout.optout_id, optout.level, since, _show(optout))
    out.print(table if optouts else "Nobody opted out.")


@app.command("lift")
def lift(
    optout_id: Annotated[str, typer.Argument(metavar="ID", help="The id of an opt-out.")],
    *,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why: who changed their mind, and how you know.")
    ],
    certificate: Certificate = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Erase an opt-out, because whoever asked for it changed their mind."""
    with open_library(home) as library:
        report = library.optouts().lift(optout_id, reason=reason)
    _write(certificate, report)
    if as_json:
        print_json(describe_erasure(report))
    else:
        out.print("Lifted. Nothing of the opt-out is kept; photos may be added again.")


def describe(optout: OptOut) -> dict[str, object]:
    """The opt-out as JSON values."""
    return {
        "optout": optout.optout_id,
        "level": optout.level,
        "since": optout.made_at.isoformat(),
        "kept_out": optout.kept_out or None,
        "fmr": optout.fmr,
        "finds_copies": optout.finds_copies,
        "is_readable": optout.is_readable,
    }


def _print_report(report: OptOutReport, *, certificate: Path | None, as_json: bool) -> None:
    _write(certificate, report.erasure)
    if as_json:
        erasure = None if report.erasure is None else describe_erasure(report.erasure)
        print_json({"optouts": [describe(one) for one in report.optouts], "erasure": erasure})
        return
    for optout in report.optouts:
        out.print(f"Opted out: {optout.optout_id}")
        if optout.level is Level.ITEM and not optout.finds_copies:
            warn(f"Only these very bytes of {optout.kept_out} are known; hand in the photo itself.")
    if report.erasure is None:
        out.print("Nothing of it was held.")
    else:
        print_erasure(report.erasure)


def _write(certificate: Path | None, erasure: ErasureReport | None) -> None:
    if certificate is not None and erasure is not None:
        write_certificate(certificate, erasure.certificate)
    elif certificate is not None:
        warn("Nothing was held, so nothing was erased, and there is no certificate.")


def _show(optout: OptOut) -> str:
    if not optout.is_readable:
        return "cannot be read"
    return optout.kept_out or f"not shown (FMR {optout.fmr:g})"
