# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What runs on the machine with the GPU: checks every program against eager and measures it against its peers."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu.grid import TOKENS, Program
from benchmarks.gpu.peers import PEERS
from benchmarks.gpu.results import Cell, write
from benchmarks.gpu.worker import Worker


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
    settings = {"target": manifest["target"], "fanfold": manifest["fanfold"], "command": " ".join(sys.argv)}
    settings["torch.compile"] = "one program for each number of tokens" if options.static else "tokens are dynamic"
    cells = _measure(folder, manifest, options, todo, settings)
    print((folder / "results.md").read_text(encoding="utf-8").partition("## Microseconds")[0])
    print(f"wrote {folder / 'results.md'} and results.json")
    good = [cell.agreement.get("fanfold") == "ok" for cell in cells]
    return 0 if good and all(good) else 1


def _measure(
    folder: Path,
    manifest: dict[str, Any],
    options: argparse.Namespace,
    todo: Sequence[Program],
    settings: dict[str, Any],
) -> list[Cell]:
    cells: list[Cell] = []
    deadline = time.monotonic() + options.minutes * 60
    with Worker(folder, manifest, options) as worker:
        for number, program in enumerate(todo, start=1):
            if time.monotonic() > deadline:
                left = len(todo) - number + 1
                settings["cut"] = f"{left} of {len(todo)} programs were left out after {options.minutes:g} minutes"
                break
            cells += worker.run(program)
            print(f"{number} of {len(todo)}: {program.name}", file=sys.stderr)
            settings |= {"profiler": worker.profiler_error} if worker.profiler_error else {}
            # After each program, so that a run that is cut has its results.
            write(folder, worker.machine, settings, cells)
        write(folder, worker.machine, settings, cells)
    return cells


def _wanted(program: Program, options: argparse.Namespace) -> bool:
    axes = (program.op, options.ops), (program.quant, options.quants), (program.fan_out, options.fan_outs)
    return all(not chosen or value in chosen for value, chosen in (*axes, (program.width, options.widths)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run.py", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--device", default="cuda:0", help="as torch names it; AMD's GPUs are cuda there too")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no program after so many")
    parser.add_argument("--seconds", type=float, default=0.2, help="for one measurement, about")
    parser.add_argument("--limit", type=float, default=900, help="seconds for one program, all its peers and tokens")
    parser.add_argument("--static", action="store_true", help="torch.compile for each number of tokens: slow to start")
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=PEERS, help="eager is run in any case")
    for axis, kind in (("ops", str), ("quants", str), ("fan-outs", int), ("widths", int)):
        parser.add_argument(f"--{axis}", nargs="+", type=kind, default=None, help="only these")
    parser.add_argument("--tokens", nargs="+", type=int, default=list(TOKENS))
    return parser
