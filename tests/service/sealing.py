"""Listens to everything that is ever sealed, so that a test can tell what was kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import numpy as np

from mien.types import EmbeddedFace
from mien.vault.rotation import Rotation
from mien.vault.seal import seal

_PLACES = ("vault", "subjects", "keys", "notary")
_FORMS = (np.dtype("<f2"), np.dtype("<f4"))


@contextmanager
def listening() -> Iterator[list[bytes]]:
    """Every content that was sealed under any key, in the clear."""
    heard: list[bytes] = []

    def seal_and_note(key: bytes, content: bytes, *, context: str) -> bytes:
        heard.append(content)
        return seal(key, content, context=context)

    with ExitStack() as stack:
        for place in _PLACES:
            stack.enter_context(patch(f"mien.vault.{place}.seal", seal_and_note))
        yield heard


def is_kept(heard: list[bytes], face: EmbeddedFace, *, rotation: Rotation) -> bool:
    """Whether a face's crop or anything like its template was sealed, turned or not."""
    if any(face.crop_jpeg in content for content in heard):
        return True
    plain = face.embedding
    directions = np.stack([plain, rotation.turn(plain[np.newaxis])[0]])
    return any(
        np.max(directions @ template) > _SAME * np.linalg.norm(template)
        for template in _iter_templates(heard, dimension=plain.size)
    )


_SAME = 0.999
"""Half precision changes a template by less."""


def _iter_templates(heard: list[bytes], *, dimension: int) -> Iterator[np.ndarray]:
    for content in heard:
        for form in _FORMS:
            if len(content) == dimension * form.itemsize:
                template = np.frombuffer(content, form).astype(np.float32)
                if np.isfinite(template).all() and template.any():
                    yield template
