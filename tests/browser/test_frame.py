"""What is around every page: the menu, the way past it, and what tells of a problem."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser.visit import serving, visiting
from service.stage import Stage

pytestmark = pytest.mark.browser


def test_a_problem_is_a_page_that_everybody_can_read(
    stage: Stage, browser: Browser, shots: Path
) -> None:
    with (
        stage.open() as library,
        serving(library) as address,
        visiting(browser, address, who="", shots=shots) as visit,
    ):
        answer = visit.open("/static/nothing.css")
        assert answer is not None
        assert answer.status == 404
        expect(visit.page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
        visit.look("problem")
        assert visit.page.get_by_role("navigation").count() == 0
