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
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

from mien.errors import ModelError

__all__ = ["Device", "Session", "open_session"]

Device = Literal["cpu", "cuda"]

_ERRORS_ONLY = 3
_MESSAGE_CHARACTERS = 300
_FAILURES = (
    *(RuntimeError, OSError),
    *(runtime_errors.Fail, runtime_errors.InvalidArgument, runtime_errors.InvalidGraph),
    *(runtime_errors.InvalidProtobuf, runtime_errors.NoModel, runtime_errors.NoSuchFile),
    *(runtime_errors.NotImplemented, runtime_errors.RuntimeException, runtime_errors.EPFail),
)
"""What onnxruntime raises for a file or a picture; they have no base of their own."""
_PROVIDERS: Mapping[Device, tuple[str, ...]] = {
    "cpu": ("CPUExecutionProvider",),
    "cuda": ("CUDAExecutionProvider", "CPUExecutionProvider"),
}


class Session:
    """A network that is ready to run; may be called from several threads.

    `input_shape` says nothing of a side that may have any length.
    """

    input_shape: tuple[int | None, ...] = ()
    output_names: tuple[str, ...] = ()

    def __init__(self, runtime: Any) -> None:  # noqa: ANN401  # onnxruntime has no types
        self._runtime = runtime
        wanted = runtime.get_inputs()
        if len(wanted) != 1:
            raise ModelError(f"A network takes one input, and this one takes {len(wanted)}.")
        self._input = wanted[0].name
        self.input_shape = tuple(
            side if isinstance(side, int) else None for side in wanted[0].shape
        )
        self.output_names = tuple(output.name for output in runtime.get_outputs())

    def run(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Every output of the network for its one input, in declared order.

        Raises `ModelError` where the network cannot take it.
        """
        try:
            outputs: list[NDArray[np.float32]] = self._runtime.run(None, {self._input: values})
        except _FAILURES as error:
            raise ModelError(f"A network does not run: {_first_line(error)}.") from error
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
    except _FAILURES as error:
        raise ModelError(
            f"{path} does not run ({_first_line(error)}); remove it and pull the model again"
        ) from error
    return Session(runtime)


def _first_line(error: Exception) -> str:
    """What the runtime says of a file, as far as it fits into a message."""
    return str(error).partition("\n")[0][:_MESSAGE_CHARACTERS]


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
