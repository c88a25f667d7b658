"""How well the default models tell people apart, on the photos that the tests use too.

LFW: the 1,000 pairs of its development split. In each photo the face nearest the centre
counts; a photo without a face scores -1. The threshold is chosen on nine tenths of the pairs
and judged on the tenth, ten times over. London: each smiling photo is searched among the
neutral ones of 102 people.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench.rows import Row, make_row
from bench.weights import WEIGHTS
from numpy.typing import NDArray

from mien.evidence.cohort import find_levels, normalise
from mien.evidence.strength import find_score
from mien.types import EmbeddedFace, EmbeddingModel, PhotoAnalysis
from mien.vision.pipeline import Pipeline, open_pipeline
from mien.vision.weights import WeightStore

NAME = "accuracy"
FOLDS = 10
CLAIMED = (1e-2, 1e-3, 1e-4)

Vectors = Mapping[str, NDArray[np.float32]]
"""Embeddings of central faces by the names of their photos."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Share of pairs judged right, photos in which no face was found, pairs.

    Half of the pairs of two different people score higher than `strangers_score`.
    """

    share: float
    faceless: int
    pairs: int
    strangers_score: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, default=WEIGHTS)


def run(arguments: argparse.Namespace) -> dict[str, object]:
    pipeline = open_pipeline(store=WeightStore(arguments.weights), threads=1)
    pairs = measure_accuracy(pipeline, arguments.data / "lfw-view1")
    portraits = embed_central_faces(pipeline, sorted((arguments.data / "london").glob("*.jpg")))
    found, people = count_first_ranks(portraits)
    return {
        "rows": [
            make_row(
                f"LFW, {pairs.pairs:,} pairs judged right",
                100 * pairs.share,
                unit="%",
                at_least=98.5,
            ),
            make_row("LFW, photos in which no face was found", pairs.faceless),
            make_row("LFW, median score of two different people", pairs.strangers_score),
            make_row(
                f"London, smiling photos that find the same person first among {people}",
                found,
                at_least=people,
            ),
            *iter_claims(portraits, pipeline.model),
        ]
    }


def iter_claims(vectors: Vectors, model: EmbeddingModel) -> Iterator[Row]:
    """How many strangers among portraits of one studio reach what the card says 1 in N do."""
    if model.cohort is None or model.calibration is None:
        return
    people = np.array([name[:3] for name in vectors])
    templates = np.stack(list(vectors.values()))
    levels = find_levels(model.cohort, templates)
    scores = normalise(templates @ templates.T, probes=levels, candidates=levels)
    one, other = np.triu_indices(len(people), 1)
    strangers = scores[one, other][people[one] != people[other]]
    for fmr in CLAIMED:
        share = (strangers >= find_score(model.calibration, fmr=fmr)).mean()
        what = f"London, strangers at the score that the card says 1 in {round(1 / fmr):,} reach"
        yield make_row(what, float(share / fmr), unit="times as many")


def count_first_ranks(vectors: Vectors) -> tuple[int, int]:
    """How many smiling photos find their neutral one first, and of how many people."""
    probes = [name for name in sorted(vectors) if name.endswith("_smiling.jpg")]
    gallery = [name.replace("smiling", "neutral") for name in probes]
    scores = np.stack([vectors[n] for n in probes]) @ np.stack([vectors[n] for n in gallery]).T
    return int((scores.argmax(axis=1) == np.arange(len(probes))).sum()), len(gallery)


def find_central_face(analysis: PhotoAnalysis) -> EmbeddedFace | None:
    """The face nearest the photo's centre; None where no face was found."""

    def distance(found: EmbeddedFace) -> float:
        box = found.face.box
        across = (box.x1 + box.x2 - analysis.width_px) / 2
        down = (box.y1 + box.y2 - analysis.height_px) / 2
        return across**2 + down**2

    return min(analysis.faces, key=distance, default=None)


def measure_accuracy(pipeline: Pipeline, folder: Path, *, every: int = 1) -> Accuracy:
    """Of each so many-th pair. The pipeline is used from two threads."""
    with (folder / "pairs.csv").open(newline="") as file:
        pairs = list(csv.DictReader(file))[::every]
    names = sorted({name for pair in pairs for name in (pair["a"], pair["b"])})
    vectors = embed_central_faces(pipeline, [folder / "images" / name for name in names])
    scores = np.array([score(vectors.get(pair["a"]), vectors.get(pair["b"])) for pair in pairs])
    is_mated = np.array([pair["same"] == "1" for pair in pairs])
    return Accuracy(
        share=judge(scores, is_mated),
        faceless=len(names) - len(vectors),
        pairs=len(pairs),
        strangers_score=float(np.median(scores[~is_mated])),
    )


def embed_central_faces(
    pipeline: Pipeline, paths: Iterable[Path]
) -> dict[str, NDArray[np.float32]]:
    def embed(path: Path) -> tuple[str, EmbeddedFace | None]:
        return path.name, find_central_face(pipeline.analyse(path.read_bytes()))

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(embed, paths))
    return {name: face.embedding for name, face in found if face is not None}


def score(one: NDArray[np.float32] | None, other: NDArray[np.float32] | None) -> float:
    return -1.0 if one is None or other is None else float(one @ other)


def judge(scores: NDArray[np.float64], is_mated: NDArray[np.bool_]) -> float:
    """Mean share of right judgements over the folds; fold k holds every tenth pair from k on."""
    shares = []
    for fold in range(FOLDS):
        is_test = np.arange(len(scores)) % FOLDS == fold
        threshold = choose_threshold(scores[~is_test], is_mated[~is_test])
        shares.append(((scores[is_test] >= threshold) == is_mated[is_test]).mean())
    return float(np.mean(shares))


def choose_threshold(scores: NDArray[np.float64], is_mated: NDArray[np.bool_]) -> float:
    """The score at which most pairs are judged right."""
    right = ((scores[None, :] >= scores[:, None]) == is_mated[None, :]).sum(axis=1)
    return float(scores[right.argmax()])
