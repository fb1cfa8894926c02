# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``python -m benchmarks.recorded_list DEVICE...``: what the launches of a recorded list cost on Level Zero and OpenCL.

Models of some products of tiny matrices, one dispatch each, are called with inputs on the CPU: the list copies them to
the device, runs the dispatches one after the other, and copies the result back. What the call costs beside the launches
is the fixed part; a line through two lengths gives both. On a machine without an Intel GPU, `opencl` is the processor,
and with ``--test-driver`` so is `level_zero`: it goes through the real loader to the driver of the tests, which checks
every call.
"""

from __future__ import annotations

import functools
import importlib
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import click
import torch
from torch import Tensor

import fanfold
from benchmarks.call_overhead import microseconds
from benchmarks.results import describe_machine
from fanfold.errors import FanfoldError

ROOT = Path(__file__).resolve().parents[1]
SIZE = 16
LENGTHS = (2, 32)


class Chain(torch.nn.Module):
    """Products of square matrices, each of the one before.

    Args:
        length: How many.
    """

    def __init__(self, length: int) -> None:
        super().__init__()
        self._length = length

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Return the last product."""
        for _ in range(self._length):
            x = x @ w
        return x


def make_calls(device: str) -> list[Callable[[], object]]:
    """Return a call of a model of each length.

    Raises:
        click.ClickException: If IREE made another number of dispatches.
        FanfoldError: If there is no such device.
    """
    calls: list[Callable[[], object]] = []
    inputs = torch.randn(SIZE, SIZE), torch.eye(SIZE)
    for length in LENGTHS:
        compiled = fanfold.compile(Chain(length), inputs, target="xpu", device=device)
        if compiled.report.dispatches != length:
            raise click.ClickException(f"{length} products became {compiled.report.dispatches} dispatches")
        compiled.load()
        calls.append(functools.partial(compiled, *inputs))
    return calls


def take_test_driver() -> None:
    """Build the tests' driver of Level Zero, unless it is there, and let the loader take it.

    Raises:
        click.ClickException: If this machine lacks something that it needs.
    """
    folder = ROOT / "build" / "level_zero"
    folder.mkdir(parents=True, exist_ok=True)
    # Helpers of tests are imported as tests do it; the package is not on the path otherwise.
    sys.path.insert(0, str(ROOT / "tests"))
    chosen = importlib.import_module("level_zero.chosen")
    if lacks := chosen.why_not():
        raise click.ClickException(lacks)
    chosen.choose(folder)


@click.command()
@click.argument("devices", nargs=-1, required=True)
@click.option("--rounds", type=click.IntRange(10), default=300, show_default=True, help="Batches of each length.")
@click.option("--batch", type=click.IntRange(1), default=10, show_default=True, help="Calls in a batch.")
@click.option("--test-driver", is_flag=True, help="Level Zero is the tests' driver, on Intel's runtime for CPUs.")
def main(devices: tuple[str, ...], rounds: int, batch: int, test_driver: bool) -> None:
    """Measure what recorded launches cost, and print a table."""
    if test_driver:
        take_test_driver()
    for name, value in describe_machine(1).items():
        click.echo(f"- {name}: {value}")
    click.echo(f"\n{rounds} rounds of {batch} calls each, microseconds\n")
    click.echo("| device | a call, best | a launch, best | a call, median | a launch, median |")
    click.echo("| --- | ---: | ---: | ---: | ---: |")
    for device in devices:
        try:
            calls = make_calls(device)
        except FanfoldError as error:
            raise click.ClickException(f"{error}\n--test-driver measures Level Zero without a GPU") from error
        times: list[list[float]] = [[] for _ in LENGTHS]
        for number in range(rounds + rounds // 10):
            for call, found in zip(calls, times, strict=True):
                taken = microseconds(call, batch)
                if number >= rounds // 10:  # what came before was warming up
                    found.append(taken)
        columns = []
        for summary in (min, statistics.median):
            short, long = (summary(found) for found in times)
            launch = (long - short) / (LENGTHS[1] - LENGTHS[0])
            columns += [short - LENGTHS[0] * launch, launch]
        click.echo(f"| {device} | " + " | ".join(f"{column:.1f}" for column in columns) + " |")


if __name__ == "__main__":
    main()
