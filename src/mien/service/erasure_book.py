"""Erasures as one object: look first, do it, and find the certificates again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mien.catalog.erasures import iter_certificates
from mien.errors import NotFoundError
from mien.service.erase import ErasureReport, Target, erase, preview_erasure
from mien.service.parts import Parts


@dataclass(frozen=True, slots=True)
class Certified:
    """An erasure that is done, and the signed JSON document that says so."""

    erasure_id: str
    certificate: str


class ErasureBook:
    """The erasures of one deployment, whatever they were done for."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def preview(self, target: Target) -> Mapping[str, int]:
        """How much would go, by class. Raises `NotFoundError`."""
        parts = self._parts
        return preview_erasure(parts.deployment, target, galleries=parts.galleries)

    def erase(self, target: Target) -> ErasureReport:
        """Erases it from everything that is held. Raises `NotFoundError`, `CatalogError`."""
        return erase(self._parts.deployment, target, galleries=self._parts.galleries)

    def list(self) -> list[Certified]:
        """All that are done, in the order they began."""
        with self._parts.deployment.database.reading() as connection:
            return [Certified(uuid, text) for uuid, text in iter_certificates(connection)]

    def get(self, erasure_id: str) -> Certified:
        """Raises `NotFoundError`."""
        for one in self.list():
            if one.erasure_id == erasure_id.lower():
                return one
        raise NotFoundError(f"There is no certificate of an erasure {erasure_id}.")
