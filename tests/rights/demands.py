"""What regulators and courts demanded of face search, and what is still missing of each.

A demand is held where tests named `test_rN_...` in this folder hold it. One that waits says
for what; one that is held in part says both. docs/rights.md is made from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Wait(StrEnum):
    """What a demand waits for, where it cannot be met yet."""

    SERVER = "the server"
    SIGNALS = "signals inside files"
    COLLECTOR = "the web collector"
    EXPORTS = "account exports"


@dataclass(frozen=True)
class Demand:
    """A demand in our words and who made it; what it waits for concerns a part or all of it."""

    text: str
    asked_by: str
    waits_for: Wait | None = None
    is_held_in_part: bool = False


ALL = "all of them"

DEMANDS: dict[int, Demand] = {
    1: Demand(
        "Nothing is collected without permission on record.",
        "ICO, CNIL, AP, Garante, HDPA, OAIC, Canada",
    ),
    2: Demand(
        "Sites that forbid collecting stay closed, whatever anybody configures.",
        f"{ALL}; the terms of the platforms",
        waits_for=Wait.COLLECTOR,
        is_held_in_part=True,
    ),
    3: Demand(
        "A template exists only while a consent or another named basis does.",
        "AP, CNIL, Garante, DSB, OAIC",
    ),
    4: Demand(
        "A legitimate interest and 'made public' are no basis.",
        "AP, DSB, Garante",
    ),
    5: Demand("Everything that was collected can be deleted.", ALL),
    6: Demand("So can templates, crops and every other trace of a face.", "Hamburg, OAIC, Canada"),
    7: Demand("Of every photo it is known where it came from, when, and by whom.", "Canada"),
    8: Demand(
        "People can read what is held, why and how to get out.",
        "AP, ICO, Garante, HDPA, OAIC",
    ),
    9: Demand("Access has no window and no cap.", "CNIL"),
    10: Demand("Nobody must hand over an identity document or another photo.", "ICO, CNIL"),
    11: Demand(
        "Requests are taken on every way in, acknowledged, and answered in time.",
        "AP, HDPA, AEPD",
        waits_for=Wait.SERVER,
        is_held_in_part=True,
    ),
    12: Demand("Nothing is kept for ever.", "ICO, Garante, BIPA 15(a)"),
    13: Demand("Photos given for one purpose answer no other.", "Garante, Canada, OAIC"),
    14: Demand(
        "Whoever collects says who they are and hides nothing.",
        "OAIC",
        waits_for=Wait.COLLECTOR,
    ),
    15: Demand(
        "Results are candidates with error rates, and two people confirm a match.",
        "OAIC, AI Act 14(5)",
        waits_for=Wait.SERVER,
        is_held_in_part=True,
    ),
    16: Demand("Practices are written down, and kept up with what is really done.", "OAIC, AP"),
    17: Demand(
        "Whoever is responsible, and represents them, is known before anybody is served.",
        "AP, Garante, HDPA, DSB",
        waits_for=Wait.SERVER,
    ),
    18: Demand("Compliance can be shown at once, to somebody who trusts nobody.", "CNIL"),
    19: Demand(
        "No trial accounts, and nobody searches without somebody who approved it.",
        "ACLU consent order",
        waits_for=Wait.SERVER,
    ),
    20: Demand(
        "Nobody searches the collections of others.",
        "ACLU consent order",
        waits_for=Wait.SERVER,
        is_held_in_part=True,
    ),
    21: Demand(
        "People can opt out, of photos, sources or altogether, without an account.",
        "ACLU consent order",
        waits_for=Wait.SERVER,
        is_held_in_part=True,
    ),
    22: Demand(
        "Photos from places whose law forbids it stay out.",
        "ACLU consent order, ICO, AP",
        waits_for=Wait.SIGNALS,
        is_held_in_part=True,
    ),
    23: Demand(
        "Who opted out stays out: through re-import, new models and restored backups.",
        "ACLU consent order",
    ),
    24: Demand(
        "Children are recognised only where a guardian consents; no age is guessed.",
        "OAIC, Garante, Canada",
        waits_for=Wait.SIGNALS,
        is_held_in_part=True,
    ),
    25: Demand(
        "Nobody profits from templates: they are not sold, metered or exported.",
        "BIPA 15(c), MDL settlement",
    ),
    26: Demand(
        "Nobody is watched: no timelines, no alerts, no standing searches.",
        "Upper Tribunal 2025, AP, HDPA",
    ),
    27: Demand("Purposes that no one may have are refused.", "AP"),
    28: Demand("Deletion is proved.", "OAIC, CNIL"),
}
