"""What finds faces in a photo, whichever network does it."""

from __future__ import annotations

from typing import Protocol

from mien.types import Face, Look
from mien.vision.decode import Photo

__all__ = ["FaceDetector"]


class FaceDetector(Protocol):
    """May be used from several threads."""

    def detect(self, photo: Photo, *, look: Look = Look.PHOTO) -> tuple[Face, ...]:
        """Every face found, in pixels of the full photo, most confident first.

        In a probe that shows a face plainly, none is looked for that is only seen larger.
        """
        ...
