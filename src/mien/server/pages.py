"""Every router of the pages."""

from __future__ import annotations

from mien.web import (
    account,
    add,
    audit,
    cases,
    collections,
    doctor,
    find,
    grants,
    home,
    links,
    optouts,
    people,
    photos,
    policy,
    reference,
    requests,
    reviews,
    search,
    show,
    users,
)

ROUTERS = (
    account.router,
    add.router,
    audit.router,
    cases.router,
    collections.router,
    doctor.router,
    find.router,
    grants.router,
    home.router,
    links.router,
    optouts.router,
    people.router,
    photos.router,
    policy.router,
    reference.router,
    requests.router,
    reviews.router,
    search.router,
    show.router,
    users.router,
)
