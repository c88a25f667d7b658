"""What Prometheus reads: how much is asked and how fast it is answered; no label names anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from mien.permission.verdict import Verdict

MEDIA_TYPE = CONTENT_TYPE_LATEST
UNKNOWN_ROUTE = "none"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How things stand when somebody reads. What is told by collection is empty for strangers."""

    at_work: int
    waiting: int
    photos: int
    faces: int
    runs: Mapping[str, int] = field(default_factory=dict)
    photos_by_collection: Mapping[str, int] = field(default_factory=dict)
    faces_by_collection: Mapping[str, int] = field(default_factory=dict)
    recall_by_collection: Mapping[str, float] = field(default_factory=dict)


class Metrics:
    """What is counted while a server runs. Threads may share it."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "mien_requests",
            "Requests, by the pattern of the address and the status of the answer.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "mien_request_seconds",
            "How long answers took.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._searches = Counter(
            "mien_searches",
            "Searches, by the first reason for which they were refused, or allowed.",
            ("verdict",),
            registry=self._registry,
        )

    def count_request(self, route: str, *, method: str, status: int, seconds: float) -> None:
        """`route` is a pattern with names in place of values, never an address."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def count_search(self, verdict: Verdict) -> None:
        first = "allowed" if verdict.is_allowed else str(verdict.reasons[0])
        self._searches.labels(first).inc()

    def write(self, reading: Reading) -> bytes:
        """All of it as text, in the form that Prometheus reads."""
        now = CollectorRegistry()
        for name, told, number in (
            ("mien_at_work", "Calls that compute now.", reading.at_work),
            ("mien_waiting", "Calls that wait for their turn.", reading.waiting),
            ("mien_photos", "Photos that are held.", reading.photos),
            ("mien_faces", "Faces that are held.", reading.faces),
        ):
            Gauge(name, told, registry=now).set(number)
        found = "Share of the true neighbours that the index finds."
        for name, told, label, numbers in (
            ("mien_runs", "Runs that add photos, by state.", "state", reading.runs),
            ("mien_collection_photos", "Photos.", "collection", reading.photos_by_collection),
            ("mien_collection_faces", "Faces.", "collection", reading.faces_by_collection),
            ("mien_index_recall", found, "collection", reading.recall_by_collection),
        ):
            gauge = Gauge(name, told, (label,), registry=now)
            for value, count in numbers.items():
                gauge.labels(value).set(count)
        return generate_latest(self._registry) + generate_latest(now)
