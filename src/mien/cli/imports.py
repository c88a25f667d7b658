"""`mien import`: bring over what another service holds, with the user's own images."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TimeRemainingColumn

from mien.cli.exits import Exit
from mien.cli.options import Home, Json, open_library
from mien.cli.output import err, explain, leave, out, print_json
from mien.cli.progress import counting
from mien.errors import SettingsError
from mien.service.import_rekognition import ImportRequest, import_collections
from mien.service.import_report import ImportReport, write_report
from mien.sources.amazon_account import Account, fetch_listing, open_client
from mien.sources.amazon_listing import ListedCollection, load_listing, parse_listing
from mien.sources.amazon_listing import save_listing as write_listing
from mien.sources.named_images import NamedImages

app = typer.Typer(no_args_is_help=True, help="Bring over what another service holds.")


@app.callback()
def _imports() -> None:
    """So that the service is named, though there is one."""


@app.command("rekognition")
def rekognition(
    *,
    images: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Your own images; each face is found and embedded here again.",
            readable=False,
        ),
    ] = None,
    grant: Annotated[
        str | None, typer.Option(metavar="ID", help="The grant that covers them.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Write which face became which, and what could not come along."
        ),
    ] = None,
    names: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Which file is which ExternalImageId, or ImageId."),
    ] = None,
    collections: Annotated[
        list[str] | None,
        typer.Option("--collection", metavar="ID", help="This collection; without it, all."),
    ] = None,
    listing: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A saved listing, in place of asking Amazon."),
    ] = None,
    save_listing: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write down what Amazon lists.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="The profile of your configuration for Amazon.")
    ] = None,
    region: Annotated[str | None, typer.Option(help="The region of the collections.")] = None,
    endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="Another address than Amazon's own.")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Copy collections and users of Amazon Rekognition, with your own images, under a grant."""
    if images is None and save_listing is None:
        raise SettingsError("Name the folder of your images with --images.")
    found = _list(
        Account(profile=profile, region=region, endpoint=endpoint),
        chosen=collections or [],
        listing=listing,
        saved_as=save_listing,
    )
    if images is None:
        _tell_listed(found, as_json=as_json)
        return
    named = NamedImages(images, names=names)
    clock = TimeRemainingColumn()
    with open_library(home) as library, counting("Importing", clock=clock) as show:
        request = ImportRequest(collections=found, images=named, grant_id=grant)
        done = import_collections(library.parts, request, progress=show)
    if report is not None:
        write_report(report, done)
    if as_json:
        print_json(describe(done))
    else:
        print_report(done, written=report)
    if not done.verdict.is_allowed:
        explain(done.verdict)
    leave(exit_of(done))


def _list(
    account: Account, *, chosen: list[str], listing: Path | None, saved_as: Path | None
) -> tuple[ListedCollection, ...]:
    """What was saved, or else what Amazon lists now. Raises `SettingsError`."""
    if listing is not None and saved_as is not None:
        raise SettingsError("A listing is saved when Amazon is asked: leave out --listing.")
    if listing is not None:
        saved = load_listing(listing)
        unknown = sorted(set(chosen) - {one.collection_id for one in saved})
        if unknown:
            raise SettingsError(f"The listing has no collection {unknown[0]}.")
        return tuple(one for one in saved if not chosen or one.collection_id in chosen)
    document = fetch_listing(open_client(account), collections=chosen)
    if saved_as is not None:
        write_listing(saved_as, document)
    return parse_listing(document)


def exit_of(report: ImportReport) -> Exit:
    """As `mien add`: only when nothing was taken in is it more than a line."""
    if report.photos_new or report.photos_known or not report.missing:
        return Exit.DONE
    return Exit.REFUSED if report.refused or not report.verdict.is_allowed else Exit.UNREADABLE


def describe(report: ImportReport) -> dict[str, object]:
    """The report as JSON values."""
    return {
        "collections": report.collections,
        "photos_new": report.photos_new,
        "photos_known": report.photos_known,
        "faces": [asdict(one) for one in report.faces],
        "users": [asdict(one) for one in report.users],
        "missing": [asdict(one) for one in report.missing],
    }


def print_report(report: ImportReport, *, written: Path | None) -> None:
    """The report for a person, who is not shown names."""
    out.print(
        f"{len(report.faces):,} faces and {len(report.users):,} users came along, in "
        f"{report.collections:,} collections: {report.photos_new:,} new photos, "
        f"{report.photos_known:,} known."
    )
    for loss, number in report.count_missing().items():
        err.print(f"Not here: {number:,}. {loss.explanation} [{loss}]", soft_wrap=True)
    if written is not None:
        out.print(f"Which became which: {written / 'faces.csv'}", soft_wrap=True)
    elif report.faces or report.missing:
        err.print("Write down which face became which with --report FOLDER.")


def _tell_listed(found: tuple[ListedCollection, ...], *, as_json: bool) -> None:
    counts = {
        "collections": len(found),
        "faces": sum(len(one.faces) for one in found),
        "users": sum(len(one.users) for one in found),
    }
    if as_json:
        print_json(counts)
    else:
        told = ", ".join(f"{number:,} {name}" for name, number in counts.items())
        out.print(f"Listed: {told}.")
