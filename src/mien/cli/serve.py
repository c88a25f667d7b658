"""`mien serve`: pages for a browser and a REST interface for programs."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Annotated

import typer

from mien.cli.options import Home, Json, open_library
from mien.cli.output import out, print_json

app = typer.Typer()

_BETWEEN_COLLECTIONS = (20_000, 20, 50)
"""A request makes many small values and hardly a cycle: Python looks for cycles less often."""


@app.command("serve")
def serve(
    *,
    host: Annotated[
        str, typer.Option("--host", help="Where to listen; this machine alone unless said.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="On which port; 0 takes a free one.")
    ] = 8000,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", metavar="PEM", help="Encrypt with this certificate."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="PEM", help="The certificate's key.")
    ] = None,
    behind: Annotated[
        str,
        typer.Option(
            "--behind",
            metavar="ORIGIN",
            help="A proxy here encrypts, and is reached as this: https://photos.example.org",
        ),
    ] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Serve pages and a REST interface until Ctrl-C."""
    from mien.server.app import make_app
    from mien.server.listen import Address, check_address, make_server, open_socket
    from mien.server.opening import open_site
    from mien.service.accounts import Accounts

    gc.set_threshold(*_BETWEEN_COLLECTIONS)
    address = Address(
        host=host, port=port, certificate=certificate, certificate_key=key, proxy_origin=behind
    )
    with open_library(home) as library:
        check_address(address, library.settings)
        with open_socket(address) as listening:
            origin = address.origin_at(listening.getsockname()[1])
            first = Accounts(library.parts).first_link()
            with open_site(library, origin=origin, is_secure=address.is_secure) as site:
                welcome = None if first is None else origin + first.path
                _announce(origin, welcome=welcome, as_json=as_json)
                server = make_server(make_app(site), address, on_stop=site.runs.begin_stop)
                server.run(sockets=[listening])


def _announce(origin: str, *, welcome: str | None, as_json: bool) -> None:
    if as_json:
        print_json({"origin": origin, "welcome": welcome})
        return
    out.print(f"Mien serves on {origin}. Ctrl-C ends it.")
    if welcome:
        out.print(
            "Nobody has an account yet. Open this once, within a day, and choose a password:\n"
            f"  {welcome}",
            soft_wrap=True,
        )
