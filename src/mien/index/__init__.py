"""Similarity search behind one Protocol. Importing it does not import FAISS."""

from mien.index.base import NO_FACE, Hits, VectorIndex
from mien.index.choose import open_index

__all__ = ["NO_FACE", "Hits", "VectorIndex", "open_index"]
