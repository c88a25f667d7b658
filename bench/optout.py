"""What opting out by face lets through, whom it keeps out by mistake, and what it costs.

One, or three, photos of a person are handed in; every other photo of theirs is held against
them, as `mien add` does it. Strangers are the photos of everybody else. The people of LFW are
in press photos of many years, those of London in two portraits of one day.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench.accuracy import embed_central_faces, find_central_face
from bench.faces import People, embed_people
from bench.optout_copies import measure_copies
from bench.optout_costs import measure_costs
from bench.rows import make_row
from bench.weights import WEIGHTS
from numpy.typing import NDArray

from mien.types import EmbeddingModel, Vectors
from mien.vision.pipeline import Pipeline, open_pipeline
from mien.vision.portrait import find_pictured, iter_portraits
from mien.vision.weights import WeightStore

NAME = "optout"

_RATES = (1e-3, 1e-2)
_DRAWS = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the photos of one set of people, in shares of a hundred.

    `through` are of the people who opted out, `dropped` of strangers.
    """

    people: int
    through: float
    dropped: float

    def describe(self, what: str, *, handed_in: int, rate: float) -> dict[str, object]:
        return {
            "photos": what,
            "people": self.people,
            "handed in": handed_in,
            "FMR": f"{rate:g}",
            "get through %": self.through,
            "strangers dropped %": self.dropped,
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--faces", type=int, default=1_000_000)


def run(arguments: argparse.Namespace) -> dict[str, object]:
    pipeline = open_pipeline(store=WeightStore(arguments.weights), threads=1)
    press = embed_people(arguments.data / "lfw-view1" / "images", weights=arguments.weights)
    table = [
        measure(press, handed_in=handed_in, least=pipeline.model.score_at(rate)).describe(
            "LFW", handed_in=handed_in, rate=rate
        )
        for handed_in in (1, 3)
        for rate in _RATES
    ]
    london = read_london(pipeline, arguments.data / "london")
    for rate in _RATES:
        outcome = measure_pairs(*london, least=pipeline.model.score_at(rate))
        table.append(outcome.describe("London", handed_in=1, rate=rate))
    again = picture_again(pipeline, arguments.data / "london")
    rows = [*iter_rows(pipeline.model, press=press, london=london, again=again)]
    rows += measure_costs(
        arguments.data / "london", weights=arguments.weights, faces=arguments.faces
    )
    others, copies = measure_copies(arguments.data)
    return {
        "rows": [*rows, *others],
        "tables": {
            "One or three photos handed in, at both rates:": table,
            "Copies of opted-out photos:": copies,
        },
    }


def iter_rows(
    model: EmbeddingModel,
    *,
    press: People,
    london: tuple[Vectors, Vectors],
    again: tuple[Vectors, Vectors],
) -> Iterator[dict[str, object]]:
    least = model.score_at(1e-3)
    one, three = (measure(press, handed_in=count, least=least) for count in (1, 3))
    yield make_row("photos that get through, LFW, one handed in, FMR 1e-3", one.through, unit="%")
    yield make_row("the same, three handed in", three.through, unit="%")
    yield make_row("strangers' faces dropped for one who opted out", one.dropped, unit="%")
    dropped = drop_strangers(press, people=10, least=least)
    yield make_row("strangers' faces dropped for ten who opted out", dropped, unit="%")
    through = measure_pairs(*london, least=least).through
    yield make_row("photos that get through, London, one handed in", through, unit="%")
    through = measure_pairs(*again, least=least).through
    yield make_row("the same, by a template made anew from the portrait", through, unit="%")


def measure(people: People, *, handed_in: int, least: float) -> Outcome:
    """Every photo of everybody who has enough of them, held against others drawn at random."""
    random = np.random.default_rng(0)
    through, dropped = [], []
    counts = np.bincount(people.person)
    wanted = np.flatnonzero(counts > handed_in)
    for person in wanted:
        own = np.flatnonzero(people.person == person)
        others = people.templates[people.person != person]
        for photo in own:
            rest = own[own != photo]
            for _ in range(1 if len(rest) == handed_in else _DRAWS):
                chosen = people.templates[random.choice(rest, handed_in, replace=False)]
                through.append(not is_like(people.templates[photo][None], chosen, least=least)[0])
        chosen = people.templates[random.choice(own, handed_in, replace=False)]
        dropped.append(is_like(others, chosen, least=least).mean())
    return Outcome(len(wanted), 100 * float(np.mean(through)), 100 * float(np.mean(dropped)))


def drop_strangers(everybody: People, *, people: int, least: float) -> float:
    """Of the photos of all others, in a hundred, where so many people handed in one photo each."""
    random = np.random.default_rng(0)
    shares = []
    for _ in range(_DRAWS):
        out = random.choice(everybody.person.max() + 1, people, replace=False)
        chosen = [random.choice(np.flatnonzero(everybody.person == person)) for person in out]
        others = everybody.templates[~np.isin(everybody.person, out)]
        shares.append(is_like(others, everybody.templates[chosen], least=least).mean())
    return 100 * float(np.mean(shares))


def measure_pairs(handed_in: Vectors, others: Vectors, *, least: float) -> Outcome:
    """One photo each is handed in, and one each comes in; row by row of the same people."""
    alike = handed_in @ others.T >= least
    mated = np.eye(len(alike), dtype=np.bool_)
    return Outcome(
        len(alike), 100 * float(1 - alike[mated].mean()), 100 * float(alike[~mated].mean())
    )


def is_like(faces: Vectors, chosen: Vectors, *, least: float) -> NDArray[np.bool_]:
    """Which faces are as like any of the chosen as they have to be to be dropped."""
    return np.asarray((faces @ chosen.T).max(axis=1) >= least)


def read_london(pipeline: Pipeline, folder: Path) -> tuple[Vectors, Vectors]:
    """The neutral portraits, handed in, and the smiling ones, which come in later."""
    found = embed_central_faces(pipeline, sorted(folder.glob("*.jpg")))
    names = [name for name in sorted(found) if name.endswith("_neutral.jpg")]
    smiling = [name.replace("neutral", "smiling") for name in names]
    return stack(found, names), stack(found, smiling)


def stack(found: dict[str, NDArray[np.float32]], names: Sequence[str]) -> Vectors:
    return np.stack([found[name] for name in names])


def picture_again(pipeline: Pipeline, folder: Path) -> tuple[Vectors, Vectors]:
    """As `read_london`, with templates of the portraits that are kept: another model's view."""
    neutral, smiling = [], []
    for path in sorted(folder.glob("*_neutral.jpg")):
        content = path.read_bytes()
        seen = find_central_face(pipeline.analyse(content))
        if seen is None:
            raise SystemExit(f"no face is found in {path.name}")
        portrait, middle = next(iter_portraits(content, seen.face.box))
        again = find_pictured(pipeline.analyse(portrait), middle)
        other = path.with_name(path.name.replace("neutral", "smiling")).read_bytes()
        late = find_central_face(pipeline.analyse(other))
        if again is None or late is None:
            raise SystemExit(f"the face of {path.name} is not found again")
        neutral.append(again.embedding)
        smiling.append(late.embedding)
    return np.stack(neutral), np.stack(smiling)
