# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures the programs one after the other; what fails is recorded, and the rest goes on."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from benchmarks.gpu.clock import Call, Clock, set_count
from benchmarks.gpu.grid import Program
from benchmarks.gpu.models import inputs_of
from benchmarks.gpu.peers import Peers, make_copy
from benchmarks.gpu.results import COPY, Cell

#: Rows at each end that are compared: every row is computed alike, and f64 copies of all would fill the memory.
COMPARED_ROWS = 256


class Runner:
    """Runs programs.

    Args:
        peers: Makes their calls.
        names: Those to measure.
        clock: Measures them.
        device: Where the inputs are.
    """

    def __init__(self, peers: Peers, names: Sequence[str], clock: Clock, device: str) -> None:
        self._peers = peers
        self._names = names
        self._clock = clock
        self._device = device

    def run(self, program: Program, tokens: Iterable[int]) -> list[Cell]:
        """Return a cell for each number of tokens."""
        calls: dict[str, Call] = {}
        broken: dict[str, str] = {}
        dispatches: dict[str, int] = {}
        for name in dict.fromkeys(["eager", *self._names]):
            try:
                calls[name], count = self._peers.make(name, program)
            except Exception as error:  # noqa: BLE001 - whatever a peer raises is a result of it
                broken[name] = _said(error)
            else:
                dispatches |= {} if count is None else {name: count}
        cells = []
        for number in tokens:
            cell = Cell(program, number, dispatches=dispatches, errors=dict(broken))
            if self._device != "cpu":
                # What torch keeps for its next tensors is not there for IREE's.
                torch.cuda.empty_cache()
            try:
                with torch.inference_mode():
                    self._fill(cell, calls)
            except Exception as error:  # noqa: BLE001 - no memory for the inputs, and the like
                cell.errors["inputs"] = _said(error)
            cells.append(cell)
        return cells

    def _fill(self, cell: Cell, calls: dict[str, Call]) -> None:
        count = set_count(cell.bytes) if self._device != "cpu" else 1
        sets = [inputs_of(cell.program, cell.tokens, self._device, seed) for seed in range(count)]
        expected = _ends(calls["eager"](*sets[0]))
        for name, call in calls.items():
            try:
                cell.agreement[name] = _agreement(_ends(call(*sets[0])), expected)
                self._clock.wait()
                if name not in self._names:
                    continue
                times = self._clock.measure(call, sets)
                if times.launches is not None and times.launches < cell.dispatches.get(name, 0):
                    # The profiler has missed some of them: its time is no time of the call.
                    times = replace(times, device=None)
                kernel = self._kernel_time(cell) if name == "fanfold" else None
                cell.times[name] = replace(times, kernel=kernel)
            except Exception as error:  # noqa: BLE001 - the next peer may do better
                cell.errors[name] = _said(error)
        copy, _ = make_copy(cell.bytes, self._device)
        sources = [make_copy(cell.bytes, self._device)[1] for _ in range(count)]
        cell.times[COPY] = self._clock.measure(copy, [(source,) for source in sources])

    def _kernel_time(self, cell: Cell) -> float | None:
        try:
            return self._peers.kernel_time(cell.program, cell.tokens)
        except Exception as error:  # noqa: BLE001 - no memory for the operands, for one
            cell.errors["kernel time"] = _said(error)
            return None

    def device_works(self) -> bool:
        """Return whether the device still computes: after some errors no process that has met them gets anything."""
        if self._device == "cpu":
            return True
        try:
            return float(torch.ones(2, device=self._device).sum()) == 2.0
        except RuntimeError:
            return False


def _ends(results: Any) -> list[Tensor]:
    """Return the first and the last rows of each result."""
    ends = []
    for x in results:
        # As bytes: not every device concatenates fp8.
        plain = x.view(torch.uint8) if x.element_size() == 1 else x
        ends.append(torch.cat([plain[:COMPARED_ROWS], plain[COMPARED_ROWS:][-COMPARED_ROWS:]]).view(x.dtype))
    return ends


def _agreement(found: Sequence[Tensor], expected: Sequence[Tensor]) -> str:
    # The tests' own rules: their file lies beside run.py.
    assert_results = importlib.import_module("agreement").assert_results
    try:
        assert_results(found, expected, torch.bfloat16)
    except AssertionError as error:
        return str(error).splitlines()[0]
    return "ok"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
