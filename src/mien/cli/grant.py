"""`mien grant`: record, list, show, narrow and revoke permission."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from mien.cli.options import Home, Json, open_library
from mien.cli.output import out, print_json, warn
from mien.permission.basis import Basis
from mien.permission.grant import Evidence, Grant, GrantKind, may_apply
from mien.permission.platforms import PLATFORMS, Platform
from mien.permission.use import Use
from mien.service.grants import DEFAULT_USES, GrantDraft, Narrowing, warnings_about

app = typer.Typer(no_args_is_help=True, help="Who allowed what, where and until when.")

GrantId = Annotated[str, typer.Argument(metavar="GRANT", help="The id of a grant.")]


@app.command("add")
def add(
    *,
    kind: Annotated[GrantKind, typer.Option(help="What the permission rests on.")],
    grantor: Annotated[str, typer.Option(metavar="NAME", help="Who allows it.")],
    scope: Annotated[
        list[str], typer.Option(metavar="FOLDER", help="Where it holds; may be repeated.")
    ],
    purpose: Annotated[list[str], typer.Option(metavar="SLUG", help="What for; may be repeated.")],
    basis: Annotated[
        list[Basis],
        typer.Option(help="On what basis templates may be kept; may be repeated."),
    ],
    until: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="The last day, as 2027-12-31."),
    ],
    use: Annotated[
        list[Use] | None,
        typer.Option(help="What may be done; may be repeated. Default: all but fetch and train."),
    ] = None,
    contact: Annotated[
        str, typer.Option(metavar="TEXT", help="How the grantor can be reached.")
    ] = "",
    verified_by: Annotated[
        str,
        typer.Option(metavar="NAME", help="Who made sure that they may allow it. Default: you."),
    ] = "",
    jurisdiction: Annotated[
        str, typer.Option(metavar="CODE", help="Whose law it is under, as FR, US-IL or EU.")
    ] = "",
    evidence: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="What shows it; hashed, not copied; may be repeated. Or URL#sha256=HASH.",
        ),
    ] = None,
    assessment: Annotated[
        str, typer.Option(metavar="REF", help="The impact assessment of a documented basis.")
    ] = "",
    retention: Annotated[
        int | None, typer.Option(metavar="DAYS", min=1, help="How long anything is kept.")
    ] = None,
    terms: Annotated[str, typer.Option(metavar="TEXT", help="What the grantor asks for.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Record that somebody allows searching their photos."""
    draft = GrantDraft(
        kind=kind,
        grantor=grantor,
        scope=scope,
        purposes=purpose,
        bases=basis,
        until=until.date(),
        uses=use or DEFAULT_USES,
        contact=contact,
        verified_by=verified_by,
        jurisdiction=jurisdiction,
        evidence=evidence or (),
        assessment=assessment,
        retention_days=retention,
        terms=terms,
    )
    with open_library(home) as library:
        grant = library.record(draft)
    warnings = warnings_about(grant, at=datetime.now(UTC))
    for warning in warnings:
        warn(warning)
    if as_json:
        print_json({"grant_id": grant.grant_id, "warnings": warnings})
    else:
        out.print(f"Grant recorded: {grant.grant_id}")


@app.command("list")
def list_(*, home: Home = None, as_json: Json = False) -> None:
    """List all grants."""
    with open_library(home) as library:
        grants = library.grants()
    if as_json:
        print_json({"grants": [describe(grant) for grant in grants]})
        return
    table = Table("Grant", "Grantor", "Bases", "Purposes", "Until", "State")
    for grant in grants:
        until = grant.valid_until.date().isoformat()
        purposes = ", ".join(sorted(grant.purposes))
        bases = ", ".join(sorted(grant.bases))
        table.add_row(grant.grant_id, grant.grantor, bases, purposes, until, _state(grant))
    out.print(table if grants else "No grants are recorded. Record one with: mien grant add")


@app.command("show")
def show(grant_id: GrantId, *, home: Home = None, as_json: Json = False) -> None:
    """Show all of one grant."""
    with open_library(home) as library:
        grant = library.get_grant(grant_id)
    _print_grant(grant, as_json=as_json)


@app.command("platforms")
def platforms(*, as_json: Json = False) -> None:
    """List the platforms that no grant reaches, and what to use instead."""
    if as_json:
        print_json({"platforms": [_describe_platform(one) for one in PLATFORMS]})
        return
    table = Table("Platform", "What it forbids", "Use instead", "Checked")
    for one in PLATFORMS:
        table.add_row(one.name, one.reason, one.instead, one.checked.isoformat())
    out.print(table)


@app.command("narrow")
def narrow(
    grant_id: GrantId,
    *,
    scope: Annotated[
        list[str] | None, typer.Option(metavar="FOLDER", help="Where it still holds.")
    ] = None,
    purpose: Annotated[
        list[str] | None, typer.Option(metavar="SLUG", help="What it still holds for.")
    ] = None,
    use: Annotated[list[Use] | None, typer.Option(help="What may still be done.")] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="The last day, an earlier one."),
    ] = None,
    retention: Annotated[
        int | None, typer.Option(metavar="DAYS", min=1, help="How long anything is still kept.")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Let a grant allow less: what it covers no more is out of every answer, and erased later."""
    narrowing = Narrowing(
        scope=scope or (),
        purposes=purpose or (),
        uses=use or (),
        until=None if until is None else until.date(),
        retention_days=retention,
    )
    with open_library(home) as library:
        grant = library.narrow(grant_id, narrowing)
    _print_grant(grant, as_json=as_json)


@app.command("revoke")
def revoke(grant_id: GrantId, *, home: Home = None, as_json: Json = False) -> None:
    """Withdraw a grant: from now on nothing enters and nothing is found under it."""
    with open_library(home) as library:
        grant = library.revoke(grant_id)
    _print_grant(grant, as_json=as_json)


def describe(grant: Grant) -> dict[str, object]:
    """The grant as JSON values."""
    return {
        "grant_id": grant.grant_id,
        "state": _state(grant),
        "kind": grant.kind,
        "grantor": grant.grantor,
        "scope": list(grant.scope),
        "uses": sorted(grant.uses),
        "purposes": sorted(grant.purposes),
        "bases": sorted(grant.bases),
        "contact": grant.contact,
        "verified_by": grant.verified_by,
        "jurisdiction": grant.jurisdiction,
        "evidence": [_describe_evidence(one) for one in grant.evidence],
        "assessment": grant.assessment,
        "retention_days": None if grant.retention is None else grant.retention.days,
        "terms": grant.terms,
        "valid_from": grant.valid_from.isoformat(),
        "valid_until": grant.valid_until.isoformat(),
        "revoked_at": None if grant.revoked_at is None else grant.revoked_at.isoformat(),
    }


def _describe_platform(platform: Platform) -> dict[str, object]:
    return {
        "name": platform.name,
        "domains": list(platform.domains),
        "reason": platform.reason,
        "instead": platform.instead,
        "checked": platform.checked.isoformat(),
    }


def _describe_evidence(evidence: Evidence) -> dict[str, str]:
    return {
        "name": evidence.name,
        "sha256": evidence.sha256,
        "media_type": evidence.media_type,
        "obtained_at": evidence.obtained_at.isoformat(),
    }


def _state(grant: Grant) -> str:
    verdict = may_apply(grant, at=datetime.now(UTC))
    return "in-force" if verdict.is_allowed else verdict.reasons[0].value


def _print_grant(grant: Grant, *, as_json: bool) -> None:
    described = describe(grant)
    if as_json:
        print_json(described)
        return
    table = Table(show_header=False, box=None)
    for name, value in described.items():
        if name == "evidence":
            continue
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "-")
        table.add_row(name.replace("_", " "), shown)
    for one in grant.evidence:
        table.add_row("evidence", f"{one.name} ({one.media_type})\nSHA-256 {one.sha256}")
    out.print(table)
