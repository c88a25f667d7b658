"""`mien models`: what recognises faces here, under which licence, and the way to another model."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from mien.cli import migrate
from mien.cli.exits import Exit
from mien.cli.options import Home, Json, find_models, open_library
from mien.cli.output import err, explain, leave, out, print_json
from mien.permission.licence import needs_acceptance
from mien.permission.verdict import Reason, refuse
from mien.service.model_book import ModelState, list_models

app = typer.Typer(no_args_is_help=True, help="Model cards and their weights.")
app.add_typer(migrate.app)

Model = Annotated[str, typer.Argument(metavar="MODEL", help="The id of a model, as listed.")]
Licence = Annotated[
    str, typer.Option("--accept-licence", metavar="NAME", help="Accept a licence of this name.")
]


@app.command("list")
def list_(*, home: Home = None, as_json: Json = False) -> None:
    """List the models, their licences and whether their weights are here."""
    states = list_models(find_models(home))
    if as_json:
        print_json({"models": [_summarise(state) for state in states]})
        return
    table = Table("Model", "Kind", "Pack", "Licence", "Uses", "Weights", "")
    for state in states:
        card = state.card
        here = "here" if state.is_pulled else "not fetched"
        in_use = "in use" if state.is_used else ""
        uses = card.licence_terms if needs_acceptance(card.licence_terms) else "every use"
        table.add_row(card.id, card.kind, card.pack, card.licence, uses, here, in_use)
    out.print(table)


@app.command("show")
def show(model: Model, *, home: Home = None, as_json: Json = False) -> None:
    """Show all of a model's card."""
    described = _describe(_find(home, model)[0])
    if as_json:
        print_json(described)
        return
    table = Table(show_header=False, box=None)
    for name, value in described.items():
        table.add_row(name.replace("_", " "), str(value))
    out.print(table)


@app.command("pull")
def pull(
    model: Annotated[
        str, typer.Argument(metavar="[NAME]", help="A model or a pack; default: that in use.")
    ] = "",
    *,
    accept_licence: Licence = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Fetch weights, verify them and prepare them for use."""
    states = _find(home, model)
    accepted = _accept(states, named=accept_licence)
    if accepted:
        with open_library(home) as library:
            for state in states:
                library.models().accept(state.card.id, licence=accepted)
    store = find_models(home).shelf.store
    for state in states:
        store.pull(state.card, progress=err.print)
    if as_json:
        print_json({"models": [_summarise(state) for state in _find(home, model)]})
    else:
        out.print(f"Ready: {', '.join(state.card.id for state in states)}")


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An ONNX file of yours.")],
    *,
    card: Annotated[
        Path, typer.Option("--card", metavar="CARD", help="What it is, in TOML: see the guide.")
    ],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Add a recogniser of your own; it is tried out first, and nothing is fetched."""
    with open_library(home) as library:
        added = library.models().add(file, card=card)
        state = library.models().get(added.id)
    if as_json:
        print_json(_describe(state))
    else:
        out.print(f"Added {added.id}, SHA-256 {added.source.sha256}.")
        out.print(f"New collections are made with it after: mien models use {added.pack}")


@app.command("use")
def use(
    pack: Annotated[str, typer.Argument(metavar="PACK", help="A pack, as listed.")],
    *,
    accept_licence: Licence = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Choose the pack that new collections are made with. Those that are here stay as they are."""
    accepted = _accept(_find(home, pack), named=accept_licence)
    with open_library(home) as library:
        verdict = library.models().use(pack, accept_licence=accepted)
    if not verdict.is_allowed:
        explain(verdict)
        leave(Exit.REFUSED)
    if as_json:
        print_json({"pack": pack})
    else:
        out.print(f"New collections are made with {pack}.")


@app.command("measure")
def measure(
    model: Model,
    *,
    report: Annotated[
        Path, typer.Option("--report", metavar="JSON", help="What `mien evaluate --json` printed.")
    ],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Take a model's thresholds from a report about it, so that opt-outs work with it."""
    with open_library(home) as library:
        measures = library.models().measure(model, report=report)
    scores = {f"{rate:g}": score for rate, score in sorted(measures.score_by_fmr.items())}
    if as_json:
        print_json({"id": model, "measured_on": measures.measured_on, "score_by_fmr": scores})
        return
    out.print(f"{model} was measured on {measures.measured_on}.")
    for rate, score in scores.items():
        out.print(f"At a false match rate of {rate}: {score:.4f}")


@app.command("check")
def check(model: Model, *, home: Home = None, as_json: Json = False) -> None:
    """Verify a model's bytes against its card, and try it out."""
    shelf = find_models(home).shelf
    card = shelf.get_card(model)
    shelf.check(card)
    if as_json:
        print_json({"id": card.id, "sha256": card.source.sha256, "is_sound": True})
    else:
        out.print(f"{card.id} is what its card says: SHA-256 {card.source.sha256}.")


@app.command("remove")
def remove(model: Model, *, home: Home = None, as_json: Json = False) -> None:
    """Remove a model's weights, and one of your own with its card."""
    with open_library(home) as library:
        library.models().remove(model)
    if as_json:
        print_json({"removed": model})
    else:
        out.print(f"Removed {model}.")


def _find(home: Path | None, name: str) -> list[ModelState]:
    """The parts of a pack, or one model; without a name, of the pack in use. `ModelError`."""
    installed = find_models(home)
    ids = [card.id for card in installed.find_cards(name)]
    states = {state.card.id: state for state in list_models(installed)}
    return [states[card_id] for card_id in ids]


def _accept(states: Sequence[ModelState], *, named: str) -> str:
    """The licence that is accepted, where one is to be: named in the command, or when asked."""
    for state in filter(_is_asked_about, states):
        card = state.card
        if named == card.licence:
            return named
        err.print(f"{card.title}: {card.licence} ({card.licence_terms}). {card.note}")
        if card.licence_url:
            err.print(card.licence_url)
        if named or not sys.stdin.isatty():
            err.print(f"To accept it: --accept-licence {card.licence!r}")
            explain(refuse(Reason.LICENCE_NOT_ACCEPTED))
            leave(Exit.REFUSED)
        typer.confirm("Do you accept this licence, for what you will do?", abort=True, err=True)
        return card.licence
    return ""


def _is_asked_about(state: ModelState) -> bool:
    return needs_acceptance(state.card.licence_terms) and not state.is_accepted


def _summarise(state: ModelState) -> dict[str, object]:
    card = state.card
    return {
        "id": card.id,
        "kind": card.kind,
        "pack": card.pack,
        "title": card.title,
        "licence": card.licence,
        "licence_terms": card.licence_terms,
        "is_licence_accepted": state.is_accepted,
        "is_pulled": state.is_pulled,
        "is_own": state.is_own,
        "is_in_use": state.is_used,
    }


def _describe(state: ModelState) -> dict[str, object]:
    card = state.card
    return _summarise(state) | {
        "licence_url": card.licence_url,
        "detector": card.detector,
        "source": card.source.url,
        "sha256": card.source.sha256,
        "size_bytes": card.source.size_bytes,
        "input_side_px": card.input.side_px,
        "colour_order": card.input.colour_order,
        "dimension": card.embedding.dimension if card.embedding else None,
        "measured_on": (card.embedding.measured_on if card.embedding else "") or "not measured",
        "measured": dict(card.measured),
        "note": card.note,
    }
