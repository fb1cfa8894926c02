# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``python -m benchmarks.call_overhead``: what a call of an Executable costs over a call of IREE's runtime.

Both call the same loaded module in one process. IREE's call gets buffer views that were made before, and ends with
views of the results; ours begins with torch tensors, checks them, and ends with torch tensors. The two take turns, in
batches that are shorter than a time slice, so that another process disturbs few of them.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
import iree.runtime as rt
import torch
from torch import Tensor

import fanfold
from benchmarks.results import describe_machine
from fanfold.backends.program import Program

WIDTH = 1536


class Norm(torch.nn.Module):
    """One input, one result: a norm with its weight inside."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.RMSNorm(WIDTH, dtype=torch.bfloat16)

    def forward(self, x: Tensor) -> Tensor:
        """Return the norm."""
        y: Tensor = self.norm(x)
        return y


class NormQuant(Norm):
    """One input, two results: the norm, quantised by groups to FP8."""

    def forward(self, x: Tensor) -> Any:
        """Return the quantised norm and its scales."""
        return fanfold.ops.group_quant(self.norm(x), 128)


class AddNormQuant(torch.nn.Module):
    """Two inputs, three results: a residual stream, its norm quantised by groups to FP8, and the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.RMSNorm(WIDTH, dtype=torch.bfloat16)

    def forward(self, x: Tensor, residual: Tensor) -> Any:
        """Return the quantised norm, its scales and the sum."""
        total = x + residual
        return (*fanfold.ops.group_quant(self.norm(total), 128), total)


@dataclass(frozen=True)
class Case:
    """What is called.

    Attributes:
        name: Its line in the table.
        model: The model.
        inputs: How many inputs it has.
        dynamic: Whether the number of rows is.
    """

    name: str
    model: type[torch.nn.Module]
    inputs: int
    dynamic: bool = False


CASES = (
    Case("norm: 1 input, 1 result", Norm, 1),
    Case("norm, FP8: 1 input, 2 results", NormQuant, 1),
    Case("the same, dynamic rows", NormQuant, 1, dynamic=True),
    Case("add, norm, FP8: 2 inputs, 3 results", AddNormQuant, 2),
)


def bare_call(executable: fanfold.Executable, inputs: tuple[Tensor, ...]) -> Callable[[], list[Any]]:
    """Return a call of the executable's module through IREE's own runtime, as it is made for inputs of this size."""
    program = executable.load().program_for(sum(tensor.nbytes for tensor in inputs))
    if not isinstance(program, Program):
        raise TypeError(f"IREE does not run programs on {executable.device}")
    views = [program.import_tensor(number, tensor) for number, tensor in enumerate(inputs)]
    results = len(executable.signature.outputs)
    context, function = program.context, program.function

    def call() -> list[Any]:
        arguments, found = rt.VmVariantList(len(views)), rt.VmVariantList(results)
        for view in views:
            arguments.push_ref(view)
        context.invoke(function, arguments, found)
        return [found.get_as_object(number, rt.HalBufferView) for number in range(results)]

    return call


def microseconds(call: Callable[[], object], calls: int) -> float:
    """Return the time of a call, as the mean of a batch."""
    start = time.perf_counter_ns()
    for _ in range(calls):
        call()
    return (time.perf_counter_ns() - start) / calls / 1e3


def measure(case: Case, rows: int, rounds: int, calls: int) -> tuple[list[float], list[float]]:
    """Return the microseconds of a call in each round: IREE's and ours."""
    torch.manual_seed(0)
    inputs = tuple(torch.randn(rows, WIDTH).bfloat16() for _ in range(case.inputs))
    shapes = tuple({0: torch.export.Dim("rows")} for _ in inputs) if case.dynamic else None
    executable = fanfold.compile(case.model(), inputs, target="cpu", dynamic_shapes=shapes)
    peers = (bare_call(executable, inputs), lambda: executable(*inputs))
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + rounds // 10):
        for peer in (0, 1) if number % 2 else (1, 0):
            found = microseconds(peers[peer], calls)
            if number >= rounds // 10:  # what came before was warming up
                times[peer].append(found)
    return times


@click.command()
@click.option("--rows", type=click.IntRange(1), default=2, show_default=True, help="Rows of each input.")
@click.option("--rounds", type=click.IntRange(10), default=2000, show_default=True, help="Batches of each.")
@click.option("--calls", type=click.IntRange(1), default=20, show_default=True, help="Calls in a batch.")
def main(rows: int, rounds: int, calls: int) -> None:
    """Measure what a call costs beside the module's own work, and print a table."""
    for name, value in describe_machine(1).items():
        click.echo(f"- {name}: {value}")
    click.echo(f"\n{rows} x {WIDTH} bf16, {rounds} rounds of {calls} calls each, microseconds a call\n")
    click.echo("| call | IREE, best | fanfold, best | more | IREE, median | fanfold, median | more |")
    click.echo("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for case in CASES:
        bare, ours = measure(case, rows, rounds, calls)
        columns = []
        for summary in (min, statistics.median):
            a, b = summary(bare), summary(ours)
            columns += [a, b, b - a]
        click.echo(f"| {case.name} | " + " | ".join(f"{column:.1f}" for column in columns) + " |")


if __name__ == "__main__":
    main()
