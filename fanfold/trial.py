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
ACCURACY_FACTOR = 2.0  # how much further than eager's a result may be from that in f32
BF16_STEP = 2.0**-7  # the largest relative distance of two neighbouring bf16 values
_FAR = 1000  # where NaN lies among 8-bit values, in representable values


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


@dataclass(frozen=True)
class Accuracy:
    """How far one output is from the same model's in f32, next to how far eager's is.

    Errors are relative to the root mean square of the f32 result. The worst one alone would say little: it is that of
    the largest value, rounded to bf16 at the very end.

    Attributes:
        index: Its place among the model's outputs.
        own: fanfold's errors: root mean square, worst.
        eager: Eager's.
    """

    index: int
    own: tuple[float, float]
    eager: tuple[float, float]

    @property
    def ok(self) -> bool:
        """Whether each of fanfold's errors is at most ``ACCURACY_FACTOR`` times eager's."""
        return all(own <= ACCURACY_FACTOR * eager for own, eager in zip(self.own, self.eager, strict=True))

    def __str__(self) -> str:
        own, eager = (f"{mean:.1e} (worst {worst:.1e})" for mean, worst in (self.own, self.eager))
        verdict = "ok" if self.ok else "NOT OK"
        return f"output {self.index}: {own} relative from f32's, eager's {eager}: {verdict}"


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
    comparisons: Sequence[Comparison | Accuracy]
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
        error, size = _error(found, expected), expected.double().abs().nan_to_num(nan=0.0, posinf=0.0)
        differing, limit = (error > SCALE_TOLERANCE * size).float().mean().item(), limits.relative
        # Relative to the typical value: of a sum that cancels to almost nothing, no digit is right anywhere.
        worst = (error / size.clamp(min=_root_mean_square(expected))).max().item()
    return Comparison(index, kind, differing, worst, ok=differing <= limits.differing and worst <= limit)


def compare_accuracy(found: Any, eager: Any, reference: Any) -> list[Accuracy]:
    """Measure how far a result and eager's are from that of the same model in f32, output by output."""
    triples = zip(*(_pytree.tree_leaves(result) for result in (found, eager, reference)), strict=True)
    accuracies = []
    for index, (a, b, exact) in enumerate(triples):
        same_kind = (a.dtype, a.shape) == (b.dtype, b.shape)
        own = _errors(a, exact) if same_kind else (float("inf"), float("inf"))
        accuracies.append(Accuracy(index, own, _errors(b, exact)))
    return accuracies


def _errors(found: Tensor, exact: Tensor) -> tuple[float, float]:
    error, size = _error(found, exact), _root_mean_square(exact)
    return error.square().mean().sqrt().item() / size, error.max().item() / size


def _error(found: Tensor, expected: Tensor) -> Tensor:
    """Return the distance of each value; NaN and infinity are no distance from themselves, and far from all else."""
    a, b = found.double(), expected.double()
    same = (a == b) | (a.isnan() & b.isnan())
    return torch.where(same, 0.0, (a - b).abs().nan_to_num(nan=float("inf")))


def _root_mean_square(values: Tensor) -> float:
    """Return the typical size of what is finite, never zero."""
    finite = values[values.isfinite()].double()
    smallest = torch.finfo(torch.float32).tiny
    return max(finite.square().mean().sqrt().item(), smallest) if finite.numel() else smallest


def _ordered(values: Tensor) -> Tensor:
    """Map 8-bit values to integers such that neighbours differ by one, and NaN is far from all but itself."""
    if values.dtype == torch.int8:
        return values.int()
    bits = values.view(torch.uint8).int()
    magnitude = bits & 0x7F  # sign and magnitude in every fp8 format
    signed = torch.where(bits >= 0x80, -magnitude, magnitude)
    return torch.where(values.float().isnan(), _FAR, signed)


#: Seconds of calls that a median is made of; five calls at least.
SECONDS = 1.0


def time_call(function: Callable[[], object]) -> float:
    """Return the median milliseconds of a call, after two that do not count."""
    for _ in range(2):
        function()
    times: list[float] = []
    end = time.perf_counter() + SECONDS
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
    reference: nn.Module | None = None,
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
        limits: How far the results may be off eager's.
        reference: The same model in f32. When given, both are compared with it instead, which suits a model whose sums
            in bf16 leave no digit that two correct orders of summation share.
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
        found, expected = program(*args), model(*args)
        if reference is None:
            comparisons: Sequence[Comparison | Accuracy] = compare(found, expected, limits)
        else:
            comparisons = compare_accuracy(found, expected, reference(*(tensor.float() for tensor in args)))
        trial = Trial(title, program.report, comparisons)
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
        console.print(f"  {comparison}", style="green" if comparison.ok else "red", highlight=False, soft_wrap=True)
    table = Table("", "ms a call", "times fanfold's")
    own = trial.milliseconds["fanfold"]
    for name, milliseconds in trial.milliseconds.items():
        table.add_row(name, f"{milliseconds:.3f}", f"{milliseconds / own:.2f}")
    for name, why in trial.skipped.items():
        table.add_row(name, "skipped", why)
    console.print(table)
