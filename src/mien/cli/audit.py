"""`mien audit`: what was done here, and the proof that nothing of it was changed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from mien.cli.exits import Exit
from mien.cli.options import Home, Json, open_library
from mien.cli.output import err, leave, out, print_json
from mien.errors import SettingsError
from mien.service.audit_check import AuditReport
from mien.service.audit_read import Document, ShownEntry
from mien.service.audit_succession import Cut

app = typer.Typer(no_args_is_help=True, help="What was done here, and proof of it.")


@app.command("verify")
def verify(
    *,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A checkpoint that you kept elsewhere.")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Check every entry and every signature; exit code 1 tells that something was changed."""
    kept = None if against is None else _read_kept(against)
    with open_library(home) as library:
        report = library.audit().verify(against=kept)
    if as_json:
        print_json(_describe_report(report))
    else:
        _print_report(report, is_against=kept is not None)
    if not report.is_sound:
        leave(Exit.FAILED)


@app.command("show")
def show(
    seq: Annotated[
        int | None, typer.Argument(metavar="[SEQ]", min=0, help="One entry, with its details.")
    ] = None,
    *,
    last: Annotated[int, typer.Option(metavar="N", min=1, help="How many entries to list.")] = 20,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List the last entries, or show all of one."""
    with open_library(home) as library:
        log = library.audit()
        if seq is None:
            entries = log.entries(last=last)
        else:
            shown = log.entry(seq)
    if seq is not None:
        _print_entry(shown, as_json=as_json)
    elif as_json:
        print_json({"entries": entries})
    else:
        out.print(_tabulate(entries) if entries else "Nothing was done here yet.")


@app.command("checkpoint")
def checkpoint(
    *,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Write it there, to be kept.")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Sign the log as it is now, for somebody else to keep."""
    with open_library(home) as library:
        log = library.audit()
        note, key = log.checkpoint(), log.verification_key
    if to is not None and note is not None:
        _write(to, note)
    if as_json:
        print_json({"checkpoint": note, "key": key})
    elif note is None:
        out.print("Nothing was done here yet, and there is nothing to sign.")
    else:
        out.print(note, end="", soft_wrap=True, markup=False)


@app.command("succeed")
def succeed(
    *,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why entries are missing.")
    ],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Acknowledge that the log was cut, as by restoring a backup; it is told for ever."""
    with open_library(home) as library:
        cuts = library.audit().succeed(reason)
    if as_json:
        print_json({"acknowledged": [_describe_cut(cut) for cut in cuts]})
        return
    for cut in cuts:
        out.print(f"Acknowledged. {cut.explanation}", soft_wrap=True, markup=False)


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder to be made.")],
    *,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Write the log and a program that verifies it anywhere, without Mien."""
    with open_library(home) as library:
        bundle = library.audit().export(folder)
    if as_json:
        print_json(
            {
                "folder": str(bundle.folder),
                "entries": bundle.entries,
                "checkpoints": bundle.checkpoints,
                "key": bundle.verification_key,
            }
        )
        return
    out.print(f"{bundle.entries:,} entries written to {bundle.folder}.", soft_wrap=True)
    out.print(f"Verify them anywhere: python3 -I {bundle.folder / 'verify.py'}", soft_wrap=True)


def _read_kept(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The checkpoint {path} cannot be read ({type(error).__name__}). "
            "Name the file that mien audit checkpoint wrote."
        ) from error


def _write(path: Path, note: str) -> None:
    try:
        path.write_text(note, "utf-8")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}.") from error


def _describe_report(report: AuditReport) -> dict[str, object]:
    return {
        "sound": report.is_sound,
        "entries": report.entries,
        "checkpoints": report.checkpoints,
        "findings": [
            {
                "fault": finding.fault,
                "number": finding.number,
                "explanation": finding.explanation,
            }
            for finding in report.findings
        ],
        "cuts": [_describe_cut(cut) for cut in report.cuts],
    }


def _describe_cut(cut: Cut) -> dict[str, object]:
    return {
        "predecessor": cut.predecessor,
        "successor": cut.successor,
        "signed": cut.signed,
        "kept": cut.kept,
        "acknowledged_in": cut.acknowledged_in,
    }


def _print_report(report: AuditReport, *, is_against: bool) -> None:
    for finding in report.findings:
        err.print(f"{finding.explanation} [{finding.fault}]", soft_wrap=True, markup=False)
    for cut in report.cuts:
        if cut.acknowledged_in is not None:
            told = f"{cut.explanation} Acknowledged in entry {cut.acknowledged_in}."
            out.print(told, soft_wrap=True, markup=False)
    counted = f"{report.entries:,} entries, {report.checkpoints:,} checkpoints"
    if report.is_sound:
        since = " since" if report.cuts else ""
        kept = " The kept checkpoint is contained." if is_against else ""
        out.print(f"{counted}: nothing was changed{since}.{kept}", soft_wrap=True)
    else:
        out.print(f"{counted}, and {len(report.findings):,} faults.")


def _tabulate(entries: list[Document]) -> Table:
    table = Table("Entry", "Time", "Action", "Purpose", "Outcome")
    for entry in entries:
        reasons = entry["reasons"]
        why = f": {', '.join(reasons)}" if isinstance(reasons, list) and reasons else ""
        shown = [entry[name] for name in ("seq", "time", "action", "purpose")]
        cells = ["" if value is None else str(value) for value in shown]
        table.add_row(*cells, f"{entry['outcome']}{why}")
    return table


def _print_entry(shown: ShownEntry, *, as_json: bool) -> None:
    document = {
        "entry": shown.entry,
        "details": shown.details,
        "matches": list(shown.matches),
    }
    if as_json:
        print_json(document)
        return
    table = Table(show_header=False, box=None)
    for name, value in [*shown.entry.items(), *(shown.details or {}).items()]:
        table.add_row(name.replace("_", " "), "-" if value in (None, "") else str(value))
    for match in shown.matches:
        table.add_row("shown", ", ".join(f"{name} {value}" for name, value in match.items()))
    out.print(table)
