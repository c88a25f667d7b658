"""What a consent record must say: the mandatory fields of ISO/IEC TS 27560, and of the GDPR.

The names are those of the W3C's Data Privacy Vocabulary (DPV), whose profile for that standard
is https://w3id.org/dpv/schema/dpv-27560. A star stands for each item of a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mien.catalog.audit import Json

PROFILE = "https://w3id.org/dpv/schema/dpv-27560"
RECORD, RECEIPT = f"{PROFILE}#record-eu-gdpr", f"{PROFILE}#receipt-eu-gdpr"

Path = tuple[str, ...]

_HEADER: tuple[Path, ...] = (
    ("@context",),
    ("dct:conformsTo",),
    ("dct:identifier",),
    ("dct:language",),
    ("dpv:hasDataSubject", "dct:identifier"),
    ("dpv:hasNotice", "@type"),
    ("dpv:hasJurisdiction",),
    ("dpv:hasLegalBasis",),
    ("dpv:hasRight",),
    ("dpv:hasAuthority",),
)
_PARTY: tuple[Path, ...] = tuple(
    ("dpv:hasDataController", name)
    for name in ("@type", "dct:identifier", "dpv:hasName", "dpv:hasAddress", "dpv:hasContact")
)
_PROCESS: tuple[Path, ...] = tuple(
    ("dpv:hasProcess", "*", name)
    for name in (
        *("dpv:hasPurpose", "dpv:hasPersonalData", "dpv:hasProcessing", "dpv:hasDataSource"),
        *("dpv:hasStorageCondition", "dpv:hasRecipient", "dpv:hasConsentControl"),
    )
)
_EVENT: tuple[Path, ...] = tuple(
    ("dpv:hasConsentStatus", "*", name)
    for name in (
        *("@type", "dpv:isIndicatedAtTime", "dpv:isIndicatedBy"),
        *("dct:valid", "dpv:hasLegalBasis"),
    )
)
_SPECIAL = "dpv:SpecialCategoryPersonalData"

MANDATORY = (*_HEADER, *_PARTY, *_PROCESS, *_EVENT)
"""Where each field stands that no record may lack."""


def find_missing(record: Json) -> list[str]:
    """The mandatory fields that a record lacks, or leaves empty; none of a whole one."""
    missing = ["/".join(path) for path in MANDATORY if not all(_iter_found(record, path))]
    if isinstance(record, Mapping):
        if record.get("dct:conformsTo") != RECORD:
            missing.append("dct:conformsTo")
        if _SPECIAL not in str(record.get("dpv:hasProcess")):
            missing.append(f"dpv:hasProcess/*/dpv:hasPersonalData: {_SPECIAL}")
    return list(dict.fromkeys(missing))


def _iter_found(document: Json, path: Path) -> Iterator[bool]:
    """Whether there is something at each place that the path leads to; at least one place."""
    if not path:
        yield document not in (None, "", [], {})
        return
    first, *rest = path
    if first == "*":
        items = document if isinstance(document, list) else []
        yield bool(items)
        for item in items:
            yield from _iter_found(item, tuple(rest))
    elif isinstance(document, Mapping) and first in document:
        yield from _iter_found(document[first], tuple(rest))
    else:
        yield False
