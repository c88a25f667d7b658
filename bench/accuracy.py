"""How well pairs of photos are told apart: the 1,000 pairs of the development split of LFW.

    PYTHONPATH=src python -m bench.accuracy ../shared/data/lfw-view1 --weights DIR

In each photo the face nearest the centre counts; a photo without a face scores -1. The
threshold is chosen on nine tenths of the pairs and judged on the tenth, ten times over.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.types import EmbeddedFace, PhotoAnalysis
from mien.vision.pipeline import Pipeline, open_pipeline
from mien.vision.weights import WeightStore

FOLDS = 10


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Share of pairs judged right, photos in which no face was found, pairs."""

    share: float
    faceless: int
    pairs: int


def find_central_face(analysis: PhotoAnalysis) -> EmbeddedFace | None:
    """The face nearest the photo's centre; None where no face was found."""

    def distance(found: EmbeddedFace) -> float:
        box = found.face.box
        across = (box.x1 + box.x2 - analysis.width_px) / 2
        down = (box.y1 + box.y2 - analysis.height_px) / 2
        return across**2 + down**2

    return min(analysis.faces, key=distance, default=None)


def measure_accuracy(pipeline: Pipeline, folder: Path) -> Accuracy:
    """The pipeline is used from two threads."""
    with (folder / "pairs.csv").open(newline="") as file:
        pairs = list(csv.DictReader(file))
    names = sorted({name for pair in pairs for name in (pair["a"], pair["b"])})
    vectors = embed_central_faces(pipeline, [folder / "images" / name for name in names])
    scores = np.array([score(vectors.get(pair["a"]), vectors.get(pair["b"])) for pair in pairs])
    is_mated = np.array([pair["same"] == "1" for pair in pairs])
    return Accuracy(judge(scores, is_mated), len(names) - len(vectors), len(pairs))


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", type=Path, required=True)
    arguments = parser.parse_args()
    pipeline = open_pipeline(store=WeightStore(arguments.weights), threads=1)
    found = measure_accuracy(pipeline, arguments.folder)
    print(f"{found.share:.2%} of {found.pairs} pairs right, {found.faceless} photos without a face")


if __name__ == "__main__":
    main()
