# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a run has found, and the files that it is written to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.gpu.aims import geometric_mean, verdicts
from benchmarks.gpu.clock import Times
from benchmarks.gpu.grid import Program

COPY = "copy"
COLUMNS = ("fanfold", "stock", "eager", "torch.compile", COPY)


@dataclass
class Cell:
    """One program at one number of tokens.

    Attributes:
        program: Which.
        tokens: How many.
        times: By peer; `copy` is a plain copy of as many bytes.
        dispatches: By peer, as its compiler counted them.
        agreement: By peer: ``ok``, or how its results differ from eager's.
        errors: By peer: why it has no times.
    """

    program: Program
    tokens: int
    times: dict[str, Times] = field(default_factory=dict)
    dispatches: dict[str, int] = field(default_factory=dict)
    agreement: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """Bytes that any implementation must move."""
        return self.program.bytes_moved(self.tokens)

    def ratio(self, peer: str, kind: str) -> float | None:
        """Return how many times as long as fanfold a peer takes, or ``None`` if one of the two is not known."""
        ours, theirs = (getattr(self.times.get(name), kind, None) for name in ("fanfold", peer))
        return theirs / ours if ours and theirs else None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-serialisable data."""
        times = {name: found.to_json() for name, found in self.times.items()}
        known = {"dispatches": self.dispatches, "agreement": self.agreement, "errors": self.errors}
        return {**self.program.to_json(), "tokens": self.tokens, "bytes": self.bytes, "times": times, **known}


def write(folder: Path, machine: dict[str, str], settings: dict[str, Any], cells: list[Cell]) -> None:
    """Write ``results.json`` and ``results.md``."""
    aims = [str(verdict) for verdict in verdicts(cells)]
    found = [cell.to_json() for cell in cells]
    data = {"machine": machine, "settings": settings, "aims": aims, "cells": found}
    (folder / "results.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    parts = ["# GPU benchmark: norms, activations and their quantisation, bf16", _listed({**machine, **settings})]
    parts += ["## Aims", "\n".join(f"- {aim}" for aim in aims)]
    for kind, title in (
        ("on_device", "on the device alone"),
        ("throughput", "a call among many"),
        ("latency", "one call"),
    ):
        if any(getattr(found, kind) for cell in cells for found in cell.times.values()):
            parts += [f"## Times as long as fanfold, {title}: geometric means", _means(cells, kind)]
    parts += ["## Microseconds", MICROSECONDS, _table(cells)]
    faults = _faults(cells)
    if faults:
        parts += ["## What failed, and results that are not eager's", "\n".join(f"- {fault}" for fault in faults)]
    (folder / "results.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _faults(cells: list[Cell]) -> list[str]:
    """Return a line for each fault of fanfold, and one for each kind of fault of a peer."""
    lines: list[str] = []
    kinds: dict[str, list[str]] = {}
    for cell in cells:
        unequal = {peer: "not eager's numbers" for peer, text in cell.agreement.items() if text != "ok"}
        for peer, kind in [*cell.errors.items(), *unequal.items()]:
            if peer == "fanfold":
                lines.append(f"{_title(cell)}, {peer}: {cell.errors.get(peer, cell.agreement.get(peer))}")
            else:
                kinds.setdefault(f"{peer}: {kind}", []).append(_title(cell))
    return lines + [f"{kind}: {len(where)} of {len(cells)} cells, first {where[0]}" for kind, where in kinds.items()]


MICROSECONDS = (
    "`device / throughput / latency`: kernels and copies alone, as the driver's profiler has them; a call among many "
    "that are waited for once; a call that is waited for. `launches`: fanfold / stock / eager / torch.compile. "
    "`kernel`: fanfold's launch among many in one submission, by IREE's own tool. GB/s: the fewest bytes over "
    "fanfold's `device`, or over `kernel` where the profiler has none."
)


def _title(cell: Cell) -> str:
    return f"{cell.program.name} at {cell.tokens}"


def _means(cells: list[Cell], kind: str) -> str:
    groups: dict[str, Callable[[Cell], object]] = {
        "op": lambda cell: cell.program.op,
        "quantisation": lambda cell: cell.program.quant,
        "fan-out": lambda cell: cell.program.fan_out,
        "width": lambda cell: cell.program.width,
        "tokens": lambda cell: cell.tokens,
    }
    peers = [peer for peer in COLUMNS if peer != "fanfold"]
    lines = [["all", "", *_ratios(cells, peers, kind)]]
    for name, key in groups.items():
        for value in sorted({key(cell) for cell in cells}, key=lambda v: (isinstance(v, str), v)):
            of = [cell for cell in cells if key(cell) == value]
            lines.append([name, str(value), *_ratios(of, peers, kind)])
    return _markdown(["", "", *peers], lines)


def _ratios(cells: list[Cell], peers: Iterable[str], kind: str) -> list[str]:
    means = (geometric_mean(cell.ratio(peer, kind) for cell in cells) for peer in peers)
    return ["" if mean is None else f"{mean:.2f}" for mean in means]


def _table(cells: list[Cell]) -> str:
    lines = []
    for cell in sorted(cells, key=lambda c: (c.program.name, c.tokens)):
        ours = cell.times.get("fanfold")
        rate = f"{cell.bytes / ours.on_device / 1e3:.0f}" if ours and ours.on_device else ""
        kernel = f"{ours.kernel:.1f}" if ours and ours.kernel else ""
        times = [_times(cell.times.get(peer)) for peer in COLUMNS]
        size = f"{cell.bytes / 2**20:.2f}"
        lines.append([cell.program.name, str(cell.tokens), size, rate, _launches(cell), kernel, *times])
    return _markdown(["program", "tokens", "MiB", "GB/s", "launches", "kernel", *COLUMNS], lines)


def _launches(cell: Cell) -> str:
    """Return the launches of each peer: as its compiler counted them, or else the profiler."""
    found = []
    for peer in COLUMNS[:-1]:
        seen = cell.times[peer].launches if peer in cell.times else None
        found.append(str(cell.dispatches.get(peer, "?" if seen is None else f"{seen:.0f}")))
    return " / ".join(found)


def _times(times: Times | None) -> str:
    if times is None:
        return ""
    device = "?" if times.device is None else f"{times.device:.1f}"
    return f"{device} / {times.throughput:.1f} / {times.latency:.1f}"


def _listed(facts: dict[str, Any]) -> str:
    return "\n".join(f"- {name}: {fact}" for name, fact in facts.items())


def _markdown(head: list[str], lines: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---:"] * len(head), *lines))
