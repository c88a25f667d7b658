"""`mien people`: who is enrolled, what they consented to, and how they take it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from mien.cli import erase
from mien.cli.exits import Exit
from mien.cli.options import Home, Json, open_library
from mien.cli.output import explain, leave, out, print_json, warn
from mien.cli.rescan import app as rescan_app
from mien.cli.rescan import watching
from mien.errors import SettingsError
from mien.permission.consent import ends_at
from mien.service.consent_draft import ConsentDraft, RenewalDraft
from mien.service.enrol import Enrolled
from mien.service.people import Person, Spoken

app = typer.Typer(no_args_is_help=True, help="Who is known by name, and what they consented to.")
app.add_typer(rescan_app)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A person's name, or their id.")]
Evidence = Annotated[
    str,
    typer.Option(
        "--consent",
        metavar="EVIDENCE",
        help="What shows the consent: a file, of which a hash is kept, or words that say where.",
    ),
]
Until = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        metavar="DATE",
        help="The last day, as 2027-12-31; in three years unless said.",
    ),
]
Guardian = Annotated[
    str, typer.Option(metavar="NAME", help="Who speaks for a minor, if not the person.")
]
Faces = Annotated[
    list[int] | None,
    typer.Option(
        "--face",
        metavar="N",
        help="Which face of each photo, counted from 0, the largest first; one for each photo.",
    ),
]


@app.command("enrol")
def enrol(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the person is called.")],
    photos: Annotated[
        list[Path], typer.Argument(metavar="PHOTO", help="Photos of them alone; none is kept.")
    ],
    *,
    consent: Evidence,
    purpose: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SLUG",
            help="What for; may be repeated. The only purpose on record need not be named.",
        ),
    ] = None,
    until: Until = None,
    of_age_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="When a minor comes of age."),
    ] = None,
    guardian: Guardian = "",
    language: Annotated[
        str, typer.Option(metavar="CODE", help="The language in which it was explained.")
    ] = "en",
    jurisdiction: Annotated[
        str, typer.Option(metavar="XX", help="The country whose law holds, as two letters.")
    ] = "",
    notice: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The notice handed out; a hash is kept.")
    ] = None,
    face: Faces = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Record that somebody consents to be found, and how they look."""
    draft = ConsentDraft(
        evidence=consent,
        purposes=purpose or (),
        until=None if until is None else until.date(),
        of_age_on=None if of_age_on is None else of_age_on.date(),
        guardian=guardian,
        language=language,
        jurisdiction=jurisdiction,
        notice=notice,
    )
    with open_library(home) as library, watching() as show:
        enrolled = library.people(progress=show).enrol(
            name, *photos, consent=draft, faces=face or ()
        )
    _end(enrolled, said="Enrolled", as_json=as_json)


@app.command("renew")
def renew(
    name: Name,
    photos: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PHOTO", help="New photos of them, where no template is left."),
    ] = None,
    *,
    consent: Evidence,
    until: Until = None,
    guardian: Guardian = "",
    face: Faces = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Record that somebody consents to the same for longer."""
    renewal = RenewalDraft(
        evidence=consent, until=None if until is None else until.date(), guardian=guardian
    )
    with open_library(home) as library, watching() as show:
        register = library.people(progress=show)
        enrolled = register.renew(name, *(photos or ()), renewal=renewal, faces=face or ())
    _end(enrolled, said="Renewed", as_json=as_json)


@app.command("withdraw")
def withdraw(
    name: Name,
    *,
    guardian: Guardian = "",
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write the signed certificate.")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """End what somebody consented to: out of every answer at once, templates and faces erased."""
    with open_library(home) as library:
        report = library.people().withdraw(name, guardian=guardian)
    erase.finish(report, certificate=certificate, as_json=as_json)


@app.command("list")
def list_(*, home: Home = None, as_json: Json = False) -> None:
    """List everybody who is enrolled, or was and is still on record."""
    with open_library(home) as library:
        people = list(library.people())
    if as_json:
        print_json({"people": [describe(person) for person in people]})
        return
    table = Table("Person", "Name", "State", "Purposes", "Templates", "Kept until")
    for person in people:
        purposes = ", ".join(sorted(person.consent.purposes)) if person.consent else ""
        until = person.templates_until.date().isoformat()
        state = _state(person)
        row = (person.stored.uuid, person.stored.name, state, purposes)
        table.add_row(*row, str(person.templates), until)
    out.print(table if people else "Nobody is enrolled. Enrol somebody with: mien people enrol")


@app.command("show")
def show(
    name: Name,
    *,
    record: Annotated[
        bool, typer.Option("--record", help="Print the consent record (ISO/IEC TS 27560).")
    ] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show how things stand with one person."""
    with open_library(home) as library:
        if record:
            print_json(library.people().record(name))
            return
        person = library.people().get(name)
    _print(describe(person), as_json=as_json)


@app.command("events")
def events(name: Name, *, home: Home = None, as_json: Json = False) -> None:
    """Show what was said of somebody's consent, by whom, and what shows it."""
    with open_library(home) as library:
        spoken = [_describe_event(one) for one in library.people().events(name)]
    if as_json:
        print_json({"events": spoken})
        return
    table = Table("When", "What", "Until", "Who", "Evidence")
    for one in spoken:
        shown = _show_evidence(one["evidence"])
        who = one["guardian"] or one["party"]
        when = (str(one[key] or "-") for key in ("at", "state", "valid_until"))
        table.add_row(*when, str(who), shown)
    out.print(table if spoken else "Nothing is recorded.")


@app.command("receipt")
def receipt(
    name: Name,
    *,
    to: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write it.")
    ] = None,
    home: Home = None,
) -> None:
    """Print the signed receipt of somebody's consent, to hand to them."""
    with open_library(home) as library:
        document = library.people().receipt(name)
    if to is None:
        typer.echo(document)
        return
    try:
        to.write_text(document + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"The receipt cannot be written to {to}: {error.strerror}.") from error
    out.print(f"Receipt written: {to}")


def describe(person: Person) -> dict[str, object]:
    """The person as JSON values."""
    stored, consent = person.stored, person.consent
    return {
        "person_id": stored.uuid,
        "name": stored.name,
        "state": person.state,
        "reasons": list(person.verdict.reasons),
        "consent_id": consent and consent.consent_id,
        "purposes": sorted(consent.purposes) if consent else [],
        "valid_until": _show_time(ends_at(consent) if consent and consent.events else None),
        "of_age_at": _show_time(stored.of_age_at),
        "templates": person.templates,
        "enrolled_at": _show_time(stored.enrolled_at),
        "touched_at": _show_time(stored.touched_at),
        "templates_until": _show_time(person.templates_until),
        "record_until": _show_time(person.record_until),
    }


def _end(enrolled: Enrolled, *, said: str, as_json: bool) -> None:
    person, consent, verdict = enrolled.person, enrolled.consent, enrolled.verdict
    if as_json:
        print_json(
            {
                "person_id": person and person.uuid,
                "consent_id": consent and consent.consent_id,
                "valid_until": _show_time(ends_at(consent) if consent else None),
                "alike": [other.uuid for other in enrolled.alike],
                "refused": list(verdict.reasons),
            }
        )
    elif person is not None:
        out.print(f"{said}: {person.name}, {person.uuid}")
        if consent is not None:
            purposes, last = ", ".join(sorted(consent.purposes)), ends_at(consent).date()
            out.print(f"For {purposes}, until {last}.")
    for other in enrolled.alike:
        warn(f"These photos look like {other.name}, who is enrolled already: {other.uuid}")
    explain(verdict)
    leave(Exit.DONE if verdict.is_allowed else Exit.REFUSED)


def _state(person: Person) -> str:
    return "in-force" if person.verdict.is_allowed else person.verdict.reasons[0].value


def _describe_event(spoken: Spoken) -> dict[str, object]:
    event = spoken.event
    return {
        "consent_id": spoken.consent_id,
        "state": event.state,
        "at": _show_time(event.at),
        "valid_until": _show_time(event.valid_until),
        "party": event.party,
        "guardian": spoken.guardian,
        "evidence": spoken.evidence,
    }


def _show_evidence(evidence: object) -> str:
    if not isinstance(evidence, Mapping):
        return "-"
    return str(evidence.get("text") or f"{evidence.get('name')} (SHA-256 {evidence['sha256']})")


def _show_time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _print(described: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(described)
        return
    table = Table(show_header=False, box=None)
    for name, value in described.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "-")
        table.add_row(name.replace("_", " "), shown)
    out.print(table)
