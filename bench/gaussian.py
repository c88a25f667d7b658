"""Makes the Gaussian of a recogniser: mean and covariance of its embeddings.

    PYTHONPATH=src python -m bench.gaussian ../shared/data/lfw-view1/images --weights DIR

One photo of each person (the first by name), the face nearest the photo's centre. What is
written are numbers about a model: nobody's template can be read back from them.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from bench.accuracy import find_central_face

from mien.types import Vectors
from mien.vision.cards import get_pack
from mien.vision.pipeline import Pipeline, open_pipeline
from mien.vision.weights import WeightStore

CARDS = Path(__file__).parents[1] / "src" / "mien" / "cards"


def iter_one_photo_each(folder: Path) -> Iterator[Path]:
    """The first photo of each person; files are named Name_Surname_0001.jpg."""
    seen: set[str] = set()
    for path in sorted(folder.glob("*.jpg")):
        person = re.sub(r"_\d+$", "", path.stem)
        if person not in seen:
            seen.add(person)
            yield path


def embed_people(pipeline: Pipeline, folder: Path) -> Vectors:
    analyses = (pipeline.analyse(path.read_bytes()) for path in iter_one_photo_each(folder))
    faces = [face for analysis in analyses if (face := find_central_face(analysis)) is not None]
    return np.stack([face.embedding for face in faces])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--pack", default="open")
    arguments = parser.parse_args()
    embedding = get_pack(arguments.pack).recogniser.embedding
    if embedding is None:
        raise SystemExit(f"the recogniser of {arguments.pack} gives no embeddings")
    store = WeightStore(arguments.weights)
    vectors = embed_people(
        open_pipeline(store=store, threads=2, pack=get_pack(arguments.pack)), arguments.photos
    )
    target = CARDS / embedding.gaussian
    np.savez(
        target,
        mean=vectors.mean(axis=0).astype(np.float32),
        covariance=np.cov(vectors, rowvar=False).astype(np.float32),
        people=np.array(len(vectors)),
    )
    print(f"{len(vectors)} people, written to {target}")


if __name__ == "__main__":
    main()
