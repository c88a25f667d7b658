"""Every router of the REST interface."""

from __future__ import annotations

from mien.api import (
    audit,
    cases,
    collections,
    erasures,
    evidence,
    grants,
    health,
    keys,
    links,
    metrics,
    models,
    optouts,
    people,
    policy,
    probes,
    retention,
    reviews,
    runs,
    uploads,
    users,
)

ROUTERS = (
    audit.router,
    cases.router,
    collections.router,
    erasures.router,
    evidence.router,
    grants.router,
    health.router,
    keys.router,
    links.router,
    metrics.router,
    models.router,
    optouts.router,
    people.router,
    policy.router,
    probes.router,
    retention.router,
    reviews.router,
    runs.router,
    uploads.router,
    users.router,
)
