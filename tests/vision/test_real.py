"""The real models. Vectors to compare with come from dlib itself, on synthetic chips.

The golden file holds dlib's outputs (dlib-bin 20.0.1) for seeded noise; no template of a
real face is ever kept. Where real faces are needed dlib runs beside Mien.
"""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from bench.accuracy import measure_accuracy
from numpy.typing import NDArray
from PIL import Image

from mien.types import Look, PhotoAnalysis, Rgb, Vectors
from mien.vision.align import Aligner
from mien.vision.cards import get_card
from mien.vision.decode import decode_photo
from mien.vision.detect import Detector
from mien.vision.embed import Embedder
from mien.vision.pipeline import Pipeline, open_pipeline
from mien.vision.session import Session, open_session
from mien.vision.weights import WeightStore
from vision.conftest import draw_noise

pytestmark = pytest.mark.real

GOLDEN = Path(__file__).parents[1] / "golden" / "dlib-resnet.v1.npz"
RECOGNISER = get_card("dlib-resnet-v1")


@pytest.fixture(scope="module")
def recognition(store: WeightStore) -> Session:
    return open_session(store.pull(RECOGNISER), threads=2)


@pytest.fixture(scope="module")
def face_chips(data_folder: Path, store: WeightStore) -> list[Rgb]:
    """Chips of real faces, made anew each time."""
    assert RECOGNISER.alignment is not None
    aligner = Aligner(RECOGNISER.alignment, side_px=150)
    detector = Detector(open_session(store.pull(get_card("centerface")), threads=2))
    photos = [
        decode_photo(path.read_bytes())
        for path in sorted((data_folder / "families").glob("Family*.jpg"))[:12]
    ]
    return [
        chip
        for photo in photos
        for chip in aligner.cut_chips(photo.picture, detector.detect(photo)[0].landmarks)
    ]


def run(session: Session, chips: list[Rgb]) -> Vectors:
    return session.run(np.stack(chips).transpose(0, 3, 1, 2).astype(np.float32))[0]


def describe_with_dlib(store: WeightStore, chips: list[Rgb]) -> NDArray[np.float64]:
    dlib = pytest.importorskip("dlib")
    model = dlib.face_recognition_model_v1(str(store.path_of(RECOGNISER)))
    return np.array([model.compute_face_descriptor(np.ascontiguousarray(chip)) for chip in chips])


def test_outputs_equal_dlibs_own_on_real_faces(
    recognition: Session, store: WeightStore, face_chips: list[Rgb]
) -> None:
    expected = describe_with_dlib(store, face_chips)
    np.testing.assert_allclose(run(recognition, face_chips), expected, rtol=0, atol=1e-5)


def test_outputs_equal_the_golden_ones_on_synthetic_chips(recognition: Session) -> None:
    with np.load(GOLDEN) as golden:
        seeds, expected = golden["seeds"].tolist(), golden["outputs"]
    chips = [draw_noise(seed=seed) for seed in seeds]
    np.testing.assert_allclose(run(recognition, chips), expected, rtol=0, atol=1e-5)


def test_embeddings_are_the_unit_mean_of_the_golden_chip_and_mirror(recognition: Session) -> None:
    with np.load(GOLDEN) as golden:
        seeds = golden["seeds"].tolist()
        mean = (golden["outputs"] + golden["mirrored_outputs"]) / 2
    expected = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    found, _ = Embedder(recognition, dimension=128).embed([[draw_noise(seed=s)] for s in seeds])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_one_thread_gives_what_two_give(store: WeightStore, recognition: Session) -> None:
    alone = open_session(store.pull(RECOGNISER), threads=1)
    chips = [draw_noise(seed=seed) for seed in range(5)]
    np.testing.assert_allclose(run(alone, chips), run(recognition, chips), rtol=0, atol=1e-6)


def nearest(analysis: PhotoAnalysis) -> NDArray[np.float32]:
    """The embedding of the largest face."""
    return analysis.faces[0].embedding


def test_every_photo_of_the_father_stands_above_everyone_else(
    data_folder: Path, pipeline: Pipeline
) -> None:
    faces = {
        (path.stem, number): found.embedding
        for path in sorted((data_folder / "families").glob("*.jpg"))
        for number, found in enumerate(pipeline.analyse(path.read_bytes()).faces)
    }
    probe = faces.pop(("Family1-Dad1", 0))
    ranked = sorted(faces, key=lambda face: -float(faces[face] @ probe))
    assert {photo for photo, _ in ranked[:3]} == {
        "Family1-Dad2",
        "Family1-Dad3",
        "identification1",
    }


@pytest.mark.slow
def test_every_smiling_photo_finds_its_neutral_one_first(
    data_folder: Path, store: WeightStore
) -> None:
    pipeline = open_pipeline(store=store, threads=1)
    paths = sorted((data_folder / "london").glob("*.jpg"))
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda path: pipeline.analyse(path.read_bytes()), paths))
    assert [len(analysis.faces) for analysis in found] == [1] * 204
    vectors = np.array([nearest(analysis) for analysis in found])
    neutral, smiling = vectors[0::2], vectors[1::2]
    assert (smiling @ neutral.T).argmax(axis=1).tolist() == list(range(102))
    with ThreadPoolExecutor(2) as pool:
        seen = list(pool.map(lambda path: analyse_enlarged(pipeline, path), paths[1::6]))
    probes = np.array([nearest(analysis) for analysis in seen])
    assert (probes @ neutral.T).argmax(axis=1).tolist() == list(range(0, 102, 3))


def analyse_enlarged(pipeline: Pipeline, path: Path) -> PhotoAnalysis:
    """The photo as a probe of two megapixels."""
    with Image.open(path) as photo:
        large = photo.convert("RGB").resize((1414, 1414), Image.Resampling.LANCZOS)
    return pipeline.analyse(encode_jpeg(large), look=Look.PROBE)


@pytest.mark.slow
def test_pairs_of_press_photos_are_told_apart(data_folder: Path, store: WeightStore) -> None:
    pipeline = open_pipeline(store=store, threads=1)
    found = measure_accuracy(pipeline, data_folder / "lfw-view1", every=4)
    assert (found.pairs, found.faceless) == (250, 0)
    assert found.share >= 0.985


def test_threads_that_share_a_pipeline_agree(data_folder: Path, pipeline: Pipeline) -> None:
    paths = sorted((data_folder / "families").glob("Family1*.jpg"))[:6]
    alone = [nearest(pipeline.analyse(path.read_bytes())) for path in paths]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda path: nearest(pipeline.analyse(path.read_bytes())), paths))
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-6)


def test_a_face_is_the_same_in_a_larger_photo(data_folder: Path, pipeline: Pipeline) -> None:
    """A small face of a large JPEG is cut from all its pixels, not from the reduced picture."""
    with Image.open(data_folder / "families" / "Family1-Dad1.jpg") as photo:
        scene = Image.new("RGB", (3200, 2400), (90, 110, 90))
        scene.paste(photo.resize((400, 400 * photo.height // photo.width)), (1700, 900))
        alone = pipeline.analyse(encode_jpeg(photo.convert("RGB")))
    analysis = pipeline.analyse(encode_jpeg(scene))
    assert (analysis.width_px, analysis.height_px) == (3200, 2400)
    (found,) = analysis.faces
    assert 1700 < found.face.box.x1 < found.face.box.x2 < 2100
    assert float(found.embedding @ nearest(alone)) > 0.98


def encode_jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def test_a_picture_of_nobody_has_no_face(pipeline: Pipeline, noise: Rgb) -> None:
    analysis = pipeline.analyse(encode_jpeg(Image.fromarray(noise).resize((700, 500))))
    assert analysis.faces == ()
    assert analysis.media_type == "image/jpeg"
    assert len(analysis.thumbnail_jpeg) > 500
