"""Grants at the ends of the calendar are recorded and can be searched under, or are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from mien.errors import SettingsError
from mien.permission.grant import may_apply
from service.stage import PURPOSE, Stage


def test_a_grant_until_the_last_day_there_is_holds_on_it(stage: Stage) -> None:
    with stage.open() as library:
        grant_id = stage.grant(library, until=date.max)
        (grant,) = [grant for grant in library.grants() if grant.grant_id == grant_id]
    last = datetime.max.replace(tzinfo=UTC) - timedelta(seconds=1)
    assert may_apply(grant, at=last).is_allowed


@pytest.mark.parametrize("days", [1, 36_500])
def test_the_longest_and_the_shortest_retention_can_be_searched_under(
    stage: Stage, days: int
) -> None:
    probe = stage.draw("ada.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library, retention_days=days))
        assert len(library.search(probe, purpose=PURPOSE).candidates) == 1


@pytest.mark.parametrize("days", [0, -1, 36_501, 1_000_000, 10**12])
def test_a_retention_beyond_a_century_or_of_no_day_is_refused(stage: Stage, days: int) -> None:
    with stage.open() as library:
        with pytest.raises(SettingsError, match="from 1 to 36500"):
            stage.grant(library, retention_days=days)
        assert list(library.grants()) == []
