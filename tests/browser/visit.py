"""A person's visit: a browser at a server of its own, and what both show."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, ViewportSize, expect

from mien.http.asking import SESSION_COOKIE
from mien.library import Library
from mien.server.app import make_app
from server.door import Door, make_site

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
SHOTS = os.environ.get("MIEN_SCREENSHOTS", "")
"""Where pictures of the pages are kept; read before tests get a clean environment."""

LARGEST_PAGE_BYTES = 100_000
_PATIENCE_MS = 30_000
_START_S = 10.0


@contextmanager
def serving(library: Library, door: Door | None = None) -> Iterator[str]:
    """The address of a server of the library, for as long as it is held."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        site = replace(make_site(library, door), origin=address)
        site.runs.start()
        config = uvicorn.Config(make_app(site), log_level="error", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        until = time.monotonic() + _START_S
        while not server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.01)
        try:
            yield address
        finally:
            site.runs.begin_stop()  # which ends the streams of events too
            server.should_exit = True
            thread.join(_START_S)
            site.runs.stop()


@dataclass
class Visit:
    """One page of one browser. Whatever goes wrong in the page is kept, and told at the end."""

    page: Page
    address: str
    shots: Path
    troubles: list[str]

    def open(self, path: str) -> Response | None:
        return self.page.goto(f"{self.address}{path}")

    def look(self, name: str, *, is_whole: bool = True) -> None:
        """Keeps pictures of the page, by day and by night, wide and narrow, where they are wanted.

        axe looks at the wide one by day and at the narrow one by night.
        """
        for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
            self.page.set_viewport_size(viewport)
            for scheme in ("light", "dark"):
                self.page.emulate_media(color_scheme=scheme)
                if (size, scheme) in {("desktop", "light"), ("phone", "dark")}:
                    self.check_access()
                if SHOTS:
                    path = self.shots / f"{name}-{size}-{scheme}.png"
                    self.page.screenshot(path=path, full_page=is_whole)
            self.check_no_sideways_scrolling()
        self.check_weight()
        self.page.set_viewport_size(DESKTOP)
        self.page.emulate_media(color_scheme="light")

    def check_access(self) -> None:
        """Nothing that axe-core knows of keeps anybody out."""
        found = Axe().run(self.page).response["violations"]
        told = [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found]
        assert not told, f"{self.page.url}: {told}"

    def check_weight(self) -> None:
        """The page, its styles and its scripts are light; photos are as heavy as they are."""
        sizes = self.page.evaluate(
            """[...performance.getEntriesByType("navigation"),
                ...performance.getEntriesByType("resource")]
                .filter(one => one.entryType === "navigation" || /[.](css|js)$/.test(one.name))
                .map(one => one.decodedBodySize)"""
        )
        assert sum(sizes) <= LARGEST_PAGE_BYTES, f"{self.page.url} weighs {sum(sizes):,} bytes"

    def check_no_sideways_scrolling(self) -> None:
        wide, seen = self.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide <= seen, f"{self.page.url} is {wide} px wide in {seen} px"


@contextmanager
def visiting(
    browser: Browser, address: str, *, who: str, shots: Path, **options: Any
) -> Iterator[Visit]:
    """Somebody of this name in `door`, or nobody; fails where the page had trouble of its own."""
    context = browser.new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce"} | options)
    context.set_default_timeout(_PATIENCE_MS)
    expect.set_options(timeout=_PATIENCE_MS)
    if who:
        context.add_cookies([{"name": SESSION_COOKIE, "value": who, "url": address}])
    troubles: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda one: troubles.append(one.text) if _is_trouble(one) else None)
    try:
        yield Visit(page, address, shots, troubles)
    finally:
        context.close()
    assert not troubles, troubles


def _is_trouble(message: Any) -> bool:
    """Whether the browser complains, of a script or of the content security policy.

    That an answer was a refusal is told on the page, and no complaint.
    """
    return message.type == "error" and "Failed to load resource" not in message.text
