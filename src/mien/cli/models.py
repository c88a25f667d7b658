"""`mien models`: what recognises faces here, under which licence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from mien.cli.options import Home, Json, read_settings
from mien.cli.output import err, out, print_json
from mien.vision.cards import Card, get_card, load_cards
from mien.vision.weights import WeightStore

app = typer.Typer(no_args_is_help=True, help="Model cards and their weights.")


@app.command("list")
def list_(*, home: Home = None, as_json: Json = False) -> None:
    """List the models, their licences and whether their weights are here."""
    store = _open_store(home)
    if as_json:
        print_json({"models": [_summarise(card, store) for card in load_cards()]})
        return
    table = Table("Model", "Kind", "Pack", "Licence", "Weights")
    for card in load_cards():
        state = "here" if store.is_pulled(card) else "not fetched"
        table.add_row(card.id, card.kind, card.pack, card.licence, state)
    out.print(table)


@app.command("pull")
def pull(
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="Default: all of the default pack.")
    ] = None,
    *,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Fetch weights, verify them and prepare them for use."""
    store = _open_store(home)
    cards = [get_card(model)] if model else [card for card in load_cards() if card.pack == "open"]
    for card in cards:
        store.pull(card, progress=err.print)
    if as_json:
        print_json({"models": [_summarise(card, store) for card in cards]})
    else:
        out.print(f"Ready: {', '.join(card.id for card in cards)}")


@app.command("show")
def show(
    model: Annotated[str, typer.Argument(metavar="MODEL")],
    *,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show all of a model's card."""
    card = get_card(model)
    described = _describe(card, _open_store(home))
    if as_json:
        print_json(described)
        return
    table = Table(show_header=False, box=None)
    for name, value in described.items():
        table.add_row(name.replace("_", " "), str(value))
    out.print(table)


def _open_store(home: Path | None) -> WeightStore:
    return WeightStore(read_settings(home).cache / "models")


def _summarise(card: Card, store: WeightStore) -> dict[str, object]:
    return {
        "id": card.id,
        "kind": card.kind,
        "pack": card.pack,
        "title": card.title,
        "licence": card.licence,
        "is_pulled": store.is_pulled(card),
    }


def _describe(card: Card, store: WeightStore) -> dict[str, object]:
    return _summarise(card, store) | {
        "licence_url": card.licence_url,
        "source": card.source.url,
        "sha256": card.source.sha256,
        "size_bytes": card.source.size_bytes,
        "input_side_px": card.input.side_px,
        "colour_order": card.input.colour_order,
        "dimension": card.embedding.dimension if card.embedding else None,
        "measured": dict(card.measured),
        "note": card.note,
    }
