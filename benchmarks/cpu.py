# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``python -m benchmarks.cpu``: fanfold, stock IREE, eager, torch.compile and a plain copy, side by side.

All peers get the same inputs, the same cores and the same number of threads, are built for each shape alone and warm
before the clock starts. A call ends when its results are in memory.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from benchmarks.peers import BUILDERS, unavailable
from benchmarks.results import Results, describe_machine
from benchmarks.rounds import PeerError, PeerProcess, measure

ROWS = (1, 16, 256, 1024, 4096)
WIDTHS = (1536, 2048, 4096, 7168)


def _numbers(_context: click.Context, _parameter: click.Parameter, value: str) -> list[int]:
    try:
        return [int(item) for item in value.split(",")]
    except ValueError as error:
        raise click.BadParameter("expected numbers separated by commas") from error


@click.command()
@click.option("--rows", default=",".join(map(str, ROWS)), callback=_numbers, show_default=True)
@click.option("--widths", default=",".join(map(str, WIDTHS)), callback=_numbers, show_default=True)
@click.option("--peers", default=",".join(BUILDERS), show_default=True, help="Columns, separated by commas.")
@click.option("--cores", type=click.IntRange(1), default=2, show_default=True, help="Cores, and threads, of each peer.")
@click.option("--rounds", type=click.IntRange(3), default=9, show_default=True)
@click.option("--batch", default=0.03, show_default=True, help="Seconds on the clock of one peer in one round.")
@click.option("--output", type=click.Path(path_type=Path), default=Path("build/benchmarks/cpu"), show_default=True)
def main(rows: list[int], widths: list[int], peers: str, cores: int, rounds: int, batch: float, output: Path) -> None:
    """Measure RMSNorm with two group-128 FP8 quantisations on this CPU."""
    console = Console()
    names = peers.split(",")
    if unknown := set(names) - set(BUILDERS):
        raise click.BadParameter(f"unknown peers: {', '.join(sorted(unknown))}; there are {', '.join(BUILDERS)}")
    usable = sorted(os.sched_getaffinity(0))[:cores]
    if len(usable) < cores:
        console.print(f"only {len(usable)} cores are usable here, {cores} were asked for")
    os.environ["OMP_NUM_THREADS"] = str(len(usable))  # read by the peers' OpenMP when they start
    results = Results(describe_machine(len(usable)))
    results.skipped = {name: why for name in names if (why := unavailable(name))}
    for name, why in results.skipped.items():
        console.print(f"skipped {name}: {why}")
    shapes = [(row, width) for width in widths for row in rows]
    with ExitStack() as stack, Progress(console=console) as progress:
        running = [stack.enter_context(PeerProcess(name, usable)) for name in names if name not in results.skipped]
        task = progress.add_task("shapes", total=len(shapes))
        for row, width in shapes:
            progress.update(task, description=f"{row} x {width}")
            try:
                results.samples[row, width] = measure(running, row, width, rounds=rounds, batch_seconds=batch)
            except PeerError as error:
                raise click.ClickException(f"at {row} x {width}: {error}") from error
            progress.advance(task)
    results.show(console)
    for path in results.write(output):
        console.print(f"wrote {path}")


if __name__ == "__main__":
    main()
