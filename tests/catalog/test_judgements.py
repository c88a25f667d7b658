"""What people said of candidates: one word of each, found from either side, gone with a face."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, select
from sqlalchemy.exc import IntegrityError

from catalog.samples import NOW, add_collection, add_faces, make_uuid, undone
from mien.catalog import judgements
from mien.catalog.connect import Database
from mien.catalog.judgements import JudgementKind, ProbeKey, StoredJudgement
from mien.catalog.judgements_schema import judgements as rows
from mien.catalog.schema import faces
from mien.types import FaceId

FACES = 4
SEARCH, OTHER_SEARCH = make_uuid(90), make_uuid(91)


def fill(connection: Connection, *, number: int = FACES) -> list[FaceId]:
    """Faces of one photo, by rising id."""
    add_faces(connection, 1, collection_id=add_collection(connection).id, faces=number)
    found = connection.execute(select(faces.c.id).order_by(faces.c.id)).scalars()
    return [FaceId(face_id) for face_id in found]


@pytest.fixture
def ids(trial: Connection) -> list[FaceId]:
    return fill(trial)


def say(
    number: int,
    of: FaceId,
    *,
    beside: FaceId | None = None,
    probe: str = "a portrait",
    actor: str = "ann",
    kind: str = JudgementKind.KEPT,
) -> StoredJudgement:
    return StoredJudgement(
        uuid=make_uuid(number),
        face_id=of,
        probe_face_id=beside,
        probe=probe,
        actor=actor,
        kind=kind,
        search=SEARCH,
        made_at=NOW + timedelta(seconds=number),
        mark="a mark",
    )


def put(connection: Connection, *said: StoredJudgement) -> None:
    for one in said:
        judgements.put_judgement(connection, one)


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(rows)).scalar_one()


def numbers(found: Iterable[StoredJudgement]) -> list[int]:
    return [int(one.uuid[-4:], 16) for one in found]


@pytest.mark.parametrize("kind", JudgementKind)
def test_a_judgement_is_read_as_written(
    trial: Connection, ids: list[FaceId], kind: JudgementKind
) -> None:
    said = say(1, ids[0], beside=ids[1], kind=kind)
    put(trial, said)
    assert judgements.find_judgement(trial, said.uuid) == said
    assert judgements.find_judgement(trial, make_uuid(2)) is None


def test_a_kind_that_is_none_of_ours_is_read_as_it_stands(
    trial: Connection, ids: list[FaceId]
) -> None:
    """What such a row is worth, its mark says."""
    put(trial, say(1, ids[0], kind="praised"))
    found = judgements.find_judgement(trial, make_uuid(1))
    assert found is not None
    assert found.kind == "praised"


def test_a_second_word_of_the_same_person_takes_the_place_of_the_first(
    trial: Connection, ids: list[FaceId]
) -> None:
    first = say(1, ids[0])
    second = say(2, ids[0], kind=JudgementKind.REJECTED)
    put(trial, first, second)
    assert judgements.find_judgement(trial, first.uuid) is None
    assert judgements.find_judgements_of(trial, ProbeKey("a portrait")) == [second]


@pytest.mark.parametrize(
    "change", [{"actor": "ben"}, {"probe": "another portrait"}, {"face_id": FaceId(2)}]
)
def test_other_people_probes_and_faces_keep_their_words(
    trial: Connection, ids: list[FaceId], change: dict[str, object]
) -> None:
    first = say(1, ids[0])
    put(trial, first, replace(first, uuid=make_uuid(2), **change))  # type: ignore[arg-type]
    assert count(trial) == 2


def test_the_same_outside_id_is_not_given_twice(trial: Connection, ids: list[FaceId]) -> None:
    put(trial, say(1, ids[0]))
    with pytest.raises(IntegrityError):
        put(trial, say(1, ids[1]))


@pytest.mark.parametrize("change", [{"face_id": FaceId(99)}, {"probe_face_id": FaceId(99)}])
def test_nothing_is_said_of_a_face_that_is_not_there(
    trial: Connection, ids: list[FaceId], change: dict[str, FaceId]
) -> None:
    with pytest.raises(IntegrityError):
        put(trial, replace(say(1, ids[0]), **change))  # type: ignore[arg-type]


def test_a_probe_finds_what_was_said_with_it_in_that_order(
    trial: Connection, ids: list[FaceId]
) -> None:
    put(trial, say(3, ids[2]), say(1, ids[0]), say(2, ids[1]), say(4, ids[3], probe="other"))
    assert numbers(judgements.find_judgements_of(trial, ProbeKey("a portrait"))) == [3, 1, 2]
    assert numbers(judgements.find_judgements_of(trial, ProbeKey("other"))) == [4]
    assert judgements.find_judgements_of(trial, ProbeKey("nobody's")) == []


def test_a_face_that_is_searched_with_finds_what_was_said_of_it_too(
    trial: Connection, ids: list[FaceId]
) -> None:
    own = ProbeKey("face 1", ids[0])
    put(
        trial,
        say(1, ids[1], beside=ids[0], probe="face 1"),
        say(2, ids[0], beside=ids[2], probe="face 3"),
        say(3, ids[0], probe="a selfie"),  # of a probe that is nobody's face here
        say(4, ids[1], beside=ids[2], probe="face 3"),
    )
    found = judgements.find_judgements_of(trial, own)
    assert numbers(found) == [1, 2]
    assert [judgements.other_of(one, own) for one in found] == [ids[1], ids[2]]
    (about,) = (
        one for one in judgements.find_judgements_about(trial, ids[:1]) if not one.probe_face_id
    )
    assert judgements.other_of(about, own) is None


def test_without_its_face_a_probe_finds_only_its_own_side(
    trial: Connection, ids: list[FaceId]
) -> None:
    put(
        trial,
        say(1, ids[1], beside=ids[0], probe="face 1"),
        say(2, ids[0], beside=ids[2], probe="face 3"),
    )
    assert numbers(judgements.find_judgements_of(trial, ProbeKey("face 1"))) == [1]


def test_a_search_finds_its_own_words(trial: Connection, ids: list[FaceId]) -> None:
    put(trial, say(2, ids[0]), replace(say(1, ids[1]), search=OTHER_SEARCH), say(3, ids[2]))
    assert numbers(judgements.find_judgements_in(trial, SEARCH)) == [2, 3]
    assert numbers(judgements.find_judgements_in(trial, OTHER_SEARCH)) == [1]
    assert judgements.find_judgements_in(trial, make_uuid(1)) == []


def test_a_taken_back_word_is_gone_alone(trial: Connection, ids: list[FaceId]) -> None:
    put(trial, say(1, ids[0]), say(2, ids[1]))
    judgements.delete_judgement(trial, make_uuid(1))
    judgements.delete_judgement(trial, make_uuid(1))
    judgements.delete_judgement(trial, make_uuid(7))
    assert numbers(judgements.find_judgements_in(trial, SEARCH)) == [2]


@pytest.mark.parametrize("side", ["face_id", "probe_face_id"])
def test_a_word_goes_with_either_of_its_faces(
    trial: Connection, ids: list[FaceId], side: str
) -> None:
    said = say(1, ids[0], beside=ids[1])
    put(trial, said, say(2, ids[2]))
    trial.execute(delete(faces).where(faces.c.id == getattr(said, side)))
    assert numbers(judgements.find_judgements_in(trial, SEARCH)) == [2]


def test_words_are_counted_and_deleted_from_either_side(
    trial: Connection, ids: list[FaceId]
) -> None:
    put(trial, say(1, ids[0], beside=ids[1]), say(2, ids[1], beside=ids[0]), say(3, ids[2]))
    assert judgements.count_judgements_of(trial, ids[:1]) == 2
    assert judgements.count_judgements_of(trial, ids[:2]) == 2
    assert judgements.count_judgements_of(trial, ids) == 3
    assert judgements.count_judgements_of(trial, []) == 0
    judgements.delete_judgements_of(trial, ids[:1])
    assert numbers(judgements.find_judgements_in(trial, SEARCH)) == [3]
    judgements.delete_judgements_of(trial, [])
    assert count(trial) == 1


@pytest.mark.parametrize("strangers", [0, 499, 500, 1200])
def test_among_however_many_faces_a_word_counts_once(
    trial: Connection, ids: list[FaceId], strangers: int
) -> None:
    """Its two faces may come to be asked about in two queries."""
    put(trial, say(1, ids[0], beside=ids[3]), say(2, ids[1]))
    asked = [ids[0], *range(1000, 1000 + strangers), ids[3]]
    assert numbers(judgements.find_judgements_about(trial, asked)) == [1]
    assert judgements.count_judgements_of(trial, asked) == 1
    judgements.delete_judgements_of(trial, asked)
    assert numbers(judgements.find_judgements_in(trial, SEARCH)) == [2]


PAIRS = st.lists(
    st.tuples(
        st.integers(0, FACES - 1),
        st.none() | st.integers(0, FACES - 1),
        st.sampled_from(["ann", "ben"]),
        st.sampled_from(list(JudgementKind)),
    ),
    max_size=12,
)


@settings(max_examples=20)
@given(said=PAIRS, asked=st.sets(st.integers(0, FACES - 1)))
def test_the_last_word_of_each_is_what_is_found(
    standing: Database,
    said: list[tuple[int, int | None, str, JudgementKind]],
    asked: set[int],
) -> None:
    """As a dictionary by candidate, probe and person would keep it."""
    with undone(standing) as connection:
        ids = fill(connection)
        kept: dict[tuple[int, str, str], StoredJudgement] = {}
        for number, (of, beside, actor, kind) in enumerate(said):
            place = None if beside is None else ids[beside]
            one = say(number, ids[of], beside=place, probe=f"face {beside}", actor=actor, kind=kind)
            put(connection, one)
            kept.pop((of, one.probe, actor), None)
            kept[of, one.probe, actor] = one
        wanted = {ids[place] for place in asked}
        about = [one for one in kept.values() if {one.face_id, one.probe_face_id} & wanted]
        assert judgements.find_judgements_about(connection, sorted(wanted)) == about
        assert judgements.count_judgements_of(connection, wanted) == len(about)
        assert judgements.find_judgements_in(connection, SEARCH) == list(kept.values())
        for number, face_id in enumerate(ids):
            key = ProbeKey(f"face {number}", face_id)
            for one in judgements.find_judgements_of(connection, key):
                sides = {face_id, judgements.other_of(one, key)}
                assert sides == {one.face_id, one.probe_face_id}
        judgements.delete_judgements_of(connection, wanted)
        left = [one for one in kept.values() if one not in about]
        assert judgements.find_judgements_in(connection, SEARCH) == left


@pytest.mark.parametrize(
    "write",
    [
        lambda c, one: judgements.put_judgement(c, replace(one, kind=JudgementKind.REJECTED)),
        lambda c, one: judgements.delete_judgement(c, one.uuid),
        lambda c, one: judgements.delete_judgements_of(c, [one.face_id]),
    ],
)
def test_whoever_reads_sees_nothing_that_is_not_done(
    database: Database, write: Callable[[Connection, StoredJudgement], None]
) -> None:
    with database.writing() as connection:
        one = say(1, fill(connection)[0])
        put(connection, one)
    with database.reading() as reader:
        assert judgements.find_judgements_in(reader, SEARCH) == [one]
        with database.writing() as writer:
            write(writer, one)
            assert judgements.find_judgements_in(reader, SEARCH) == [one]
        assert judgements.find_judgements_in(reader, SEARCH) == [one]
    with database.reading() as later:
        assert judgements.find_judgements_in(later, SEARCH) != [one]
