"""A shelf to hand photos in to, and the long runs of a site that tests can wait for."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from starlette.testclient import TestClient

from mien.http.site import Site
from mien.library import Library
from mien.server.app import make_app
from server.door import Door, make_site
from service.stage import Stage

SHELF = "wedding"
SCOPE = f"upload:///{SHELF}/"
PATIENCE_S = 20.0


def shelf_grant(stage: Stage, library: Library, **terms: Any) -> str:
    """A household grant for what is handed in to the shelf."""
    return stage.grant(library, scope=SCOPE, **terms)


@contextmanager
def working(
    library: Library, who: str = "curator", *, door: Door | None = None
) -> Iterator[tuple[TestClient, Site]]:
    """A client of a site whose runs are being done."""
    site = make_site(library, door)
    site.runs.start()
    try:
        with TestClient(make_app(site), headers={"Authorization": f"Bearer {who}"}) as client:
            yield client, site
    finally:
        site.runs.stop()


def hand_in(
    client: TestClient, grant: str, photos: Mapping[str, bytes], **fields: str
) -> dict[str, Any]:
    """What the server answers to an upload that it takes."""
    answer = post_photos(client, grant, photos, **fields)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def post_photos(client: TestClient, grant: str, photos: Mapping[str, bytes], **fields: str) -> Any:
    files = [("photos", (name, content, "image/png")) for name, content in photos.items()]
    return client.post("/v1/uploads", data={"grant": grant, **fields}, files=files)


def wait_for(client: TestClient, run_id: str) -> dict[str, Any]:
    """The run when it has ended."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        run = dict(client.get(f"/v1/runs/{run_id}").json())
        if run["state"] not in {"queued", "running"}:
            return run
        time.sleep(0.02)
    raise AssertionError(f"the run did not end: {run}")
