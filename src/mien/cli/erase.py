"""`mien erase`: out of every answer, every file, every index and every key."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mien.cli.options import Home, Json, open_library
from mien.cli.output import out, print_json, warn
from mien.errors import SettingsError
from mien.library import Library
from mien.service.collections import DEFAULT_COLLECTION
from mien.service.erase import (
    BeforeTarget,
    ErasureReport,
    FacesTarget,
    GrantorTarget,
    GrantTarget,
    PersonTarget,
    PhotoTarget,
    SourceTarget,
    Target,
)
from mien.service.face_groups import find_target
from mien.sources.address import folder_scope

app = typer.Typer()

_SHOWN_FILES = 10


@app.command("erase")
def erase(
    *,
    face: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A face; may be repeated.")
    ] = None,
    photo: Annotated[
        str | None, typer.Option(metavar="SHA256", help="A photo, as searches show it.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="All below a folder or an address.")
    ] = None,
    grantor: Annotated[
        str | None, typer.Option(metavar="NAME", help="All grants of somebody, and their photos.")
    ] = None,
    grant: Annotated[
        str | None, typer.Option(metavar="ID", help="All found under a grant, which ends.")
    ] = None,
    person: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Somebody by name or id, and every face like theirs."),
    ] = None,
    face_group: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="All faces of a face group (with Amazon's interface: a user), and the name.",
        ),
    ] = None,
    collection: Annotated[
        str, typer.Option(metavar="NAME", help="The collection that the face group is in.")
    ] = DEFAULT_COLLECTION,
    before: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="All taken in before a day."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write the signed certificate.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Erase something from everything that is held here, and get a certificate.

    Photos in your own folders are never touched.
    """
    chosen = _choose(
        *(FacesTarget(tuple(face)) if face else None, PhotoTarget(photo) if photo else None),
        SourceTarget(_address_of(source)) if source else None,
        GrantorTarget(grantor) if grantor else None,
        GrantTarget(grant) if grant else None,
        PersonTarget(person) if person else None,
        BeforeTarget(before.date()) if before else None,
        _NamedGroup(face_group, collection) if face_group else None,
    )
    with open_library(home) as library:
        target = chosen.find(library) if isinstance(chosen, _NamedGroup) else chosen
        if not yes and sys.stdin.isatty():
            _ask(library, target)
        report = library.erase(target)
    finish(report, certificate=certificate, as_json=as_json)


def finish(report: ErasureReport, *, certificate: Path | None, as_json: bool) -> None:
    """Writes the certificate where one is wanted, and tells what was erased."""
    if certificate is not None:
        write_certificate(certificate, report.certificate)
    if as_json:
        print_json(describe(report))
    else:
        print_report(report)


def describe(report: ErasureReport) -> dict[str, object]:
    """The report as JSON values."""
    return {
        "erasure": report.erasure_id,
        "target": report.kind,
        "erased": dict(report.erased),
        "left": dict(report.left),
        "files_not_touched": list(report.outside),
        "certificate": report.certificate,
    }


def print_report(report: ErasureReport) -> None:
    """The report for a person."""
    erased = _sum_up(report.erased) or "nothing was held"
    out.print(f"Erased: {erased}. Counted again: nothing is left.")
    out.print(f"Erasure {report.erasure_id}; --certificate FILE writes what proves it.")
    if report.outside:
        warn("Mien deletes nothing outside its data folder. These files were not touched:")
        for uri in report.outside[:_SHOWN_FILES]:
            warn(uri)
        if len(report.outside) > _SHOWN_FILES:
            warn(f"... and {len(report.outside) - _SHOWN_FILES:,} more; --json lists them all.")


@dataclass(frozen=True, slots=True)
class _NamedGroup:
    """A face group that is yet to be looked up."""

    name: str
    collection: str

    def find(self, library: Library) -> Target:
        return find_target(library.parts.deployment, self.name, collection=self.collection)


def _choose(*targets: Target | _NamedGroup | None) -> Target | _NamedGroup:
    given = [target for target in targets if target is not None]
    if len(given) != 1:
        raise SettingsError("Say what to erase, with exactly one kind of option. See --help.")
    return given[0]


def _address_of(source: str) -> str:
    """A folder need not exist any more."""
    return source if "://" in source else folder_scope(Path(source).expanduser())


def _ask(library: Library, target: Target) -> None:
    counts = _sum_up(library.preview_erasure(target))
    typer.confirm(f"Erase {counts}? Nobody can bring it back.", abort=True, err=True)


def _sum_up(counts: Mapping[str, int]) -> str:
    parts = [f"{number:,} {name.replace('_', ' ')}" for name, number in counts.items() if number]
    return ", ".join(parts)


def write_certificate(path: Path, certificate: str) -> None:
    """Raises `SettingsError` where it cannot be written."""
    try:
        path.write_text(certificate + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"It is erased, but the certificate cannot be written to {path}: {error.strerror}."
        ) from error
