"""How an opt-out is recorded: sealed in the catalog, with a copy beside the keys."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from mien.catalog import suppressions as rows
from mien.catalog.connect import Connection
from mien.catalog.suppressions import SuppressionRow
from mien.errors import SuppressionError, TamperedError, VaultError
from mien.permission.suppression import USUAL_FMR, Level
from mien.types import EmbeddingModel, Point
from mien.vault.vault import Vault
from mien.vision.sketch import SKETCH_BYTES

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEMPLATE = np.dtype("<f4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a record says, by its level: an item, a source, or a face.

    `sketches` and `templates` (by the digest of their model) are base64; `middle` is where in the
    portrait the face is; `evidence` shows that the person wants to be kept out.
    """

    sha256: str = ""
    sketches: str = ""
    address: str = ""
    fmr: float = USUAL_FMR
    evidence: Mapping[str, object] = field(default_factory=dict)
    middle: tuple[float, float] = (0.5, 0.5)
    templates: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> Point:
        return Point(*self.middle)

    def as_sketches(self) -> NDArray[np.uint8]:
        """Shape (n, 32)."""
        return np.frombuffer(_decode(self.sketches), np.uint8).reshape(-1, SKETCH_BYTES)


@dataclass(frozen=True, slots=True, eq=False)
class Suppression:
    """A record, opened."""

    uuid: str
    level: Level
    made_at: datetime
    facts: Facts

    def knows(self, model: EmbeddingModel) -> bool:
        """Whether it can be compared with faces of this model; all but faces need none."""
        return self.level is not Level.FACE or model.digest in self.facts.templates

    def template_of(self, model: EmbeddingModel) -> NDArray[np.float32]:
        return np.frombuffer(_decode(self.facts.templates[model.digest]), _TEMPLATE)

    def with_template(self, model: EmbeddingModel, template: NDArray[np.float32]) -> Suppression:
        templates = {**self.facts.templates, model.digest: encode_template(template)}
        return replace(self, facts=replace(self.facts, templates=templates))


def subject_of(uuid: str) -> str:
    """What the vault calls a suppression."""
    return f"suppression:{uuid}"


def uuid_of(subject: str) -> str:
    return subject.removeprefix("suppression:")


def seal_row(vault: Vault, one: Suppression, *, portrait: bytes | None = None) -> SuppressionRow:
    """The record as it is kept; one whose portrait is sealed already is handed on as it is."""
    subject = subject_of(one.uuid)
    content = json.dumps(asdict(one.facts)).encode()
    seal = vault.subjects.seal
    return SuppressionRow(
        uuid=one.uuid,
        level=one.level,
        made_at=one.made_at,
        sealed=seal(content, subject=subject, context=one.level),
        portrait=portrait and seal(portrait, subject=subject, context="portrait"),
        recovery=vault.suppressions.wrap_key(subject),
    )


def open_row(vault: Vault, row: SuppressionRow) -> Suppression:
    """Raises `SuppressionError` where it does not open."""
    try:
        content = vault.subjects.unseal(row.sealed, subject=subject_of(row.uuid), context=row.level)
    except VaultError as error:
        raise SuppressionError(
            f"The opt-out {row.uuid} cannot be read, and nothing is added or searched without it. "
            "Put back the newest keys and catalog; or, where whoever asked for it agrees, lift it "
            f"with: mien optout lift {row.uuid} --reason TEXT"
        ) from error
    facts = Facts(**json.loads(content))
    facts = replace(facts, middle=(facts.middle[0], facts.middle[1]))  # JSON has no pairs
    return Suppression(row.uuid, row.level, row.made_at, facts)


def open_portrait(vault: Vault, row: SuppressionRow) -> bytes:
    """Raises `VaultError`."""
    if row.portrait is None:
        raise TamperedError(f"The opt-out {row.uuid} lacks its portrait.")
    return vault.subjects.unseal(row.portrait, subject=subject_of(row.uuid), context="portrait")


def keep_copy(vault: Vault, row: SuppressionRow) -> None:
    """Puts a copy of the record beside the keys."""
    made_us = (row.made_at - _EPOCH) // timedelta(microseconds=1)
    document = {
        "level": row.level,
        "made_us": made_us,
        "sealed": _encode(row.sealed),
        "portrait": row.portrait and _encode(row.portrait),
    }
    vault.suppressions.put(subject_of(row.uuid), json.dumps(document).encode())


def find_copy(vault: Vault, uuid: str) -> SuppressionRow | None:
    """The record as it is kept beside the keys."""
    content = vault.suppressions.find(subject_of(uuid))
    if content is None:
        return None
    try:
        document = json.loads(content)
        return SuppressionRow(
            uuid=uuid,
            level=Level(document["level"]),
            made_at=_EPOCH + timedelta(microseconds=document["made_us"]),
            sealed=_decode(document["sealed"]),
            portrait=document["portrait"] and _decode(document["portrait"]),
            recovery=vault.suppressions.wrap_key(subject_of(uuid)),
        )
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise SuppressionError(
            f"The copy of the opt-out {uuid} beside the keys is damaged, and nothing is added or "
            "searched without it. Put back the newest keys."
        ) from error


def renew_recoveries(vault: Vault, connection: Connection) -> None:
    """Wraps all keys anew: what an old catalog says of a record that is gone opens no more."""
    subjects = [subject_of(uuid) for uuid in rows.find_uuids(connection)]
    wrapped = vault.suppressions.renew(subjects)
    rows.put_recoveries(connection, {uuid_of(subject): key for subject, key in wrapped.items()})


def encode_template(template: NDArray[np.float32]) -> str:
    return _encode(template.astype(_TEMPLATE).tobytes())


def encode_sketches(sketches: NDArray[np.uint8]) -> str:
    return _encode(sketches.tobytes())


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _decode(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
