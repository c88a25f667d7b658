"""Every router of the pages."""

from __future__ import annotations

from mien.web import (
    account,
    cases,
    collections,
    find,
    grants,
    links,
    people,
    photos,
    policy,
    reference,
    requests,
    reviews,
    show,
    users,
)

ROUTERS = (
    account.router,
    cases.router,
    collections.router,
    find.router,
    grants.router,
    links.router,
    people.router,
    photos.router,
    policy.router,
    reference.router,
    requests.router,
    reviews.router,
    show.router,
    users.router,
)
