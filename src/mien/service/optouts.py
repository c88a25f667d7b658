"""Opt-outs as one object: ask for one, list them, lift one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mien.permission.suppression import USUAL_FMR
from mien.service import optout
from mien.service.deployment import Deployment
from mien.service.erase import ErasureReport
from mien.service.evidence import HandedFile, ShownBy
from mien.service.gallery import Galleries
from mien.service.handed_in import HandedIn, naming
from mien.service.optout import OptOut, OptOutReport
from mien.service.optout_face import FaceDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOuts:
    """What one deployment keeps out. Each act takes effect at once, and for ever."""

    deployment: Deployment
    galleries: Galleries
    read: Callable[[HandedIn], bytes]
    max_bytes: int

    def item(self, *items: HandedIn) -> OptOutReport:
        """Photos, and photos that look the same: each a file, its bytes, or its SHA-256.

        Raises `PhotoError` for what is no photo.
        """
        described = []
        for item in items:
            with naming(item):
                if isinstance(item, str) and optout.is_sha256(item):
                    described.append(optout.describe_item(self.deployment, item))
                else:
                    described.append(optout.describe_item(self.deployment, self.read(item)))
        return optout.opt_out_items(self.deployment, self.galleries, items=described)

    def source(self, place: str | os.PathLike[str]) -> OptOutReport:
        """Whatever lies in a folder, or at an address or below it."""
        return optout.opt_out_source(self.deployment, self.galleries, place=os.fspath(place))

    def face(
        self,
        photo: HandedIn,
        *,
        consent: ShownBy | os.PathLike[str],
        face: int | None = None,
        fmr: float = USUAL_FMR,
    ) -> OptOutReport:
        """Somebody by their face: in photos that come in, as candidate and as probe.

        `consent` shows that they want it: a file, or words that say where that lies.
        Raises `PhotoError` for a photo that will not do, `SettingsError` where it must be said
        which of several faces it is.
        """
        with naming(photo):
            draft = FaceDraft(
                content=self.read(photo),
                evidence=consent if isinstance(consent, str | HandedFile) else Path(consent),
                face=face,
                fmr=fmr,
                max_bytes=self.max_bytes,
                threads=os.cpu_count() or 1,
            )
            return optout.opt_out_face(self.deployment, self.galleries, draft=draft)

    def list(self) -> list[OptOut]:
        """All of them, in the order they were made; of faces nothing is shown."""
        return optout.list_optouts(self.deployment)

    def lift(self, optout_id: str, *, reason: str) -> ErasureReport:
        """Erases one: whoever asked for it changed their mind. Raises `NotFoundError`."""
        return optout.lift_optout(
            self.deployment, self.galleries, optout_id=optout_id, reason=reason
        )
