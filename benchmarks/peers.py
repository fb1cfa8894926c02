# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One builder for each column of the table: it returns the call to time and a way to see its results.

Every peer lives in a process of its own, so that no thread pool spins while another peer is on the clock. Processes
are driven one at a time, in turns.
"""

from __future__ import annotations

import os
import statistics
import time
import traceback
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np
import torch
from torch import Tensor

from benchmarks.model import NormQuant, bytes_moved, example_input, quantize_fanfold, quantize_plain
from fanfold.trial import why_no_torch_compile

Outputs = tuple[np.ndarray, ...]
Peer = tuple[Callable[[], object], Callable[[], Outputs] | None]


def _as_bytes(results: tuple[Tensor, ...]) -> Outputs:
    return tuple((t.view(torch.uint8) if t.element_size() == 1 else t).numpy() for t in results)


def build_fanfold(rows: int, width: int, _workers: int) -> Peer:
    """The fused program, called as a user calls it: torch tensors in and out."""
    import fanfold

    x = example_input(rows, width)
    program = fanfold.compile(NormQuant(width, quantize_fanfold).eval(), (x,), target="cpu")
    return lambda: program(x), lambda: _as_bytes(program(x))


def _build_stock(rows: int, width: int, workers: int, *flags: str) -> Peer:
    from benchmarks.stock import StockProgram, compile_stock

    x = example_input(rows, width)
    program = StockProgram(compile_stock(NormQuant(width, quantize_plain).eval(), x, flags), x, workers)
    return program.function(), lambda: tuple(t.view(np.uint8) if t.itemsize == 1 else t for t in program.outputs())


def build_stock(rows: int, width: int, workers: int) -> Peer:
    """Stock IREE at its default optimisation level."""
    return _build_stock(rows, width, workers)


def build_stock_o3(rows: int, width: int, workers: int) -> Peer:
    """Stock IREE at its highest optimisation level."""
    return _build_stock(rows, width, workers, "--iree-opt-level=O3")


def build_eager(rows: int, width: int, _workers: int) -> Peer:
    """PyTorch, op by op."""
    x = example_input(rows, width)
    model = NormQuant(width, quantize_plain).eval()
    return lambda: model(x), lambda: _as_bytes(model(x))


def build_inductor(rows: int, width: int, _workers: int) -> Peer:
    """`torch.compile`, specialised to this one shape."""
    x = example_input(rows, width)
    torch._dynamo.reset()  # no other shape's guards are checked at call time
    model = torch.compile(NormQuant(width, quantize_plain).eval(), dynamic=False, fullgraph=True)
    return lambda: model(x), lambda: _as_bytes(model(x))


def build_copy(rows: int, width: int, _workers: int) -> Peer:
    """A plain copy that moves as many bytes: the floor for anything that reads and writes memory."""
    source = torch.zeros(bytes_moved(rows, width) // 2, dtype=torch.uint8)
    target = torch.ones_like(source)
    return lambda: target.copy_(source), None


BUILDERS: dict[str, Callable[[int, int, int], Peer]] = {
    "fanfold": build_fanfold,
    "stock": build_stock,
    "stock-O3": build_stock_o3,
    "eager": build_eager,
    "torch.compile": build_inductor,
    "copy": build_copy,
}


def unavailable(name: str) -> str | None:
    """Return why a peer cannot run on this machine, or ``None``."""
    return why_no_torch_compile() if name == "torch.compile" else None


def serve(connection: Connection, name: str, cores: list[int]) -> None:
    """Serve one peer: ``("build", rows, width)`` answers its results, ``("time", calls)`` a typical call's seconds."""
    # torch.export warns about torch's own internals.
    warnings.filterwarnings("ignore", category=FutureWarning, module="copyreg")
    os.sched_setaffinity(0, cores)
    torch.set_num_threads(len(cores))
    function: Callable[[], object] | None = None
    with torch.inference_mode():
        while (request := connection.recv()) is not None:
            try:
                if request[0] == "build":
                    function, outputs = BUILDERS[name](request[1], request[2], len(cores))
                    connection.send(outputs() if outputs else None)
                else:
                    assert function is not None, "build comes before time"
                    connection.send(_time(function, request[1]))
            except Exception:  # noqa: BLE001 - whatever a peer raises is the parent's to report
                connection.send(traceback.format_exc())


def _time(function: Callable[[], object], calls: int) -> float:
    for _ in range(2):  # pages and caches were another peer's a moment ago
        function()
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    # Not the mean: one call that loses its core to another program waits for milliseconds.
    return statistics.median(times)
