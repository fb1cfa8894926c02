# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``python -m benchmarks.compile_time``: how long compiling takes, stage by stage and by the number of layers.

Each line is a compilation in a fresh process, so everything is cold but the files that the system has cached. ``demo``
is what ``fanfold demo`` compiles. The others are layers of the query path at DeepSeek-V3.2's true sizes: norm,
projection, norm, view and two group-128 FP8 quantisations, and a projection back into the hidden state that the next
layer reads. Each layer has its own norm weights. All share the two projections, since 61 of them do not fit everywhere;
they are no part of the IR.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

import click

STAGES = ("export", "import", "passes", "compile")
LAYERS = (1, 8, 61)


@click.command()
@click.option("--layers", multiple=True, type=click.IntRange(1), default=LAYERS, show_default=True, help="Repeat it.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="The median of so many is shown.")
@click.option("--cores", type=click.IntRange(1), default=2, show_default=True, help="CPU cores that a process may use.")
@click.option("--rows", type=click.IntRange(2), default=256, show_default=True, help="Tokens.")
@click.option(
    "--target", "targets", multiple=True, default=("cpu",), show_default=True, help="Compile for it. Repeat it."
)
@click.option("--one", hidden=True, help="Compile this in this process and print its seconds as JSON.")
def main(
    layers: tuple[int, ...], rounds: int, cores: int, rows: int, targets: tuple[str, ...], one: str | None
) -> None:
    """Measure the seconds of each stage of a compilation."""
    if one is not None:
        click.echo(json.dumps(_measure(one, rows, targets[0])))
        return
    from rich.console import Console
    from rich.table import Column, Table

    from benchmarks.results import describe_machine

    usable = sorted(os.sched_getaffinity(0))[:cores]
    os.sched_setaffinity(0, usable)  # what a process may use, its children may use
    console = Console()
    console.print(", ".join(f"{key} {value}" for key, value in describe_machine(len(usable)).items()), highlight=False)
    head = ["layers", "target", "start", *STAGES, "total", "a layer", "passes a layer", "share"]
    table = Table(*(Column(name, justify="right") for name in head), title="Seconds, cold", box=None)
    for name, target in itertools.product(("demo", *map(str, layers)), targets):
        with console.status(f"{name} for {target}"):
            runs = [_in_fresh_process(name, rows, target) for _ in range(rounds)]
        seconds = {stage: statistics.median(run[stage] for run in runs) for stage in runs[0]}
        count = int(name) if name.isdecimal() else 1
        total = sum(seconds[stage] for stage in STAGES)
        passes = seconds["passes"]
        table.add_row(
            *(name, target),
            *(f"{seconds[stage]:.2f}" for stage in ("start", *STAGES)),
            f"{total:.2f}",
            f"{total / count:.3f}",
            f"{passes / count:.4f}",
            f"{passes / total:.1%}",
        )
    console.print(table)
    console.print(
        "start: importing torch and fanfold, no part of the total; share: of the total, for our passes", highlight=False
    )


def _in_fresh_process(name: str, rows: int, target: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.compile_time", "--one", name, "--rows", str(rows), "--target", target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"{name}: {done.stderr}")
    seconds: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def _measure(name: str, rows: int, target: str) -> dict[str, float]:
    start = time.perf_counter()
    import torch

    import fanfold

    started = time.perf_counter() - start
    model = _model(name)
    x = torch.zeros(1, rows, 7168, dtype=torch.bfloat16)
    with torch.no_grad():
        report = fanfold.compile(model, (x,), target=target).report
    return {"start": started, **report.timings}


def _model(name: str) -> Any:
    import torch
    from torch import Tensor, nn

    from fanfold.demo import HIDDEN, Q_LORA_RANK, NormAndQuantize, RMSNorm, build

    quantize = torch.ops.fanfold.group_quant
    if name == "demo":
        return build(quantize)

    class Layers(nn.Module):
        """Query paths on one hidden state."""

        def __init__(self, count: int) -> None:
            super().__init__()
            self.norms = nn.ModuleList(RMSNorm(HIDDEN) for _ in range(count))
            self.tails = nn.ModuleList(NormAndQuantize(Q_LORA_RANK, quantize) for _ in range(count))
            self.down = nn.Linear(HIDDEN, Q_LORA_RANK, bias=False)
            self.up = nn.Linear(Q_LORA_RANK, HIDDEN, bias=False)

        def forward(self, x: Tensor) -> list[Tensor]:
            results: list[Tensor] = []
            for norm, tail in zip(self.norms, self.tails, strict=True):
                y = self.down(norm(x))
                results += tail(y)
                x = x + self.up(y)
            return results

    return Layers(int(name)).bfloat16().eval()


if __name__ == "__main__":
    main()
