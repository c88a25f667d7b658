"""Every router of the pages."""

from __future__ import annotations

from mien.web import (
    account,
    add,
    cases,
    collections,
    find,
    grants,
    home,
    links,
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
    cases.router,
    collections.router,
    find.router,
    grants.router,
    home.router,
    links.router,
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
