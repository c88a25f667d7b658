"""How good a face must be for a holder to keep it: filters in the words of Amazon Rekognition.

What they mean is Mien's own: see docs/guide/quality.md. A filter spares a collection what
cannot be recognised; it protects nobody. A probe is filtered only where whoever searches
asks for that.
"""

from __future__ import annotations

from enum import StrEnum

from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse
from mien.types import Quality


class QualityFilter(StrEnum):
    """Which faces are kept; each keeps fewer than the one before."""

    NONE = "none"
    AUTO = "auto"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def least_value(self) -> float:
        """The least value of `Quality` that passes."""
        return _LEAST_VALUES[self]

    @property
    def stricter(self) -> tuple[QualityFilter, ...]:
        """The filters that keep fewer faces than this one."""
        return tuple(other for other in QualityFilter if other.least_value > self.least_value)


_LEAST_VALUES = {
    QualityFilter.NONE: 0.0,
    QualityFilter.AUTO: 3.0,
    QualityFilter.LOW: 10.0,
    QualityFilter.MEDIUM: 40.0,
    QualityFilter.HIGH: 70.0,
}


def may_keep(quality: Quality, *, chosen: QualityFilter) -> Verdict:
    """A no where the face falls short of the filter that its holder chose."""
    if quality.value < chosen.least_value:
        return refuse(Reason.POOR_QUALITY)
    return ALLOWED
