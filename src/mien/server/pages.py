"""Every router of the pages."""

from __future__ import annotations

from mien.web import (
    account,
    audit,
    cases,
    collections,
    doctor,
    find,
    grants,
    links,
    optouts,
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
    audit.router,
    cases.router,
    collections.router,
    doctor.router,
    find.router,
    grants.router,
    links.router,
    optouts.router,
    people.router,
    photos.router,
    policy.router,
    reference.router,
    requests.router,
    reviews.router,
    show.router,
    users.router,
)
