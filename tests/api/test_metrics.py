"""Health and metrics: what is told to whom, and that no label names anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from mien.errors import CatalogError, VaultError
from mien.library import Library
from mien.permission.caller import Role
from mien.permission.verdict import ALLOWED, Reason, refuse
from mien.server.app import make_app
from mien.service import doctor
from mien.service.gauges import RecallGauge
from server.door import Door, caller_of, make_site, visiting
from service.stage import Stage

TOKEN = "scraping"  # noqa: S105


def read(text: str) -> dict[str, float]:
    """Every sample by its name and labels, as Prometheus itself would read it."""
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def fill(stage: Stage, library: Library) -> None:
    stage.draw("ann.png", 1, 2)
    library.add(stage.photos, grant=stage.grant(library))


@contextmanager
def scraping(stage: Stage, token: str = TOKEN) -> Iterator[TestClient]:
    """Who sends the token of the settings, and knows nothing else."""
    with stage.open(metrics_token=TOKEN) as library:
        fill(stage, library)
        site = make_site(library)
        headers = {"Authorization": f"Bearer {token}"}
        with TestClient(make_app(site), headers=headers) as client:
            yield client


def test_who_may_operate_reads_all_of_it(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "admin") as client:
        fill(stage, library)
        told = read(client.get("/metrics").text)
    assert told["mien_photos[]"] == 1
    assert told["mien_faces[]"] == 2
    assert told["mien_collection_faces[('collection', 'default')]"] == 2
    assert told["mien_runs[('state', 'done')]"] == 1
    assert told["mien_index_recall[('collection', 'default')]"] == 1
    assert told["mien_at_work[]"] == told["mien_waiting[]"] == 0


def test_the_token_learns_nothing_of_single_collections(stage: Stage) -> None:
    with scraping(stage) as client:
        answer = client.get("/metrics")
    assert answer.status_code == 200
    assert read(answer.text)["mien_photos[]"] == 1
    assert "default" not in answer.text


@pytest.mark.parametrize("token", ["", "guessed", TOKEN[:-1]])
def test_another_token_is_nobodys(stage: Stage, token: str) -> None:
    with scraping(stage, token) as client:
        assert client.get("/metrics").status_code == 401


def test_without_a_token_in_the_settings_none_is_right(stage: Stage) -> None:
    with stage.open() as library, TestClient(make_app(make_site(library))) as client:
        for sent in ("Bearer", "Bearer ", "Bearer  "):
            assert client.get("/metrics", headers={"Authorization": sent}).status_code == 401


def test_others_may_not_read_them(stage: Stage) -> None:
    bound = Door({"ann": caller_of(Role.ADMIN, collections=frozenset({"family"}))})
    with stage.open() as library:
        for who in ("viewer", "curator", "auditor"):
            with visiting(library, who) as client:
                assert client.get("/metrics").status_code == 403
        with visiting(library, "ann", door=bound) as client:
            assert client.get("/metrics").json()["code"] == "collection-not-yours"


def test_requests_are_counted_by_pattern_and_status(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "admin") as client:
        library.create_collection("family", basis="household")
        for name in ("family", "family", "somebody-private"):
            client.get(f"/v1/collections/{name}")
        client.get("/made/up/by/somebody-private")
        client.request("SOMEBODY-PRIVATE", "/v1/collections")
        text = client.get("/metrics").text
    told = read(text)
    labels = "[('method', 'GET'), ('route', '/v1/collections/{name}'), ('status', '%s')]"
    assert told["mien_requests_total" + labels % "200"] == 2
    assert told["mien_requests_total" + labels % "404"] == 1
    assert told["mien_request_seconds_count[('route', '/v1/collections/{name}')]"] == 3
    assert "private" not in text.lower()


def test_labels_are_few_and_name_nobody(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "admin") as client:
        fill(stage, library)
        client.get("/v1/grants")
        names = set(re.findall(r"(\w+)=\"", client.get("/metrics").text))
    assert names <= {"route", "method", "status", "le", "verdict", "state", "collection"}


def test_searches_are_counted_by_what_came_of_them(stage: Stage) -> None:
    with stage.open() as library:
        site = make_site(library)
        site.metrics.count_search(ALLOWED)
        site.metrics.count_search(refuse(Reason.NO_GRANT))
        with TestClient(make_app(site), headers={"Authorization": "Bearer admin"}) as client:
            told = read(client.get("/metrics").text)
    assert told["mien_searches_total[('verdict', 'allowed')]"] == 1
    assert told["mien_searches_total[('verdict', 'no-grant')]"] == 1


def test_who_works_and_waits_is_told(stage: Stage) -> None:
    with stage.open() as library:
        site = make_site(library)
        with TestClient(make_app(site), headers={"Authorization": "Bearer admin"}) as client:
            with site.turnstile.enter():
                during = read(client.get("/metrics").text)
            after = read(client.get("/metrics").text)
    assert (during["mien_at_work[]"], after["mien_at_work[]"]) == (1, 0)


def test_recall_is_measured_once_an_hour(stage: Stage) -> None:
    now = 0.0
    with stage.open() as library:
        fill(stage, library)
        gauge = RecallGauge(clock=lambda: now)
        first = gauge.read(library.parts)
        library.create_collection("family", basis="household")
        library.add(stage.photos, grant=stage.grant(library), collection="family")
        assert gauge.read(library.parts) == first == {"default": 1.0}
        now = 3600.0
        assert gauge.read(library.parts) == {"default": 1.0, "family": 1.0}


def test_anybody_learns_that_the_server_lives_and_no_more(stage: Stage) -> None:
    with stage.open() as library, visiting(library) as client:
        for path in ("/healthz", "/readyz"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("error", [CatalogError("no space for ann"), VaultError("the keys of ann")])
def test_a_server_that_cannot_answer_is_alive_and_not_ready(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(_: object) -> None:
        raise error

    with stage.open() as library, visiting(library) as client:
        monkeypatch.setattr(doctor, "find_revision", fail)
        alive, ready = client.get("/healthz"), client.get("/readyz")
    assert (alive.status_code, ready.status_code) == (200, 503)
    assert ready.json()["code"] == "not-ready"
    assert "ann" not in ready.text
