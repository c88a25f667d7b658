from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.errors import ModelError, WeightsError, WeightsMismatchError
from mien.vision.cards import Pack, get_card, load_cards
from mien.vision.pipeline import describe_model, open_pipeline
from mien.vision.shelf import Shelf
from vision.networks import build_recogniser, build_yunet

CARD = """
id = "mine"
licence = "only for me"
licence_terms = "unknown"
[embedding]
dimension = 512
"""
NETWORK = build_recogniser()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models", cache=tmp_path / "cache")


def write(folder: Path, content: bytes = NETWORK) -> Path:
    path = folder / "network.onnx"
    path.write_bytes(content)
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_short_card_says_what_arcface_models_share(shelf: Shelf, tmp_path: Path) -> None:
    card = shelf.add(write(tmp_path), CARD)
    like = get_card("auraface-v1")
    assert (card.input, card.alignment) == (like.input, like.alignment)
    assert (card.pack, card.detector, card.title) == ("mine", "centerface", "mine")
    assert (card.licence, card.licence_terms) == ("only for me", "unknown")
    sha256 = hashlib.sha256(NETWORK).hexdigest()
    assert (card.source.sha256, card.source.size_bytes) == (sha256, len(NETWORK))
    assert names_in(shelf.folder) == ["mine.json", f"weights/{sha256}.bin"]


def test_what_was_added_is_known_to_the_next_one(shelf: Shelf, tmp_path: Path) -> None:
    card = shelf.add(write(tmp_path), CARD)
    again = Shelf(shelf.folder, cache=tmp_path / "elsewhere")
    assert again.cards() == (*load_cards(), card)
    assert again.get_pack("mine") == Pack("mine", get_card("centerface"), card)
    assert again.store.pull(card).read_bytes() == NETWORK
    assert [pack.name for pack in again.packs()][-1] == "mine"
    again.check(card)


def test_a_card_may_say_everything_itself(shelf: Shelf, tmp_path: Path) -> None:
    text = CARD.replace(
        "[embedding]",
        """title = "Mine"
        pack = "best"
        detector = "yunet"
        [input]
        side_px = 96
        colour_order = "bgr"
        mean = [0, 0, 0]
        divisor = 1
        [embedding]
        measured_on = "nobody"
        score_by_fmr = { "1e-3" = 0.4 }""",
    )
    card = shelf.add(write(tmp_path, build_recogniser(side_px=96)), text)
    assert (card.pack, card.detector, card.input.colour_order) == ("best", "yunet", "bgr")
    model = describe_model(shelf.get_pack("best"))
    assert (model.model_id, model.dimension) == ("mine", 512)
    assert model.score_at(1e-3) == 0.4


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('licence = "only for me"', "", "lacks licence"),
        ('licence = "only for me"', 'licence = " "', "names no licence"),
        ('licence_terms = "unknown"', "", "lacks licence_terms"),
        ('"unknown"', '"mine alone"', "one of free, non-commercial, unknown"),
        ("dimension = 512", "", "lacks embedding.dimension"),
        ("[embedding]\ndimension = 512", "", r"lacks embedding: say"),
        ("dimension = 512", "dimension = 512.0", "embedding.dimension is 512.0.*a whole number"),
        ("dimension = 512", "dimension = true", "should be a whole number"),
        ("dimension = 512", "dimension = 0", "above zero"),
        ("dimension = 512", "dimension = 128", "gives 512 numbers a face, and its card says 128"),
        ("dimension = 512", "dimension = 512\ncolour = 1", "unknown entry embedding.colour"),
        ("dimension = 512", 'dimension = 512\ngaussian = "../../x"', "names a gaussian"),
        ("[embedding]", "size = 3\n[embedding]", "unknown entry size; known are: id, kind"),
        ("[embedding]", "[input]\nside_px = 112\n[embedding]", "lacks input.colour_order"),
        ("[embedding]", "input = 3\n[embedding]", r"\[input.\] is no table"),
        ("[embedding]", '[source]\nurl = "a"\n[embedding]', r"has a \[source\]"),
        ("[embedding]", 'kind = "detector"\n[embedding]', "Only recognisers"),
        ("[embedding]", 'converter = "dlib-resnet"\n[embedding]', "Only recognisers"),
        ("[embedding]", 'detector = "nothing"\n[embedding]', "no model 'nothing'"),
        ('id = "mine"', 'id = "sface"', "There is a model sface already"),
        ('id = "mine"', 'id = "open"', "There is a model open already"),
        ('id = "mine"', 'id = "../mine"', "no short name"),
        ('id = "mine"', "", "lacks id"),
        ('id = "mine"', "id = ", "no TOML"),
    ],
)
def test_a_card_with_anything_wrong_says_what(
    shelf: Shelf, tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in CARD
    with pytest.raises(ModelError, match=says):
        shelf.add(write(tmp_path), CARD.replace(old, new))
    assert not shelf.folder.exists() or names_in(shelf.folder) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (build_recogniser(dimension=256), "gives 256 numbers"),
        (build_recogniser(side_px=96), "takes pictures of any x 3 x 96 x 96"),
        (build_recogniser(opset=99), "does not run"),
        (build_recogniser(spoiled="nan"), "what is no number"),
        (build_recogniser(spoiled="zero"), "nothing but zeros"),
        (build_recogniser(spoiled="same"), "the same for every"),
        (build_yunet(), "takes pictures of 1 x 3 x 640 x 640"),
        (b"", "does not run"),
        (b"<html>", "does not run"),
    ],
)
def test_a_file_that_does_not_do_what_its_card_says_is_not_kept(
    shelf: Shelf, tmp_path: Path, content: bytes, says: str
) -> None:
    with pytest.raises(ModelError, match=says):
        shelf.add(write(tmp_path, content), CARD)
    assert not shelf.folder.exists()


def test_a_file_for_one_chip_at_a_time_will_do(shelf: Shelf, tmp_path: Path) -> None:
    card = shelf.add(write(tmp_path, build_recogniser(batch=1)), CARD)
    shelf.check(card)


def test_a_file_beyond_the_limit_or_out_of_reach_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    file = write(tmp_path)
    with pytest.raises(ModelError, match=f"larger than {len(NETWORK) - 1:,} bytes"):
        shelf.add(file, CARD, most_bytes=len(NETWORK) - 1)
    with pytest.raises(ModelError, match="cannot be read"):
        shelf.add(tmp_path / "nothing", CARD)


def test_the_same_id_is_not_taken_twice(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add(write(tmp_path), CARD)
    with pytest.raises(ModelError, match="There is a model mine already"):
        shelf.add(write(tmp_path, build_recogniser(batch=1)), CARD)
    with pytest.raises(ModelError, match="already"):
        shelf.add(write(tmp_path), CARD.replace('"mine"', '"new"\npack = "mine"'))
    assert len(names_in(shelf.folder)) == 2


def test_what_was_measured_is_added_to_the_card_later(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add(write(tmp_path), CARD)
    digest = describe_model(shelf.get_pack("mine")).digest
    measured = CARD + 'measured_on = "our photos"\nscore_by_fmr = { "1e-3" = 0.4 }\n'
    shelf.add(write(tmp_path), measured)
    model = describe_model(shelf.get_pack("mine"))
    assert (model.digest, model.score_at(1e-3)) == (digest, 0.4)
    assert len(names_in(shelf.folder)) == 2
    with pytest.raises(ModelError, match="There is a model mine already"):
        shelf.add(
            write(tmp_path), measured.replace("[embedding]", 'detector = "yunet"\n[embedding]')
        )


def test_removing_takes_card_and_file_unless_another_needs_it(shelf: Shelf, tmp_path: Path) -> None:
    one = shelf.add(write(tmp_path), CARD)
    other = shelf.add(write(tmp_path), CARD.replace('"mine"', '"other"'))
    shelf.remove(one)
    shelf.check(other)
    shelf.remove(other)
    assert names_in(shelf.folder) == []
    with pytest.raises(ModelError, match="no model 'mine'"):
        shelf.get_card("mine")


def test_a_file_that_is_gone_or_changed_is_told(shelf: Shelf, tmp_path: Path) -> None:
    card = shelf.add(write(tmp_path), CARD)
    path = shelf.store.path_of(card)
    path.write_bytes(NETWORK + b"!")
    with pytest.raises(WeightsMismatchError, match=card.source.sha256):
        shelf.check(card)
    path.unlink()
    with pytest.raises(WeightsError, match="not here"):
        shelf.check(card)
    with pytest.raises(WeightsError, match="Put it back"):
        shelf.store.pull(card)


@pytest.mark.parametrize("content", ["{", "[]", '{"id": "mine"}', '{"id": 3}'])
def test_a_damaged_card_is_an_error_and_not_a_model(shelf: Shelf, content: str) -> None:
    shelf.folder.mkdir()
    (shelf.folder / "mine.json").write_text(content)
    with pytest.raises(ModelError, match="card"):
        shelf.cards()


def test_a_pack_of_ones_own_finds_and_tells_faces_apart(shelf: Shelf, tmp_path: Path) -> None:
    """Through the real pipeline: a detector like YuNet, a recogniser like ArcFace."""
    card = shelf.add(
        write(tmp_path), CARD.replace("[embedding]", 'detector = "yunet"\n[embedding]')
    )
    pack = shelf.get_pack("mine")
    weights = shelf.store.path_of(pack.detector)
    weights.parent.mkdir(parents=True)
    weights.write_bytes(build_yunet())
    pipeline = open_pipeline(store=shelf.store, threads=1, pack=pack)
    picture = Image.new("RGB", (640, 480), (128, 128, 128))
    picture.paste((0, 0, 255), (64, 96, 96, 128))
    stream = io.BytesIO()
    picture.save(stream, "png")
    (face,) = pipeline.analyse(stream.getvalue()).faces
    assert face.embedding.shape == (512,)
    assert np.linalg.norm(face.embedding) == pytest.approx(1, abs=1e-5)
    assert pipeline.model.digest == describe_model(pack).digest
    assert card.embedding is not None


def test_the_digest_of_a_pack_covers_file_and_form(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add(write(tmp_path), CARD)
    form = 'side_px=112\ncolour_order="bgr"\nmean=[0,0,0]\ndivisor=1\n'
    other = CARD.replace('"mine"', '"other"').replace("[embedding]", f"[input]\n{form}[embedding]")
    shelf.add(write(tmp_path), other)
    one, two = (describe_model(shelf.get_pack(name)).digest for name in ("mine", "other"))
    assert one != two
    assert json.loads((shelf.folder / "mine.json").read_text())["source"]["url"].startswith("file:")
