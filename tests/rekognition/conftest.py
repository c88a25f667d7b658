from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """As of now: what is signed by real clients names the hour."""
    return Stage(tmp_path, now=datetime.now(UTC))
