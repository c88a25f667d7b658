"""One deployment seen by several models: the same record, and nothing of one model in another."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mien.errors import ConflictError, ModelError
from mien.library import Library
from mien.permission.basis import Basis
from mien.service.collections import find_views, see_collection
from mien.service.deployment import Deployment, adding, adding_alone
from mien.testing import FakeModels
from service.other_models import OtherModels
from service.packs import OTHER, two_packs
from service.stage import Stage

OWN, OTHERS = FakeModels().model.digest, OtherModels().model.digest


def deployment_of(library: Library) -> Deployment:
    return library._deployment


def test_a_view_shares_the_record_and_nothing_that_a_model_made(stage: Stage) -> None:
    two_packs(stage)
    with stage.open() as library:
        deployment = deployment_of(library)
        view = deployment.seen_with(OTHER)
        assert (deployment.model.digest, view.model.digest) == (OWN, OTHERS)
        assert view.vault is deployment.vault
        assert view.database is deployment.database
        assert view.suppressed is not deployment.suppressed
        assert view.vision(threads=1) is not deployment.vision(threads=1)


def test_a_view_is_made_once_and_leads_back(stage: Stage) -> None:
    two_packs(stage)
    with stage.open() as library:
        deployment = deployment_of(library)
        view = deployment.seen_with(OTHER)
        assert deployment.seen_with(OTHER) is deployment.find_view(OTHERS) is view
        assert view.find_view(OWN) is deployment
        assert view.find_view(OTHERS) is view
        assert deployment.find_view(OWN) is deployment
        assert deployment.seen_with("open") is deployment


def test_a_model_that_is_not_here_gives_no_view(stage: Stage) -> None:
    two_packs(stage).gone.add(OTHER)
    with stage.open() as library:
        assert deployment_of(library).find_view(OTHERS) is None
        assert deployment_of(library).find_view("0" * 64) is None
        with pytest.raises(ModelError):
            deployment_of(library).seen_with("nothing")


def test_models_that_are_alone_have_no_views(stage: Stage) -> None:
    with stage.open() as library:
        assert deployment_of(library).find_view(OTHERS) is None
        assert find_views(deployment_of(library)) == [deployment_of(library)]


def test_threads_agree_on_one_view(stage: Stage) -> None:
    two_packs(stage)
    with stage.open() as library:
        views = []
        threads = [
            threading.Thread(target=lambda: views.append(deployment_of(library).find_view(OTHERS)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len({id(view) for view in views}) == 1


def test_each_collection_is_seen_by_its_own_model(stage: Stage) -> None:
    packs = two_packs(stage)
    with stage.open() as library:
        library.create_collection("old", basis=Basis.HOUSEHOLD)
    packs.chosen = OTHER
    with stage.open() as library:
        library.create_collection("new", basis=Basis.HOUSEHOLD)
        deployment = deployment_of(library)
        assert see_collection(deployment, "old").model.digest == OWN
        assert see_collection(deployment, "new") is deployment
        assert see_collection(deployment, "unknown") is deployment
        assert [view.model.digest for view in find_views(deployment)] == [OTHERS, OWN]


def test_nobody_is_alone_while_others_add(stage: Stage, tmp_path: Path) -> None:
    with stage.open() as library:
        home = deployment_of(library).home
        with (
            adding(home, clear_up=lambda: None),
            pytest.raises(ConflictError, match="are being added"),
            adding_alone(home),
        ):
            raise AssertionError
        with adding_alone(home), pytest.raises(ConflictError), adding_alone(home):
            raise AssertionError
        with adding(home, clear_up=lambda: None), adding(home, clear_up=lambda: None):
            pass
