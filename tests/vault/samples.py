"""A vault in a folder, and secrets to put into it: vectors and bytes drawn from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from mien.vault.vault import FaceSecrets, SealedPhoto, Vault

ROOT_KEY = bytes(range(32))
DIMENSION = 32
GRANT = str(UUID(int=0xA))
OTHER_GRANT = str(UUID(int=0xB))


@contextmanager
def open_vault(home: Path, *, root_key: bytes = ROOT_KEY) -> Iterator[Vault]:
    vault = Vault(keys_folder=home / "keys", blobs_folder=home / "blobs", root_key=root_key)
    try:
        yield vault
    finally:
        vault.close()


def draw_embedding(seed: int, *, dimension: int = DIMENSION) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).standard_normal(dimension)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def make_photo(number: int) -> SealedPhoto:
    return SealedPhoto(blob_id=str(UUID(int=number << 64)), photo_id=str(UUID(int=number)))


def make_face(number: int, *, dimension: int = DIMENSION) -> FaceSecrets:
    return FaceSecrets(
        face_id=str(UUID(int=0xFACE << 64 | number)),
        embedding=draw_embedding(number, dimension=dimension),
        crop_jpeg=b"\xff\xd8\xff crop %d " % number + np.random.default_rng(number).bytes(200),
    )


def make_thumbnail(number: int) -> bytes:
    return b"\xff\xd8\xff thumbnail %d " % number + np.random.default_rng(~number % 2**32).bytes(
        300
    )


def write_photo(
    vault: Vault, number: int, *, faces: int = 2, grant_id: str = GRANT
) -> tuple[SealedPhoto, list[FaceSecrets]]:
    """Seals a photo whose faces are numbered from `10 * number`."""
    photo = make_photo(number)
    secrets = [make_face(10 * number + place) for place in range(faces)]
    with vault.writing():
        vault.write_photo(
            photo, grant_id=grant_id, thumbnail_jpeg=make_thumbnail(number), faces=secrets
        )
    return photo, secrets


def read_everything(folder: Path) -> dict[Path, bytes]:
    """Every byte below a folder."""
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
