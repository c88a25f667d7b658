"""`mien users`: who may sign in to the server, for operators without a browser."""

from __future__ import annotations

from typing import Annotated, TypeVar

import typer
from rich.table import Table

from mien.cli.exits import Exit
from mien.cli.options import Home, Json, open_library
from mien.cli.output import explain, leave, out, print_json
from mien.permission.account import EVERYTHING, User
from mien.permission.caller import Role
from mien.permission.verdict import Verdict
from mien.service.account_drafts import UserDraft
from mien.service.accounts import Accounts
from mien.service.one_time import OneTimeLink

Answer = TypeVar("Answer")

app = typer.Typer(no_args_is_help=True, help="Who may sign in to the server, and as what.")

Name = Annotated[str, typer.Argument(metavar="USER", help="The name or id of a user.")]


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What they sign in with.")],
    *,
    role: Annotated[Role, typer.Option(help="What the account is for.")],
    collection: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Where they may; may be repeated. Default: everywhere."),
    ] = None,
    purpose: Annotated[
        list[str] | None,
        typer.Option(metavar="SLUG", help="What for; may be repeated. Default: anything."),
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Invite somebody: they choose a password with the link that this prints, once."""
    draft = UserDraft(name=name, role=role, collections=collection, purposes=purpose)
    with open_library(home) as library:
        accounts = Accounts(library.parts)
        made = get_allowed(accounts.invite(draft, by=EVERYTHING), as_json=as_json)
        link = get_allowed(accounts.link(made.user_id, by=EVERYTHING), as_json=as_json)
    _hand_out(made, link, as_json=as_json)


@app.command("list")
def list_(*, home: Home = None, as_json: Json = False) -> None:
    """List all users."""
    with open_library(home) as library:
        users = Accounts(library.parts).list()
    if as_json:
        print_json({"users": [describe(user) for user in users]})
        return
    table = Table("User", "Id", "Role", "Collections", "Purposes", "State")
    for user in users:
        bounds = (show_bound(user.collections), show_bound(user.purposes))
        table.add_row(user.name, user.user_id, user.role, *bounds, _state(user))
    out.print(table if users else "There are no users. Invite one with: mien users add")


@app.command("disable")
def disable(name: Name, *, home: Home = None, as_json: Json = False) -> None:
    """End at once what a user may do: sessions, links and keys."""
    with open_library(home) as library:
        done = get_allowed(Accounts(library.parts).disable(name, by=EVERYTHING), as_json=as_json)
    if as_json:
        print_json(describe(done))
    else:
        out.print(f"Disabled: {done.name}")


@app.command("link")
def link(
    name: Name,
    *,
    remove_second_factor: Annotated[
        bool,
        typer.Option("--remove-second-factor", help="Remove it: for whoever lost the phone."),
    ] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make a one-time link with which a user chooses a new password within a day."""
    with open_library(home) as library:
        accounts = Accounts(library.parts)
        user = accounts.get(name)
        if remove_second_factor:
            removed = accounts.remove_second_factor(user.user_id, by=EVERYTHING)
            user = get_allowed(removed, as_json=as_json)
        made = get_allowed(accounts.link(user.user_id, by=EVERYTHING), as_json=as_json)
    _hand_out(user, made, as_json=as_json)


def describe(user: User) -> dict[str, object]:
    """The user as JSON values."""
    return {
        "user_id": user.user_id,
        "name": user.name,
        "role": user.role,
        "collections": None if user.collections is None else sorted(user.collections),
        "purposes": None if user.purposes is None else sorted(user.purposes),
        "is_active": user.is_active,
        "is_unchanged": user.is_vouched,
        "has_password": user.has_password,
        "has_second_factor": user.has_second_factor,
        "created_at": user.created_at.isoformat(),
    }


def show_bound(names: frozenset[str] | None) -> str:
    """What bounds somebody, for a table."""
    return "all" if names is None else ", ".join(sorted(names))


def get_allowed(answer: Answer | Verdict, *, as_json: bool) -> Answer:
    """What a use case hands out; a refusal ends the command."""
    if isinstance(answer, Verdict):
        if as_json:
            print_json({"refused": list(answer.reasons)})
        explain(answer)
        leave(Exit.REFUSED)
    return answer


def _hand_out(user: User, made: OneTimeLink, *, as_json: bool) -> None:
    if as_json:
        print_json({**describe(user), "path": made.path, "expires_at": made.expires_at.isoformat()})
        return
    out.print(f"{user.name}, {user.role}: {user.user_id}")
    out.print("They choose a password within a day, once, on the server at this path:")
    out.print(made.path, soft_wrap=True)


def _state(user: User) -> str:
    if not user.is_vouched:
        return "changed"
    if not user.is_active:
        return "disabled"
    return "active" if user.has_password else "invited"
