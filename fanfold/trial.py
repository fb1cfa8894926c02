# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trials: compile a model, compare its results with eager PyTorch's, and time it against eager and ``torch.compile``.

The demo and the programs in ``examples/`` are trials.
"""

from __future__ import annotations

import os
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree

if TYPE_CHECKING:
    from rich.console import Console

    from fanfold.report import Report

SCALE_TOLERANCE = 1e-6
BF16_STEP = 2.0**-7  # the largest relative distance of two neighbouring bf16 values


@dataclass(frozen=True)
class Limits:
    """What a comparison must keep to.

    Attributes:
        differing: Largest fraction of values that may differ at all.
        steps: Largest distance of two 8-bit values, in representable values.
        relative: Largest distance of two floating-point values, relative to the root mean square of the expected.
    """

    differing: float
    steps: int
    relative: float


#: What a norm and its quantisations guarantee on equal inputs: another order of the sum may flip a bf16 rounding.
SAME_INPUT = Limits(differing=1e-3, steps=1, relative=BF16_STEP)


@dataclass(frozen=True)
class Comparison:
    """How one output compares with eager's.

    Attributes:
        index: Its place among the model's outputs.
        kind: Its dtype.
        differing: Fraction of bytes (8-bit types) or values (others, beyond ``SCALE_TOLERANCE``) that differ.
        worst: Largest distance: representable values for 8-bit types, relative for the others.
        ok: Whether it keeps to the limits.
    """

    index: int
    kind: str
    differing: float
    worst: float
    ok: bool

    def __str__(self) -> str:
        worst = f"{self.worst:.0f} steps" if self.kind.startswith(("float8", "int8")) else f"{self.worst:.1e} relative"
        verdict = "ok" if self.ok else "NOT OK"
        return f"output {self.index} {self.kind}: {1 - self.differing:.3%} equal, at most {worst} off: {verdict}"


@dataclass
class Trial:
    """The result of a trial.

    Attributes:
        title: What was tried.
        report: fanfold's account of the compilation.
        comparisons: One for each output.
        milliseconds: Time of a call by competitor, fanfold among them.
        skipped: Competitors that did not run, with the reason.
    """

    title: str
    report: Report
    comparisons: list[Comparison]
    milliseconds: dict[str, float] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every output keeps to the limits."""
        return all(comparison.ok for comparison in self.comparisons)


def plain_group_quant(x: Tensor, group_size: int = 128) -> tuple[Tensor, Tensor]:
    """Quantise as ``torch.ops.fanfold.group_quant`` does, in plain torch ops.

    Competitors run this: Inductor cannot see into a custom op.
    """
    groups = x.float().unflatten(-1, (-1, group_size))
    scales = groups.abs().amax(dim=-1, keepdim=True).clamp(min=1e-10) / 448.0
    q = (groups / scales).clamp(-448.0, 448.0).to(torch.float8_e4m3fn)
    return q.flatten(-2), scales.squeeze(-1)


def compare(found: Any, expected: Any, limits: Limits = SAME_INPUT) -> list[Comparison]:
    """Compare two results of one model, output by output."""
    pairs = zip(_pytree.tree_leaves(found), _pytree.tree_leaves(expected), strict=True)
    return [_compare(index, a, b, limits) for index, (a, b) in enumerate(pairs)]


def _compare(index: int, found: Tensor, expected: Tensor, limits: Limits) -> Comparison:
    kind = str(expected.dtype).removeprefix("torch.")
    if (found.dtype, found.shape) != (expected.dtype, expected.shape):
        return Comparison(index, kind, differing=1.0, worst=float("inf"), ok=False)
    if not expected.numel():
        return Comparison(index, kind, differing=0.0, worst=0.0, ok=True)
    if expected.element_size() == 1:
        distance = (_ordered(found) - _ordered(expected)).abs()
        differing, worst, limit = (distance > 0).float().mean().item(), distance.max().item(), float(limits.steps)
    else:
        error = (found.double() - expected.double()).abs()
        tolerance = SCALE_TOLERANCE * expected.double().abs()
        # Relative to the typical value: of a sum that cancels to almost nothing, no digit is right anywhere.
        size = expected.double().square().mean().sqrt().clamp(min=torch.finfo(torch.float32).tiny)
        differing, limit = (error > tolerance).float().mean().item(), limits.relative
        worst = (error / torch.maximum(expected.double().abs(), size)).max().item()
    return Comparison(index, kind, differing, worst, ok=differing <= limits.differing and worst <= limit)


def _ordered(values: Tensor) -> Tensor:
    """Map 8-bit values to integers such that neighbours differ by one."""
    if values.dtype == torch.int8:
        return values.int()
    bits = values.view(torch.uint8).int()
    magnitude = bits & 0x7F  # sign and magnitude in every fp8 format
    return torch.where(bits >= 0x80, -magnitude, magnitude)


def time_call(function: Callable[[], object], seconds: float = 1.0) -> float:
    """Return the median milliseconds of a call, after two that do not count."""
    for _ in range(2):
        function()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def why_no_torch_compile() -> str | None:
    """Return why ``torch.compile`` cannot run on this machine, or ``None``."""
    compiler = os.environ.get("CXX", "g++")
    return None if shutil.which(compiler) else f"needs a C++ compiler, and there is no {compiler}"


def run_trial(
    title: str,
    model: nn.Module,
    args: Sequence[Tensor],
    *,
    competitor: nn.Module,
    limits: Limits = SAME_INPUT,
    target: str = "cpu",
    torch_compile: bool = True,
    step: Callable[[str], None] = lambda _: None,
) -> Trial:
    """Compile ``model`` with fanfold and compare it with eager PyTorch.

    Args:
        title: What is tried.
        model: The model, in which quantisations are ``torch.ops.fanfold`` ops: eager runs it as the oracle.
        args: Its arguments.
        competitor: The same model in plain torch ops, which is timed eagerly and under ``torch.compile``.
        limits: How far the results may be off.
        target: fanfold's target.
        torch_compile: Whether ``torch.compile`` runs too.
        step: Told what happens next.

    Returns:
        The trial; the caller decides what a result beyond the limits means.
    """
    import fanfold

    step(f"{title}: compiling")
    program = fanfold.compile(model, tuple(args), target=target)
    with torch.inference_mode():
        step(f"{title}: comparing with eager")
        trial = Trial(title, program.report, compare(program(*args), model(*args), limits))
        step(f"{title}: timing fanfold")
        trial.milliseconds["fanfold"] = time_call(lambda: program(*args))
        step(f"{title}: timing eager")
        trial.milliseconds["eager"] = time_call(lambda: competitor(*args))
        why_not = why_no_torch_compile() if torch_compile else "switched off"
        if why_not:
            trial.skipped["torch.compile"] = why_not
        else:
            step(f"{title}: torch.compile compiles")
            compiled = torch.compile(competitor, dynamic=False)
            compiled(*args)
            step(f"{title}: timing torch.compile")
            trial.milliseconds["torch.compile"] = time_call(lambda: compiled(*args))
    return trial


def show(console: Console, trial: Trial) -> None:
    """Print a trial: the fusion report, the comparison with eager, the times."""
    from rich.table import Table

    console.rule(trial.title)
    console.print(str(trial.report), highlight=False, markup=False, soft_wrap=True)
    for comparison in trial.comparisons:
        console.print(f"  {comparison}", style="green" if comparison.ok else "red", highlight=False)
    table = Table("", "ms a call", "times fanfold's")
    own = trial.milliseconds["fanfold"]
    for name, milliseconds in trial.milliseconds.items():
        table.add_row(name, f"{milliseconds:.3f}", f"{milliseconds / own:.2f}")
    for name, why in trial.skipped.items():
        table.add_row(name, "skipped", why)
    console.print(table)
