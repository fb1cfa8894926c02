# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What runs on the machine with the GPU: checks every program against eager and measures it against its peers."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.gpu.clock import Call, Clock, set_count
from benchmarks.gpu.grid import TOKENS, Program
from benchmarks.gpu.machine import describe
from benchmarks.gpu.models import inputs_of
from benchmarks.gpu.peers import PEERS, Peers, make_copy
from benchmarks.gpu.results import COPY, Cell, write

#: Rows at each end that are compared: every row is computed alike, and f64 copies of all would fill the memory.
COMPARED_ROWS = 256


def main(folder: Path, arguments: Sequence[str] | None = None) -> int:
    """Measure what lies in `folder` and write the results there; returns 1 if fanfold's numbers are not eager's."""
    options = _parser().parse_args(arguments)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if options.device != "cpu" and not torch.cuda.is_available():
        print("torch sees no GPU: torch.cuda.is_available() is False", file=sys.stderr)
        return 2
    built = [Program(**program) for program in manifest["programs"]]
    todo = [program for program in built if _wanted(program, options)]
    if not todo:
        print(f"nothing of that is here: there are {', '.join(sorted(p.name for p in built))}", file=sys.stderr)
        return 2
    peers = Peers(folder, manifest, options.device, dynamic=not options.static)
    names = [name for name in PEERS if name in options.peers]
    clock = Clock(options.device, options.seconds)
    runner = Runner(peers, names, clock, options.device)
    settings = {"target": manifest["target"], "fanfold": manifest["fanfold"], "command": " ".join(sys.argv)}
    settings["torch.compile"] = "one program for each number of tokens" if options.static else "tokens are dynamic"
    machine, cells = describe(options.device), list[Cell]()
    deadline = time.monotonic() + options.minutes * 60
    for number, program in enumerate(todo, start=1):
        if time.monotonic() > deadline:
            left = len(todo) - number + 1
            settings["cut"] = f"{left} of {len(todo)} programs were left out after {options.minutes:g} minutes"
            break
        cells += runner.run(program, options.tokens)
        print(f"{number} of {len(todo)}: {program.name}", file=sys.stderr)
        settings |= {"profiler": clock.profiler_error} if clock.profiler_error else {}
        # After each program, so that a run that is cut has its results.
        write(folder, machine, settings, cells)
    write(folder, machine, settings, cells)
    print((folder / "results.md").read_text(encoding="utf-8").partition("## Microseconds")[0])
    print(f"wrote {folder / 'results.md'} and results.json")
    good = [cell.agreement.get("fanfold") == "ok" for cell in cells]
    return 0 if good and all(good) else 1


def _wanted(program: Program, options: argparse.Namespace) -> bool:
    axes = (program.op, options.ops), (program.quant, options.quants), (program.fan_out, options.fan_outs)
    return all(not chosen or value in chosen for value, chosen in (*axes, (program.width, options.widths)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run.py", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--device", default="cuda:0", help="as torch names it; AMD's GPUs are cuda there too")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no program after so many")
    parser.add_argument("--seconds", type=float, default=0.2, help="for one measurement, about")
    parser.add_argument("--static", action="store_true", help="torch.compile for each number of tokens: slow to start")
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=PEERS, help="eager is run in any case")
    for axis, kind in (("ops", str), ("quants", str), ("fan-outs", int), ("widths", int)):
        parser.add_argument(f"--{axis}", nargs="+", type=kind, default=None, help="only these")
    parser.add_argument("--tokens", nargs="+", type=int, default=list(TOKENS))
    return parser


class Runner:
    """Runs programs; what fails is recorded, and the rest goes on.

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
