"""Nothing enters without a grant in force that covers it, and a refusal leaves nothing behind."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mien.errors import SettingsError
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.charter import Charter
from mien.permission.use import Use
from mien.permission.verdict import Reason
from mien.service.ingest import AddReport
from mien.testing import draw_photo
from service.stage import DOCUMENTED, EMPTY, NOON, PURPOSE, Stage, check_sound, counts_of, query


def add(stage: Stage, library: Library, grant: str | None) -> AddReport:
    stage.draw("ann.png", 1)
    stage.draw("ben.png", 2)
    return library.add(stage.photos, grant=grant)


def check_refused(stage: Stage, report: AddReport, reason: Reason) -> None:
    assert dict(report.refused) == {reason: 2}
    assert (report.photos_new, report.photos_known, report.faces) == (0, 0, 0)
    assert counts_of(stage.home) == EMPTY


@pytest.mark.parametrize("named", [None, ""])
def test_nothing_enters_without_a_grant(stage: Stage, named: str | None) -> None:
    with stage.open() as library:
        report = add(stage, library, named)
    check_refused(stage, report, Reason.NO_GRANT)
    assert report.verdict.reasons == (Reason.NO_GRANT,)


@pytest.mark.parametrize(
    "named", ["nope", "%", "' OR 1=1 --", "00000000-0000-0000-0000-000000000000"]
)
def test_nothing_enters_under_an_unknown_grant(stage: Stage, named: str) -> None:
    with stage.open() as library:
        stage.grant(library)
        report = add(stage, library, named)
    check_refused(stage, report, Reason.UNKNOWN_GRANT)


def test_nothing_enters_under_an_expired_grant(stage: Stage) -> None:
    with stage.open() as library:
        grant = stage.grant(library, days=1)
        stage.now = datetime(2030, 5, 3, tzinfo=UTC)
        report = add(stage, library, grant)
    check_refused(stage, report, Reason.GRANT_EXPIRED)


def test_a_grant_holds_to_the_last_moment_of_its_last_day(stage: Stage) -> None:
    with stage.open() as library:
        grant = stage.grant(library, days=1)
        stage.now = datetime(2030, 5, 2, 23, 59, 59, 999_999, tzinfo=UTC)
        assert add(stage, library, grant).photos_new == 2


def test_nothing_enters_under_a_grant_that_is_not_in_force_yet(stage: Stage) -> None:
    with stage.open() as library:
        grant = stage.grant(library)
        stage.now -= timedelta(microseconds=1)
        report = add(stage, library, grant)
    check_refused(stage, report, Reason.GRANT_NOT_YET_VALID)


def test_nothing_enters_under_a_revoked_grant_even_if_the_clock_is_set_back(stage: Stage) -> None:
    with stage.open() as library:
        grant = stage.grant(library)
        stage.now += timedelta(days=2)
        library.revoke(grant)
        stage.now = NOON + timedelta(days=1)
        report = add(stage, library, grant)
    check_refused(stage, report, Reason.GRANT_REVOKED)


def test_nothing_enters_from_beyond_the_scope(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    with stage.open() as library:
        report = add(stage, library, stage.grant(library, scope=tmp_path / "elsewhere"))
    check_refused(stage, report, Reason.OUT_OF_SCOPE)


@pytest.mark.parametrize("lacking", [Use.STORE, Use.TEMPLATE])
def test_nothing_enters_where_the_grant_lacks_a_use_that_adding_needs(
    stage: Stage, lacking: Use
) -> None:
    with stage.open() as library:
        uses = [use for use in (Use.STORE, Use.TEMPLATE, Use.SEARCH) if use is not lacking]
        report = add(stage, library, stage.grant(library, uses=uses))
    check_refused(stage, report, Reason.USE_NOT_GRANTED)


def test_nothing_enters_a_collection_of_another_basis(stage: Stage) -> None:
    with stage.open() as library:
        library.create_collection("default", basis=Basis.ENROLLED_ONLY)
        report = add(stage, library, stage.grant(library))
    assert dict(report.refused) == {Reason.BASIS_MISMATCH: 2}
    assert counts_of(stage.home) == EMPTY | {"collections": 1}


def test_a_first_run_makes_the_collection_with_the_basis_of_the_grant(stage: Stage) -> None:
    with stage.open() as library:
        add(stage, library, stage.grant(library, **DOCUMENTED))
        (made,) = library.collections()
    assert (made.name, made.basis) == ("default", Basis.DOCUMENTED_BASIS)
    assert made.charter == Charter(
        basis=Basis.DOCUMENTED_BASIS,
        purposes=frozenset({PURPOSE}),
        assessment="DPIA 7",
        retention=timedelta(days=90),
        confirmations=2,
        is_vouched=True,
    )


def test_a_first_run_under_several_bases_takes_the_strictest(stage: Stage) -> None:
    """What is enrolled is not said yet: of nobody, so that no face is kept."""
    with stage.open() as library:
        report = add(stage, library, stage.grant(library, **DOCUMENTED | {"bases": list(Basis)}))
        (made,) = library.collections()
    assert made.basis is Basis.ENROLLED_ONLY
    assert (report.photos_new, report.faces) == (2, 0)
    assert dict(report.dropped) == {Reason.NOT_ENROLLED: 2}


def test_a_grant_of_several_bases_covers_collections_of_each(stage: Stage) -> None:
    with stage.open() as library:
        grant = stage.grant(library, bases=[Basis.HOUSEHOLD, Basis.ENROLLED_ONLY])
        library.create_collection("home", basis=Basis.HOUSEHOLD)
        stage.draw("ann.png", 1)
        report = library.add(stage.photos, grant=grant, collection="home")
        assert (report.photos_new, report.faces) == (1, 1)
        found = library.search(draw_photo(1), purpose=PURPOSE, collection="home")
    assert len(found.candidates) == 1


def test_a_grant_needs_a_basis(stage: Stage) -> None:
    with stage.open() as library, pytest.raises(SettingsError, match="at least one basis"):
        stage.grant(library, bases=[])


def test_an_empty_folder_is_refused_with_its_reason(stage: Stage) -> None:
    stage.photos.mkdir()
    with stage.open() as library:
        report = library.add(stage.photos, grant=None)
    assert dict(report.refused) == {Reason.NO_GRANT: 0}


def test_a_refused_run_opens_no_file(stage: Stage) -> None:
    """A file that nobody may read is refused like any other, and not reported as unreadable."""
    stage.draw("locked.png", 1).chmod(0)
    os.mkfifo(stage.photos / "pipe.png")
    with stage.open() as library:
        report = library.add(stage.photos, grant=None)
    assert dict(report.refused) == {Reason.NO_GRANT: 1}
    assert report.failed == []


def test_what_the_scope_covers_enters_beside_what_it_does_not(stage: Stage) -> None:
    stage.draw("mine/ann.png", 1)
    stage.draw("mine-not/ben.png", 2)
    with stage.open() as library:
        grant = stage.grant(library, scope=stage.photos / "mine")
        report = library.add(stage.photos, grant=grant)
    assert (report.photos_new, dict(report.refused)) == (1, {Reason.OUT_OF_SCOPE: 1})
    assert query(stage.home / "catalog.db", "SELECT uri FROM locations") == [
        (stage.photos / "mine" / "ann.png").as_uri()
    ]


def test_revoking_a_grant_stops_a_run_that_is_under_way(stage: Stage) -> None:
    stage.draw_many(200)
    with stage.open() as library, stage.open() as other:
        grant = stage.grant(library)

        def revoke(report: AddReport) -> None:
            if report.photos_new:
                other.revoke(grant)

        report = library.add(stage.photos, grant=grant, progress=revoke)
    entered = counts_of(stage.home)["photos"]
    assert 0 < report.photos_new == entered < 200
    assert report.photos_new + report.refused[Reason.GRANT_REVOKED] == 200
    check_sound(stage.home)


def test_what_was_sealed_under_a_grant_revoked_meanwhile_is_cleared_away(stage: Stage) -> None:
    stage.draw_many(200)
    with stage.open() as library, stage.open() as other:
        grant = stage.grant(library)

        def revoke(report: AddReport) -> None:
            if report.photos_new:
                other.revoke(grant)

        library.add(stage.photos, grant=grant, progress=revoke)
        library.add(stage.photos / "00000.png", grant=stage.grant(library))
    counts = counts_of(stage.home)
    assert counts["photos"] == counts["photo keys"] == counts["blobs"]
    assert counts["faces"] == counts["face keys"]


def test_a_grant_that_expires_during_a_run_stops_the_rest(stage: Stage) -> None:
    stage.draw_many(100)
    with stage.open() as library:
        grant = stage.grant(library, days=1)

        def wait(report: AddReport) -> None:
            if report.photos_new:
                stage.now = NOON + timedelta(days=3)

        report = library.add(stage.photos, grant=grant, progress=wait)
    assert report.photos_new + report.refused[Reason.GRANT_EXPIRED] == 100
    assert report.refused[Reason.GRANT_EXPIRED] > 0
