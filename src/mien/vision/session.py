"""The only place that opens onnxruntime sessions.

Threads are explicit and never spin: spinning threads of two sessions fight for the same
cores. Nothing is logged below an error, since a log of a library is nobody's record.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mien.errors import ModelError

__all__ = ["Device", "Session", "open_session"]

Device = Literal["cpu", "cuda"]

_ERRORS_ONLY = 3
_PROVIDERS: Mapping[Device, tuple[str, ...]] = {
    "cpu": ("CPUExecutionProvider",),
    "cuda": ("CUDAExecutionProvider", "CPUExecutionProvider"),
}


class Session:
    """A network that is ready to run; may be called from several threads."""

    def __init__(self, runtime: Any) -> None:  # noqa: ANN401  # onnxruntime has no types
        self._runtime = runtime
        self._input = runtime.get_inputs()[0].name

    def run(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Every output of the network for its one input, in declared order."""
        outputs: list[NDArray[np.float32]] = self._runtime.run(None, {self._input: values})
        return outputs


def open_session(path: Path, *, threads: int, device: Device = "cpu") -> Session:
    """Open a network on `threads` threads a call.

    Raises `ModelError` where the file does not run or the device is not at hand.
    """
    if _PROVIDERS[device][0] not in onnxruntime.get_available_providers():
        raise ModelError(f"onnxruntime has no {device} here; install mien[gpu] or use the cpu")
    try:
        runtime = onnxruntime.InferenceSession(
            str(path), _options(threads), providers=list(_PROVIDERS[device])
        )
    except (RuntimeError, OSError) as error:
        raise ModelError(f"{path} does not run; remove it and pull the model again") from error
    return Session(runtime)


def _options(threads: int) -> Any:  # noqa: ANN401  # onnxruntime has no types
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Photos differ in size, and a plan kept for each size would only ever grow. The arena
    # is bounded by the largest pass; without it page faults take a third of a detection.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = True
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
