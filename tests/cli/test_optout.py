"""`mien optout`: what it takes, says, writes and ends with."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from cli.conftest import Mien
from mien.errors import SuppressionError
from mien.testing import draw_photo
from service.other_models import OtherModels, ShortSightedModels
from service.scenes import draw_scene, save_again
from service.stage import PURPOSE, Stage, query

ANN, BEN = 1, 60


@pytest.fixture
def grant(stage: Stage) -> str:
    """Ann and Ben before two backgrounds; the grant they are under."""
    stage.photos.mkdir()
    for scene, person in enumerate((ANN, BEN)):
        (stage.photos / f"{person}.png").write_bytes(draw_scene(person, scene=scene))
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
    return grant


@pytest.fixture
def probe(stage: Stage) -> Path:
    path = stage.folder / "probe.png"
    path.write_bytes(draw_photo(ANN, seed=99))
    return path


def count_faces(stage: Stage) -> int:
    return int(query(stage.home / "catalog.db", "SELECT count(*) FROM faces")[0])


def test_a_face_is_opted_out(stage: Stage, mien: Mien, grant: str, probe: Path) -> None:
    answer = mien("optout", "face", probe, "--consent", "letter of 3 May", "--json")
    assert answer.code == 0, answer.err
    (made,) = answer.document["optouts"]
    assert (made["level"], made["kept_out"], made["fmr"]) == ("face", None, 1e-3)
    assert answer.document["erasure"]["erased"]["faces"] == 1
    assert count_faces(stage) == 1
    refused = mien("search", probe, "--purpose", PURPOSE, "--json")
    assert refused.code == 3
    assert "somebody who opted out. [face-suppressed]" in refused.err
    (stage.photos / "new.png").write_bytes(draw_scene(ANN, BEN, scene=9))
    added = mien("add", stage.photos, "--grant", grant, "--json")
    assert added.document["dropped"] == {"face-suppressed": 1}


def test_what_was_dropped_is_told_in_words_and_names_nobody(
    stage: Stage, mien: Mien, grant: str, probe: Path
) -> None:
    mien("optout", "face", probe, "--consent", "letter")
    (stage.photos / "new.png").write_bytes(draw_scene(ANN, BEN, scene=9))
    (stage.photos / "60-too.png").write_bytes(draw_scene(BEN, scene=10))
    mien("optout", "item", stage.photos / "60-too.png")
    added = mien("add", stage.photos, "--grant", grant)
    assert added.code == 0
    assert "Not kept: 1 faces. The face is of somebody who opted out. [face-suppressed]" in added.err
    assert "Refused 1: The photo was opted out, or one that looks the same." in added.err
    assert not any(name in added.out + added.err for name in ("new.png", "60-too.png", "letter"))


def test_a_certificate_is_written(stage: Stage, mien: Mien, grant: str, probe: Path) -> None:
    del grant
    path = stage.folder / "certificate.json"
    answer = mien("optout", "face", probe, "--consent", "letter", "--certificate", path)
    assert answer.code == 0, answer.err
    assert "Opted out: " in answer.out
    assert "Erased: 1 faces" in answer.out
    assert json.loads(path.read_text())["certificate"]["target"] == "optout"


def test_without_anything_held_there_is_no_certificate(
    stage: Stage, mien: Mien, probe: Path
) -> None:
    path = stage.folder / "certificate.json"
    answer = mien("optout", "face", probe, "--consent", "letter", "--certificate", path)
    assert answer.code == 0, answer.err
    assert "Nothing of it was held." in answer.out
    assert "there is no certificate" in answer.err
    assert not path.exists()


def test_a_face_has_to_be_chosen_where_there_are_several(stage: Stage, mien: Mien) -> None:
    both = stage.folder / "both.png"
    both.write_bytes(draw_photo(ANN, BEN))
    answer = mien("optout", "face", both, "--consent", "letter")
    assert (answer.code, "--face N" in answer.err) == (2, True)
    assert mien("optout", "face", both, "--consent", "letter", "--face", 1).code == 0
    assert mien("optout", "face", both, "--consent", "letter", "--face", 2).code == 2


@pytest.mark.parametrize("words", [(), ("--consent", "")])
def test_a_face_needs_evidence(mien: Mien, probe: Path, words: tuple[str, ...]) -> None:
    assert mien("optout", "face", probe, *words).code == 2


def test_the_rate_can_be_stricter_and_no_laxer(mien: Mien, probe: Path) -> None:
    answer = mien("optout", "face", probe, "--consent", "letter", "--fmr", "1e-2", "--json")
    assert answer.document["optouts"][0]["fmr"] == 1e-2
    for rate in ("1e-4", "0", "0.5"):
        assert mien("optout", "face", probe, "--consent", "letter", "--fmr", rate).code == 2


def test_a_photo_that_shows_no_face_is_named(stage: Stage, mien: Mien) -> None:
    path = stage.folder / "empty.png"
    path.write_bytes(draw_photo())
    answer = mien("optout", "face", path, "--consent", "letter", "--json")
    assert answer.code == 5
    assert answer.document["error"]["reason"] == "no-face"
    assert "empty.png" in answer.document["error"]["message"]


def test_photos_are_opted_out_by_file_and_by_number(stage: Stage, mien: Mien, grant: str) -> None:
    ann, ben = (stage.photos / f"{person}.png" for person in (ANN, BEN))
    number = sha256(ben.read_bytes()).hexdigest()
    answer = mien("optout", "item", ann, number, "--json")
    assert answer.code == 0, answer.err
    made = answer.document["optouts"]
    assert [one["kept_out"] for one in made] == [sha256(ann.read_bytes()).hexdigest(), number]
    assert [one["finds_copies"] for one in made] == [True, True]
    assert answer.document["erasure"]["files_not_touched"] == [ann.as_uri(), ben.as_uri()]
    (stage.photos / "copy.jpg").write_bytes(save_again(ben.read_bytes()))
    again = mien("add", stage.photos, "--grant", grant, "--json")
    assert again.code == 3
    assert again.document["refused"] == {"item-suppressed": 3}


def test_it_is_told_where_only_the_very_bytes_are_known(mien: Mien) -> None:
    number = "ab" * 32
    answer = mien("optout", "item", number)
    assert answer.code == 0
    assert f"Only these very bytes of {number} are known" in answer.err


def test_what_is_no_photo_is_named(stage: Stage, mien: Mien) -> None:
    path = stage.folder / "notes.txt"
    path.write_text("Ann")
    answer = mien("optout", "item", path, "--json")
    assert answer.code == 5
    assert "notes.txt" in answer.document["error"]["message"]
    missing = mien("optout", "item", stage.folder / "gone.png", "--json")
    assert (missing.code, missing.document["error"]["reason"]) == (5, "unreadable")


def test_a_source_is_opted_out(stage: Stage, mien: Mien, grant: str) -> None:
    answer = mien("optout", "source", stage.photos)
    assert answer.code == 0
    assert "Erased: 2 faces, 2 photos" in answer.out
    assert "Mien deletes nothing outside its data folder" in answer.err
    again = mien("add", stage.photos, "--grant", grant)
    assert again.code == 3
    assert "Refused 2: The place where it was found was opted out." in again.err


def test_an_address_that_cannot_be_read_is_a_usage_error(mien: Mien) -> None:
    answer = mien("optout", "source", "https://x/../y", "--json")
    assert (answer.code, answer.document["error"]["reason"]) == (2, "settings")


def test_opt_outs_are_listed_and_of_a_face_nothing_is_shown(mien: Mien, probe: Path) -> None:
    assert mien("optout", "list").out == "Nobody opted out.\n"
    mien("optout", "face", probe, "--consent", "letter")
    mien("optout", "source", "https://example.org/album/")
    mien("optout", "item", "ab" * 32)
    table = mien("optout", "list").out
    for shown in ("not shown (FMR 0.001)", "https://example.org/album/", "ab" * 32):
        assert shown in table
    listed = mien("optout", "list", "--json").document["optouts"]
    assert [one["level"] for one in listed] == ["face", "source", "item"]
    assert all(one["is_readable"] for one in listed)
    assert "letter" not in table


def test_an_opt_out_is_lifted_by_its_id_with_a_reason(
    stage: Stage, mien: Mien, grant: str, probe: Path
) -> None:
    made = mien("optout", "face", probe, "--consent", "letter", "--json").document["optouts"][0]
    path = stage.folder / "certificate.json"
    assert mien("optout", "lift", made["optout"]).code == 2
    answer = mien(
        *("optout", "lift", made["optout"], "--reason", "she wrote again", "--json"),
        *("--certificate", path),
    )
    assert answer.code == 0, answer.err
    assert answer.document["erased"]["suppressions"] == 1
    assert json.loads(path.read_text())["certificate"]["target"] == "suppression"
    assert mien("optout", "list", "--json").document == {"optouts": []}
    (stage.photos / "new.png").write_bytes(draw_scene(ANN, scene=9))
    assert mien("add", stage.photos, "--grant", grant, "--json").document["faces"] == 1


def test_lifting_says_what_it_did(mien: Mien, probe: Path) -> None:
    made = mien("optout", "face", probe, "--consent", "letter", "--json").document["optouts"][0]
    answer = mien("optout", "lift", made["optout"], "--reason", "a mistake")
    assert answer.out == "Lifted. Nothing of the opt-out is kept; photos may be added again.\n"


def test_what_is_not_there_cannot_be_lifted(mien: Mien) -> None:
    answer = mien("optout", "lift", "none", "--reason", "x", "--json")
    assert (answer.code, answer.document["error"]["reason"]) == (2, "not-found")


def test_one_that_cannot_be_read_is_listed_and_stops_the_rest(
    stage: Stage, mien: Mien, grant: str, probe: Path
) -> None:
    mien("optout", "face", probe, "--consent", "letter")
    query(stage.home / "catalog.db", "UPDATE suppressions SET sealed = x'00'")
    assert "cannot be read" in mien("optout", "list").out
    answer = mien("add", stage.photos, "--grant", grant, "--json")
    assert (answer.code, answer.document["error"]["reason"]) == (1, "suppression")
    assert "mien optout lift" in answer.document["error"]["message"]


def test_a_model_that_cannot_keep_it_is_told_in_one_line(stage: Stage, probe: Path) -> None:
    with stage.open() as library:
        library.optouts().face(probe, consent="letter")
    stage.models = ShortSightedModels()
    with stage.open() as library, pytest.raises(SuppressionError) as caught:
        library.search(probe, purpose=PURPOSE)
    assert "\n" not in str(caught.value)
    stage.models = OtherModels()
    with stage.open() as library:
        stage.grant(library)
        assert library.add(probe, grant=library.grants()[0].grant_id).refused
