"""`mien access-keys`: what clients of Amazon's interface sign with."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer
from rich.table import Table

from mien.cli.keys import show_state
from mien.cli.options import Home, Json, open_library
from mien.cli.output import out, print_json
from mien.cli.users import get_allowed
from mien.permission.access_key import AccessKey
from mien.permission.account import CALLS_A_MINUTE, EVERYTHING, LONGEST_KEY
from mien.permission.caller import Operation
from mien.service.account_drafts import AccessDraft
from mien.service.accounts import Accounts

app = typer.Typer(no_args_is_help=True, help="What clients of Amazon's interface sign with.")


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    *,
    owner: Annotated[
        str, typer.Option(metavar="USER", help="For whom; it never may more than they may.")
    ],
    grant: Annotated[
        str,
        typer.Option(metavar="ID", help="Photos come in under it, and nothing else is seen."),
    ],
    collection: Annotated[
        list[str],
        typer.Option(metavar="NAME", help="All that it may know of or make; may be repeated."),
    ],
    purpose: Annotated[str, typer.Option(metavar="SLUG", help="What it searches for; one.")],
    operation: Annotated[
        list[Operation] | None,
        typer.Option(
            help="view, search, add, grant (makes collections), case (erases); may be repeated. "
            "Default: all of these that the user may."
        ),
    ] = None,
    calls: Annotated[
        int, typer.Option(metavar="N", help="How many requests a minute.")
    ] = CALLS_A_MINUTE,
    days: Annotated[
        int, typer.Option(metavar="DAYS", min=1, max=LONGEST_KEY.days, help="How long it lasts.")
    ] = 90,
    endpoint: Annotated[
        str, typer.Option(metavar="URL", help="Where the server is reached, for what is printed.")
    ] = "http://127.0.0.1:8000",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make a key. Its secret is printed once, as the lines that an AWS SDK reads."""
    draft = AccessDraft(
        name=name,
        owner=owner,
        grant_id=grant,
        collections=collection,
        purpose=purpose,
        operations=operation,
        calls_a_minute=calls,
        days=days,
    )
    with open_library(home) as library:
        keys, region = Accounts(library.parts).access_keys, library.settings.region
        made = get_allowed(keys.make(draft, by=EVERYTHING), as_json=as_json)
    lines = made.as_environment(region=region, endpoint=endpoint)
    if as_json:
        print_json({**describe(made.key), "secret": made.secret, "environment": lines})
        return
    out.print(f"{made.key.name}: {made.key.access_key_id}, until {made.key.expires_at.date()}")
    out.print("What an AWS SDK needs; the secret is shown this once:")
    for variable, value in lines.items():
        out.print(f"export {variable}={shlex.quote(value)}", soft_wrap=True, markup=False)


@app.command("list")
def list_(*, home: Home = None, as_json: Json = False) -> None:
    """List all access keys."""
    with open_library(home) as library:
        accounts = Accounts(library.parts)
        keys = list(accounts.access_keys)
        owners = {user.user_id: user.name for user in accounts.list()}
    if as_json:
        print_json({"access_keys": [describe(key) for key in keys]})
        return
    table = Table("Key", "Id", "Of", "May", "Collections", "Purpose", "Last used", "State")
    for key in keys:
        table.add_row(
            key.name,
            key.access_key_id,
            owners.get(key.owner_id, ""),
            ", ".join(sorted(key.operations)),
            ", ".join(sorted(key.terms.collections)),
            key.terms.purpose,
            "never" if key.last_used_on is None else key.last_used_on.date().isoformat(),
            show_state(key),
        )
    out.print(table if keys else "There are no access keys. Make one with: mien access-keys add")


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="The id of an access key.")],
    *,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """End a key: nothing is answered to it from now on."""
    with open_library(home) as library:
        keys = Accounts(library.parts).access_keys
        done = get_allowed(keys.revoke(key_id, by=EVERYTHING), as_json=as_json)
    if as_json:
        print_json(describe(done))
    else:
        out.print(f"Revoked: {done.name}")


def describe(key: AccessKey) -> dict[str, object]:
    """The key as JSON values, without its secret."""
    return {
        "access_key_id": key.access_key_id,
        "name": key.name,
        "owner_id": key.owner_id,
        "grant_id": key.terms.grant_id,
        "collections": sorted(key.terms.collections),
        "purpose": key.terms.purpose,
        "operations": sorted(key.operations),
        "calls_a_minute": key.calls_a_minute,
        "made_at": key.made_at.isoformat(),
        "expires_at": key.expires_at.isoformat(),
        "revoked_at": None if key.revoked_at is None else key.revoked_at.isoformat(),
        "last_used_on": None if key.last_used_on is None else key.last_used_on.date().isoformat(),
        "is_unchanged": key.is_vouched,
    }
