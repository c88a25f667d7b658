"""What Prometheus reads: its text format, and labels that name nobody."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mien.http.metrics import MEDIA_TYPE, Metrics, Reading
from mien.permission.verdict import ALLOWED, Reason, refuse

QUIET = Reading(at_work=0, waiting=0, photos=0, faces=0)
BUSY = Reading(
    at_work=2,
    waiting=7,
    photos=1_234,
    faces=5_678,
    runs={"running": 1, "queued": 3},
    photos_by_collection={"family": 10},
    faces_by_collection={"family": 20, 'odd "name"\n\\': 3},
    recall_by_collection={"family": 0.985},
)

Sample = tuple[str, tuple[tuple[str, str], ...]]


def read(metrics: Metrics, reading: Reading = QUIET) -> dict[Sample, float]:
    """The samples as a parser of the format finds them, but for the moments of creation."""
    text = metrics.write(reading).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_the_numbers_of_now_are_told() -> None:
    told = read(Metrics(), BUSY)
    assert {
        name: told[f"mien_{name}", ()] for name in ("at_work", "waiting", "photos", "faces")
    } == {"at_work": 2, "waiting": 7, "photos": 1_234, "faces": 5_678}


def test_what_is_counted_by_collection_has_its_name_as_it_is() -> None:
    told = read(Metrics(), BUSY)
    assert told["mien_collection_photos", (("collection", "family"),)] == 10
    assert told["mien_collection_faces", (("collection", 'odd "name"\n\\'),)] == 3
    assert told["mien_index_recall", (("collection", "family"),)] == 0.985
    assert told["mien_runs", (("state", "queued"),)] == 3


def test_to_strangers_no_collection_is_told() -> None:
    assert not [name for name, labels in read(Metrics()) if "collection" in dict(labels)]
    assert not [name for name, labels in read(Metrics()) if name == "mien_runs"]


def test_what_was_told_once_is_not_told_of_what_is_gone() -> None:
    metrics = Metrics()
    read(metrics, BUSY)
    assert read(metrics) == read(Metrics())


def test_requests_are_counted_by_pattern_method_and_status() -> None:
    metrics = Metrics()
    for status in (200, 200, 404):
        metrics.count_request("/v1/photos/{uuid}", method="GET", status=status, seconds=0.02)
    told = read(metrics)
    route = ("route", "/v1/photos/{uuid}")
    assert told["mien_requests_total", (("method", "GET"), route, ("status", "200"))] == 2
    assert told["mien_requests_total", (("method", "GET"), route, ("status", "404"))] == 1
    assert told["mien_request_seconds_count", (route,)] == 3
    assert told["mien_request_seconds_sum", (route,)] == pytest.approx(0.06)


@pytest.mark.parametrize(
    ("seconds", "smallest"),
    [(0.001, "0.005"), (0.005, "0.005"), (0.0051, "0.01"), (30.0, "30.0"), (31.0, "+Inf")],
)
def test_a_time_falls_into_the_first_bucket_that_holds_it(seconds: float, smallest: str) -> None:
    metrics = Metrics()
    metrics.count_request("/", method="GET", status=200, seconds=seconds)
    buckets = [
        dict(labels)["le"]
        for (name, labels), value in read(metrics).items()
        if name == "mien_request_seconds_bucket" and value
    ]
    assert buckets[0] == smallest


@pytest.mark.parametrize(
    ("verdict", "label"),
    [
        (ALLOWED, "allowed"),
        (refuse(Reason.NO_GRANT), "no-grant"),
        (refuse(Reason.GRANT_REVOKED, Reason.OUT_OF_SCOPE), "grant-revoked"),
    ],
)
def test_searches_are_counted_by_what_came_of_them(verdict: object, label: str) -> None:
    metrics = Metrics()
    metrics.count_search(verdict)  # type: ignore[arg-type]
    assert read(metrics)["mien_searches_total", (("verdict", label),)] == 1


def test_two_servers_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.count_search(ALLOWED)
    assert not [name for name, _ in read(other) if name == "mien_searches_total"]


def test_nothing_is_lost_where_many_count_at_once() -> None:
    metrics, together = Metrics(), threading.Barrier(4)

    def count(_: int) -> None:
        together.wait(5)
        for _number in range(250):
            metrics.count_request("/", method="GET", status=200, seconds=0.1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(4)))
    assert read(metrics)["mien_request_seconds_count", (("route", "/"),)] == 1_000


def test_each_metric_says_what_it_is() -> None:
    metrics = Metrics()
    metrics.count_search(ALLOWED)
    metrics.count_request("/", method="GET", status=200, seconds=0.1)
    families = list(text_string_to_metric_families(metrics.write(BUSY).decode()))
    assert all(family.name.startswith("mien_") for family in families)
    assert all(family.documentation.endswith(".") for family in families)
    assert {family.type for family in families} == {"counter", "gauge", "histogram"}
    assert MEDIA_TYPE.startswith("text/plain")


def test_no_label_can_name_a_person() -> None:
    metrics = Metrics()
    metrics.count_search(ALLOWED)
    metrics.count_request("/", method="GET", status=200, seconds=0.1)
    names = {name for _, labels in read(metrics, BUSY) for name, _ in labels}
    assert names == {"route", "method", "status", "le", "verdict", "state", "collection"}
