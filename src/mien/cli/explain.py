"""`mien explain`: why a photo is here, and what may be done with it now."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from mien.cli.options import Home, Json, open_library
from mien.cli.output import out, print_json
from mien.service.explain import ExplainedPlace, Explanation

app = typer.Typer()


@app.command("explain")
def explain(
    sha256: Annotated[
        str, typer.Argument(metavar="SHA256", help="A photo, by the number that searches show.")
    ],
    *,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Tell where a photo was found, by whose permission, and what was done with it."""
    with open_library(home) as library:
        explanation = library.explain(sha256)
    if as_json:
        print_json(describe(explanation))
    else:
        print_explanation(explanation)


def describe(explanation: Explanation) -> dict[str, object]:
    """The explanation as JSON values; a use that is allowed has no reasons against it."""
    photo = explanation.photo
    return {
        "photo": photo.sha256,
        "media_type": photo.media_type,
        "first_seen_at": photo.first_seen_at.isoformat(),
        "places": [_describe_place(one) for one in explanation.places],
        "collections": [
            {
                "name": one.collection,
                "indexed_at": one.indexed_at.isoformat(),
                "faces": list(one.face_ids),
                "dropped": one.dropped,
            }
            for one in explanation.indexings
        ],
        "entries": [
            {name: entry[name] for name in ("seq", "time", "action", "purpose")}
            for entry in explanation.entries
        ],
    }


def print_explanation(explanation: Explanation) -> None:
    """The explanation for a person."""
    photo = explanation.photo
    first_seen = photo.first_seen_at.isoformat(sep=" ", timespec="minutes")
    out.print(f"{photo.media_type}, {photo.width_px}x{photo.height_px}, first met {first_seen}")
    places = Table("Found at", "State", "Grant", "Grantor", "Allowed now")
    for one in explanation.places:
        allowed = [use.value for use, verdict in one.verdicts.items() if verdict.is_allowed]
        places.add_row(
            *(one.place.uri, one.place.state, one.grant.grant_id, one.grant.grantor),
            ", ".join(allowed) or f"nothing: {_first_reason(one)}",
        )
    out.print(places)
    for indexing in explanation.indexings:
        out.print(
            f"In collection {indexing.collection}: {len(indexing.face_ids)} faces kept, "
            f"{indexing.dropped} not."
        )
    for entry in explanation.entries:
        out.print(f"Audit entry {entry['seq']}, {entry['time']}: {entry['action']}")


def _describe_place(one: ExplainedPlace) -> dict[str, object]:
    return {
        "uri": one.place.uri,
        "state": one.place.state,
        "added_at": one.place.added_at.isoformat(),
        "seen_at": one.place.seen_at.isoformat(),
        "grant_id": one.grant.grant_id,
        "grantor": one.grant.grantor,
        "entered_with": one.entered_with,
        "verdicts": {
            use.value: [reason.value for reason in verdict.reasons]
            for use, verdict in one.verdicts.items()
        },
    }


def _first_reason(one: ExplainedPlace) -> str:
    reasons = [reason.value for verdict in one.verdicts.values() for reason in verdict.reasons]
    return reasons[0]
