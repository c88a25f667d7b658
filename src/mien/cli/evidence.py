"""`mien evidence`: all that an authority asks for, in one folder with a signed manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.cli.options import Home, Json, open_library
from mien.cli.output import out, print_json

app = typer.Typer()


@app.command("evidence")
def evidence(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder to be made.")],
    *,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Write log, grants, certificates and policy, for an authority: it names grantors."""
    with open_library(home) as library:
        made = library.export_evidence(folder)
    if as_json:
        print_json(
            {
                "folder": str(made.folder),
                "files": made.files,
                "grants": made.grants,
                "certificates": made.certificates,
                "policy_version": made.policy_version,
                "public_key": made.public_key,
            }
        )
        return
    out.print(
        f"{made.files:,} files written to {made.folder}: the audit log, the policy, every grant "
        f"({made.grants:,}) and every certificate of erasure ({made.certificates:,}).",
        soft_wrap=True,
    )
    out.print(f"The manifest is signed with the key {made.public_key}", soft_wrap=True)
