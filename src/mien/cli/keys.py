"""`mien keys`: what programs ask the server with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from mien.cli.options import Home, Json, open_library
from mien.cli.output import out, print_json
from mien.cli.users import get_allowed, show_bound
from mien.permission.access_key import AccessKey
from mien.permission.account import CALLS_A_MINUTE, EVERYTHING, LONGEST_KEY, ApiKey
from mien.permission.caller import Operation
from mien.service.account_drafts import KeyDraft
from mien.service.accounts import Accounts

app = typer.Typer(no_args_is_help=True, help="What programs ask the server with.")


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    *,
    owner: Annotated[
        str, typer.Option(metavar="USER", help="For whom; it never may more than they may.")
    ],
    operation: Annotated[list[Operation], typer.Option(help="What it may do; may be repeated.")],
    collection: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Where; may be repeated. Default: as the user."),
    ] = None,
    purpose: Annotated[
        list[str] | None,
        typer.Option(metavar="SLUG", help="What for; may be repeated. Default: as the user."),
    ] = None,
    calls: Annotated[
        int, typer.Option(metavar="N", help="How many requests a minute.")
    ] = CALLS_A_MINUTE,
    days: Annotated[
        int, typer.Option(metavar="DAYS", min=1, max=LONGEST_KEY.days, help="How long it lasts.")
    ] = 90,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make a key. Its secret is printed once."""
    draft = KeyDraft(
        name=name,
        owner=owner,
        operations=operation,
        collections=collection,
        purposes=purpose,
        calls_a_minute=calls,
        days=days,
    )
    with open_library(home) as library:
        made = get_allowed(Accounts(library.parts).keys.make(draft, by=EVERYTHING), as_json=as_json)
    if as_json:
        print_json({**describe(made.key), "secret": made.secret})
        return
    out.print(f"{made.key.name}: {made.key.key_id}, until {made.key.expires_at.date()}")
    out.print("Its secret, which is shown this once:")
    out.print(made.secret, soft_wrap=True)


@app.command("list")
def list_(*, home: Home = None, as_json: Json = False) -> None:
    """List all keys."""
    with open_library(home) as library:
        accounts = Accounts(library.parts)
        keys = list(accounts.keys)
        owners = {user.user_id: user.name for user in accounts.list()}
    if as_json:
        print_json({"keys": [describe(key) for key in keys]})
        return
    table = Table("Key", "Id", "Of", "May", "Collections", "Purposes", "Last used", "State")
    for key in keys:
        table.add_row(
            key.name,
            key.key_id,
            owners.get(key.owner_id, ""),
            ", ".join(sorted(key.rights.operations)),
            show_bound(key.rights.collections),
            show_bound(key.rights.purposes),
            "never" if key.last_used_on is None else key.last_used_on.date().isoformat(),
            show_state(key),
        )
    out.print(table if keys else "There are no keys. Make one with: mien keys add")


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="The id of a key.")],
    *,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """End a key: nothing is answered to it from now on."""
    with open_library(home) as library:
        keys = Accounts(library.parts).keys
        done = get_allowed(keys.revoke(key_id, by=EVERYTHING), as_json=as_json)
    if as_json:
        print_json(describe(done))
    else:
        out.print(f"Revoked: {done.name}")


def describe(key: ApiKey) -> dict[str, object]:
    """The key as JSON values, without its secret."""
    rights = key.rights
    return {
        "key_id": key.key_id,
        "name": key.name,
        "owner_id": key.owner_id,
        "operations": sorted(rights.operations),
        "collections": None if rights.collections is None else sorted(rights.collections),
        "purposes": None if rights.purposes is None else sorted(rights.purposes),
        "calls_a_minute": key.calls_a_minute,
        "made_at": key.made_at.isoformat(),
        "expires_at": key.expires_at.isoformat(),
        "revoked_at": None if key.revoked_at is None else key.revoked_at.isoformat(),
        "last_used_on": None if key.last_used_on is None else key.last_used_on.date().isoformat(),
        "is_unchanged": key.is_vouched,
    }


def show_state(key: ApiKey | AccessKey) -> str:
    """Whether it opens anything now, and if not, why."""
    if not key.is_vouched:
        return "changed"
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at <= datetime.now(UTC) else "in force"
