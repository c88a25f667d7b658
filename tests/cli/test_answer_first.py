"""`mien search` answers before it finishes what the search has left to do."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from cli.conftest import Mien
from mien.service.session import Session
from service.stage import PURPOSE, Stage, query

MARK = "the session ends"


@pytest.fixture
def probe(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A photo whose time is over, and one that stays; whoever ends a session says so."""
    stage.now -= timedelta(days=20)
    probe = stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(probe, grant=stage.grant(library, retention_days=10))
        library.add(stage.draw("eve.png", 1), grant=stage.grant(library))
    end = Session.end

    def say_and_end(session: Session) -> None:
        sys.stdout.write(MARK)
        assert query(stage.home / "catalog.db", "SELECT state FROM erasures") == ["destroying"]
        end(session)

    monkeypatch.setattr(Session, "end", say_and_end)
    return probe


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
def test_the_answer_comes_first_and_the_erasure_is_done_all_the_same(
    stage: Stage, mien: Mien, probe: Path, form: list[str]
) -> None:
    answer = mien("search", probe, "--purpose", PURPOSE, *form)
    told, _, after = answer.out.partition(MARK)
    assert (answer.code, after) == (0, "")
    assert "eve.png" in told
    assert "ann.png" not in told
    if form:
        assert len(json.loads(told)["candidates"]) == 1
    assert query(stage.home / "catalog.db", "SELECT state FROM erasures") == ["done"]


def test_a_refused_search_tells_why_first(mien: Mien, probe: Path) -> None:
    answer = mien("search", probe, "--purpose", "advertising")
    assert (answer.code, answer.out) == (3, MARK)
    assert "[purpose-not-granted]" in answer.err
