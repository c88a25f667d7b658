"""`mien case`: what a subject or a rights holder asks for, from the letter to the answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from mien.cli.exits import Exit
from mien.cli.options import Home, Json, open_library
from mien.cli.output import leave, out, print_json, warn
from mien.errors import SettingsError
from mien.permission.case import CaseKind, CaseState, Channel
from mien.service.case import About, Case
from mien.service.cases import CaseDraft
from mien.sources.address import folder_scope

app = typer.Typer(no_args_is_help=True, help="What somebody asks for, and the answer to it.")

CaseId = Annotated[str, typer.Argument(metavar="CASE", help="The id of a case.")]


Photos = Annotated[
    list[str] | None, typer.Option("--photo", metavar="SHA256", help="A photo; may be repeated.")
]
Faces = Annotated[
    list[str] | None, typer.Option("--face", metavar="ID", help="A face; may be repeated.")
]
Like = Annotated[
    Path | None,
    typer.Option(metavar="PHOTO", readable=False, help="Whoever this shows; it is not kept."),
]
Correct = Annotated[
    list[str] | None,
    typer.Option(metavar="FIELD=VALUE", help="What it should say; may be repeated."),
]
Acknowledgement = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Where to write what to send back at once.")
]


@app.command("open")
def open_(
    *,
    kind: Annotated[CaseKind, typer.Option(help="What is asked for.")],
    requester: Annotated[str, typer.Option("--from", metavar="NAME", help="Who asks.")],
    contact: Annotated[str, typer.Option(metavar="TEXT", help="Where to answer.")] = "",
    channel: Annotated[Channel, typer.Option(help="How it came.")] = Channel.DESK,
    photos: Photos = None,
    faces: Faces = None,
    source: Annotated[
        str, typer.Option(metavar="ADDRESS", help="All found at a link or in a folder.")
    ] = "",
    host: Annotated[
        str, typer.Option(metavar="HOST", help="All found on a host and those below it.")
    ] = "",
    grantor: Annotated[str, typer.Option(metavar="NAME", help="All somebody permitted.")] = "",
    person: Annotated[str, typer.Option(metavar="NAME", help="Somebody who is enrolled.")] = "",
    like: Like = None,
    correct: Correct = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="The reason they give.")] = "",
    statement: Annotated[
        str, typer.Option(metavar="TEXT", help="What they state, as good faith in a notice.")
    ] = "",
    intimate: Annotated[
        bool, typer.Option("--intimate", help="Intimate images: due in 48 hours.")
    ] = False,
    acknowledgement: Acknowledgement = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Record a request, and hide at once what it means to hide.

    Say in one way what it is about. No proof of identity and no photo is needed.
    """
    about = About(
        photos=tuple(photos or ()),
        faces=tuple(faces or ()),
        source=_address_of(source) if source else "",
        host=host,
        grantor=grantor,
        person=person,
    )
    draft = CaseDraft(
        kind=kind,
        requester=requester,
        contact=contact,
        channel=channel,
        about=about,
        reason=reason,
        statement=statement,
        is_intimate=intimate,
        corrections=dict(_parse_correction(text) for text in correct or ()),
    )
    with open_library(home) as library:
        opened = library.cases().open(draft, like=like)
    case = opened.case
    if acknowledgement is not None:
        _write(acknowledgement, opened.acknowledgement, case=case)
    if as_json:
        print_json(
            {
                **describe(case),
                "held": opened.held,
                "acknowledgement": opened.acknowledgement,
            }
        )
        return
    out.print(f"Case opened: {case.case_id}")
    out.print(f"Due {_minute(case.due_at)}. {_tell_held(case, held=opened.held)}", soft_wrap=True)


@app.command("list")
def list_(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Closed cases too.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List the open cases, the one that is due first before the others."""
    with open_library(home) as library:
        cases = [case for case in library.cases().list() if everything or not case.is_closed]
    _print_cases(cases, as_json=as_json)


@app.command("show")
def show(case_id: CaseId, *, home: Home = None, as_json: Json = False) -> None:
    """Show all of one case."""
    with open_library(home) as library:
        case = library.cases().get(case_id)
    _print_case(case, as_json=as_json)


@app.command("confirm")
def confirm(
    case_id: CaseId,
    *,
    faces: Faces = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="None of them is.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Say which of the faces that a photo found are the person's."""
    if bool(faces) is nobody:
        raise SettingsError("Say whose the faces are: --face ID, or --nobody.")
    with open_library(home) as library:
        case = library.cases().confirm(case_id, faces=faces or ())
    _print_case(case, as_json=as_json)


@app.command("counter")
def counter(
    case_id: CaseId,
    *,
    name: Annotated[str, typer.Option("--from", metavar="NAME", help="Who answers the notice.")],
    statement: Annotated[str, typer.Option(metavar="TEXT", help="What they state.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Record what the other side says to a takedown that is not decided yet."""
    with open_library(home) as library:
        case = library.cases().counter(case_id, name=name, statement=statement)
    _print_case(case, as_json=as_json)


@app.command("decide")
def decide(
    case_id: CaseId,
    *,
    grant: Annotated[bool, typer.Option("--grant", help="Do what was asked.")] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="Do not, and say why.")] = False,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; a refusal needs it.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Decide a case and do what follows. Where it was cut short, the same command goes on."""
    if grant is refuse:
        raise SettingsError("Say what you decide: --grant, or --refuse --reason TEXT.")
    with open_library(home) as library:
        case = library.cases().decide(case_id, is_granted=grant, reason=reason)
    _print_case(case, as_json=as_json)


@app.command("answer")
def answer(
    case_id: CaseId,
    *,
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="A folder to be made.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Write the answer to hand out: letter, certificates, and what is held where that was asked."""
    with open_library(home) as library:
        answered = library.cases().answer(case_id, to)
    if as_json:
        print_json(
            {
                "case_id": answered.case.case_id,
                "folder": str(answered.folder),
                "files": list(answered.files),
                "final": answered.is_final,
            }
        )
        return
    out.print(f"{len(answered.files):,} files written to {answered.folder}.", soft_wrap=True)
    if not answered.is_final:
        warn(
            "Somebody has to look at the faces in for-you-to-check before there is an answer: "
            f"mien case confirm {answered.case.case_id} --face ID, or --nobody"
        )


@app.command("close")
def close(case_id: CaseId, *, home: Home = None, as_json: Json = False) -> None:
    """End a case that is done and answered."""
    with open_library(home) as library:
        case = library.cases().close(case_id)
    _print_case(case, as_json=as_json)


@app.command("remind")
def remind(
    *,
    within: Annotated[int, typer.Option(metavar="DAYS", min=0, help="How far to look ahead.")] = 7,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List what is due soon or overdue; exit code 6 tells that something is."""
    with open_library(home) as library:
        cases = library.cases().due(within=timedelta(days=within))
    _print_cases(cases, as_json=as_json)
    if cases:
        leave(Exit.DUE)


def describe(case: Case) -> dict[str, object]:
    """The case as JSON values."""
    request = case.request
    return {
        "case_id": case.case_id,
        "kind": case.kind,
        "state": case.state,
        "opened_at": case.opened_at.isoformat(),
        "due_at": case.due_at.isoformat(),
        "overdue": case.is_overdue(datetime.now(UTC)),
        "from": request.requester if request else None,
        "contact": request.contact if request else None,
        "channel": request.channel if request else None,
        "reason": request.reason if request else None,
        "statement": request.statement if request else None,
        "about": _describe_about(case),
        "lookalikes": [
            {"face": like.face_id, "collection": like.collection, "score": like.score}
            for like in (request.lookalikes if request else ())
        ],
        "events": [
            {"at": event.at.isoformat(), "state": event.state, **event.details}
            for event in case.events
        ],
    }


def _describe_about(case: Case) -> dict[str, object] | None:
    if case.request is None:
        return None
    about = case.request.about
    named = {name: getattr(about, name) for name in About.__slots__}
    told = {name: list(v) if isinstance(v, tuple) else v for name, v in named.items() if v}
    corrections = dict(case.request.corrections)
    return {**told, **({"corrections": corrections} if corrections else {})}


def _print_cases(cases: Sequence[Case], *, as_json: bool) -> None:
    if as_json:
        print_json({"cases": [describe(case) for case in cases]})
        return
    now = datetime.now(UTC)
    table = Table("Case", "Kind", "From", "State", "Due", "")
    for case in cases:
        requester = case.request.requester if case.request else "-"
        late = "overdue" if case.is_overdue(now) else ""
        table.add_row(case.case_id, case.kind, requester, case.state, _minute(case.due_at), late)
    out.print(table if cases else "Nothing is open.")


def _print_case(case: Case, *, as_json: bool) -> None:
    described = describe(case)
    if as_json:
        print_json(described)
        return
    table = Table(show_header=False, box=None)
    for name, value in described.items():
        if isinstance(value, list):
            for each in value:
                table.add_row(name, ", ".join(f"{key} {each[key]}" for key in each))
        else:
            table.add_row(name.replace("_", " "), str(value) if value not in ("", None) else "-")
    out.print(table)


def _tell_held(case: Case, *, held: int) -> str:
    if case.request is not None and case.request.lookalikes:
        found = len(case.request.lookalikes)
        faces = "1 face" if found == 1 else f"{found:,} faces"
        return f"{faces} may be theirs; look before anything else is done."
    if case.state is CaseState.QUARANTINED:
        places = "1 place" if held == 1 else f"{held:,} places"
        return f"{places} where photos were found: out of every search from now on."
    return "Nothing is hidden by it."


def _parse_correction(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise SettingsError(f"{text!r} is no correction: write FIELD=VALUE.")
    return name.strip().lower(), value.strip()


def _address_of(source: str) -> str:
    """A folder need not exist any more."""
    return source if "://" in source else folder_scope(Path(source).expanduser())


def _write(path: Path, acknowledgement: str, *, case: Case) -> None:
    try:
        path.write_text(acknowledgement + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"The case {case.case_id} is open, but its acknowledgement cannot be written to "
            f"{path}: {error.strerror}."
        ) from error


def _minute(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="minutes")
