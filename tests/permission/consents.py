"""A consent that allows what it can, to be changed one event at a time."""

from __future__ import annotations

from typing import Any

from mien.permission.consent import Consent, ConsentEvent, ConsentState, Party
from permission.samples import FROM, UNTIL


def make_event(state: ConsentState = ConsentState.GIVEN, **changes: Any) -> ConsentEvent:
    """Given for 2026 by the person; other states end nothing but themselves."""
    gives = state in {ConsentState.GIVEN, ConsentState.RENEWED}
    fields: dict[str, Any] = {
        "state": state,
        "at": FROM,
        "valid_until": UNTIL if gives else None,
        "party": Party.PERSON,
    }
    return ConsentEvent(**(fields | changes))


def make_consent(*events: ConsentEvent, **changes: Any) -> Consent:
    """An adult's consent for `family-album`, given for 2026 unless other events are named."""
    fields: dict[str, Any] = {
        "consent_id": "8f14e45f-ceea-467f-ab2f-000000000002",
        "purposes": frozenset({"family-album"}),
        "events": events or (make_event(),),
    }
    return Consent(**(fields | changes))
