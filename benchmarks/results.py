# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tables that a benchmark prints, and the files that it writes."""

from __future__ import annotations

import json
import platform
import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from benchmarks.rounds import Sample

PACKAGES = ("fanfold", "torch", "torch-mlir", "iree-base-compiler", "iree-base-runtime", "numpy")
STOCK = ("stock", "stock-O3")


def describe_machine(cores: int) -> dict[str, str]:
    """Return what a reader must know to judge the numbers."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = (line.split(":", 1) for line in info.read_text(encoding="utf-8").splitlines() if ":" in line)
        model = next((value.strip() for key, value in lines if key.strip() == "model name"), model)
    machine = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "cpu": model,
        "cores used": str(cores),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    for package in PACKAGES:
        try:
            machine[package] = version(package)
        except PackageNotFoundError:
            machine[package] = "not installed"
    return machine


@dataclass
class Results:
    """All samples of one run.

    Attributes:
        machine: What :func:`describe_machine` said.
        samples: By (rows, width), then by peer.
        skipped: Peers that did not run, with the reason.
    """

    machine: dict[str, str]
    samples: dict[tuple[int, int], dict[str, Sample]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def peers(self) -> list[str]:
        """The columns: the two stock builds count as one peer, the faster of the two."""
        first = next(iter(self.samples.values()))
        return list(dict.fromkeys("stock" if name in STOCK else name for name in first))

    def sample(self, shape: tuple[int, int], peer: str) -> Sample:
        """The sample of one peer at one shape."""
        found = self.samples[shape]
        names = [name for name in (STOCK if peer == "stock" else (peer,)) if name in found]
        return min((found[name] for name in names), key=lambda sample: sample.milliseconds)

    def ratio(self, shape: tuple[int, int], peer: str, *, best: bool = False) -> float:
        """How many times as long as fanfold the peer takes: typically, or each in its best round."""
        theirs, ours = self.sample(shape, peer), self.sample(shape, "fanfold")
        return theirs.best / ours.best if best else theirs.milliseconds / ours.milliseconds

    def times(self) -> list[list[str]]:
        """The table of times, its head first."""
        lines = [["rows", "width", *self.peers()]]
        for shape in self.samples:
            found = [self.sample(shape, peer) for peer in self.peers()]
            lines.append([*map(str, shape), *(f"{one.milliseconds:.3f} ±{one.spread:.0%}" for one in found)])
        return lines

    def ratios(self) -> list[list[str]]:
        """The table of ratios, its head first and the geometric means last."""
        others = [peer for peer in self.peers() if peer != "fanfold"]
        lines = [["rows", "width", *others]]
        lines += [[*map(str, shape), *(f"{self.ratio(shape, p):.2f}" for p in others)] for shape in self.samples]
        for label, best in (("mean", False), ("best", True)):
            found = ([self.ratio(shape, peer, best=best) for shape in self.samples] for peer in others)
            lines.append(["geometric", label, *(f"{statistics.geometric_mean(ratios):.2f}" for ratios in found)])
        return lines

    def tables(self) -> dict[str, list[list[str]]]:
        """Every table under its title."""
        tables = {"Milliseconds a call: median of the rounds ± interquartile range": self.times()}
        if "fanfold" in self.peers():
            tables["Times as long as fanfold; the last line compares each one's fastest round"] = self.ratios()
        return tables

    def show(self, console: Console) -> None:
        """Print the tables."""
        for title, (head, *lines) in self.tables().items():
            table = Table(*(Column(name, justify="right") for name in head), title=title)
            for line in lines:
                table.add_row(*line)
            console.print(table)

    def write(self, stem: Path) -> list[Path]:
        """Write ``stem.json`` and ``stem.md`` and return their paths."""
        stem.parent.mkdir(parents=True, exist_ok=True)
        shapes = [
            {"rows": rows, "width": width, "peers": {name: sample.to_json() for name, sample in found.items()}}
            for (rows, width), found in self.samples.items()
        ]
        data = {"machine": self.machine, "skipped": self.skipped, "shapes": shapes}
        markdown = ["# CPU benchmark: RMSNorm, view, 2 x group-128 FP8, bf16", ""]
        markdown += [f"- {key}: {value}" for key, value in {**self.machine, **self.skipped}.items()]
        for title, (head, *lines) in self.tables().items():
            markdown += ["", f"## {title}", ""]
            markdown += [f"| {' | '.join(row)} |" for row in (head, ["---:"] * len(head), *lines)]
        written = [stem.with_suffix(".json"), stem.with_suffix(".md")]
        written[0].write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
        written[1].write_text("\n".join(markdown) + "\n", encoding="utf-8")
        return written
