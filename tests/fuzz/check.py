# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compile graphs, run them, and compare with eager PyTorch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

import fanfold

from .bounds import Bounds, flushed, monotone, order
from .graph import Graph, Model, dynamic_dims, run_step
from .sources import numbers, resized
from .table import KINDS


@dataclass(frozen=True)
class Finding:
    """A graph that does not do what eager does.

    Attributes:
        graph: The graph.
        symptom: What kind of mistake it is; a smaller graph with the same symptom shows the same mistake.
        details: What happened.
    """

    graph: Graph
    symptom: str
    details: str


@dataclass
class Outcome:
    """What became of some graphs.

    Attributes:
        graphs: How many were compared.
        calls: How many calls of graphs were compared.
        elements: How many elements were compared.
        exact: For how many of them the bounds were one value.
        findings: What went wrong.
        kernels: How often each row-wise op got a kernel of ours.
        refused: How often each one did not, by op and reason.
        apart: Reasons why an op with a kernel is not in one with its neighbours.
    """

    graphs: int = 0
    calls: int = 0
    elements: int = 0
    exact: int = 0
    findings: list[Finding] = field(default_factory=list)
    kernels: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    apart: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Outcome) -> None:
        """Count another outcome in."""
        self.graphs += other.graphs
        self.calls += other.calls
        self.elements += other.elements
        self.exact += other.exact
        self.findings += other.findings
        self.kernels += other.kernels
        self.refused += other.refused
        self.apart += other.apart


def expect(graph: Graph, sources: Mapping[str, Tensor]) -> list[tuple[Tensor, Bounds]]:
    """Run a graph in eager and return each output with its bounds."""
    values = dict(sources)
    bounds = {name: Bounds(value, value) for name, value in values.items()}
    for step in graph.steps:
        kind = KINDS[step.kind]
        made = run_step(step, values)
        operands = [flushed(bounds[name]) if kind.plain else bounds[name] for name in step.operands]
        if kind.bound is None:
            within = monotone(kind.run, operands, **step.options)
        else:
            within = kind.bound(*operands, **step.options)
        for name, value, own in zip(step.results, made, within, strict=True):
            # A mistake in the bounds themselves would otherwise hide mistakes of the compiler.
            assert own.low.shape == value.shape, f"{step}: bounds of another shape"
            assert own.low.dtype == value.dtype, f"{step}: bounds of another dtype"
            assert not own.outside(value).any(), f"{step}: eager's result is not within the bounds"
            values[name] = value
            bounds[name] = flushed(own) if kind.plain else own
    return [(values[name], bounds[name]) for name in graph.outputs]


def check(graphs: Sequence[Graph]) -> Outcome:
    """Compile graphs as one model and compare; what does not compile is compiled in halves."""
    constants = [{source.name: numbers(source) for source in graph.constants} for graph in graphs]
    model = Model(graphs, constants)
    examples = tuple(numbers(source) for graph in graphs for source in graph.inputs)
    try:
        program = fanfold.compile(model, examples, dynamic_shapes=dynamic_dims(graphs))
    except Exception as error:  # noqa: BLE001 - whatever a compiler throws is a finding
        return _failed(graphs, "does not compile", error)
    outcome = Outcome(graphs=len(graphs))
    _count(program.report, outcome)
    for call in range(1 + max(len(graph.calls) for graph in graphs)):
        # Call 0 is with the examples; then each graph takes its own sizes in turn.
        sized = [
            resized(graph, graph.calls[(call - 1) % len(graph.calls)]) if call and graph.calls else graph
            for graph in graphs
        ]
        inputs = [{source.name: numbers(source, call) for source in graph.inputs} for graph in sized]
        try:
            found = program(*(value for own in inputs for value in own.values()))
        except Exception as error:  # noqa: BLE001 - the same for the runtime
            return _failed(graphs, "does not run", error)
        for index, graph in enumerate(graphs):
            if any(graph is finding.graph for finding in outcome.findings):
                continue
            symptom = "wrong numbers"
            try:
                expected = expect(graph, {**constants[index], **inputs[index]})
                wrong = compare(found[index], expected, outcome) or _misplaced(graph, found[index], expected)
            except (AssertionError, RuntimeError) as error:
                symptom, wrong = "a mistake of the fuzzer", str(error)
            if wrong:
                shapes = {name: list(value.shape) for name, value in inputs[index].items()}
                outcome.findings.append(Finding(graph, symptom, f"call {call} with {shapes}: {wrong}"))
    return outcome


def _failed(graphs: Sequence[Graph], symptom: str, error: Exception) -> Outcome:
    if len(graphs) > 1:
        outcome = check(graphs[: len(graphs) // 2])
        outcome.add(check(graphs[len(graphs) // 2 :]))
        if not outcome.findings:
            outcome.findings.append(Finding(graphs[0], f"{symptom}, together with others", str(error)))
        return outcome
    text = f"{type(error).__name__}: {error}"
    # Numbers and names differ from graph to graph, the kind of error does not.
    return Outcome(graphs=1, findings=[Finding(graphs[0], f"{symptom}: {type(error).__name__}", text)])


def compare(found: Sequence[Tensor], expected: Sequence[tuple[Tensor, Bounds]], outcome: Outcome) -> str:
    """Return what is wrong with the results of a graph, or nothing."""
    outcome.calls += 1
    problems = []
    for index, (a, (b, bounds)) in enumerate(zip(found, expected, strict=True)):
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            problems.append(f"output {index} is {a.dtype} {list(a.shape)}, not {b.dtype} {list(b.shape)}")
            continue
        outcome.elements += a.numel()
        outcome.exact += int((order(bounds.low) == order(bounds.high)).sum())
        outside = bounds.outside(a)
        if outside.any():
            place = tuple(int(i) for i in outside.nonzero()[0])
            low, high = (end[place].float().item() for end in (bounds.low, bounds.high))
            problems.append(
                f"output {index} ({str(b.dtype).removeprefix('torch.')} {list(b.shape)}): {int(outside.sum())} of "
                f"{a.numel()} are wrong, at {place} {a[place].float().item()!r} where eager has "
                f"{b[place].float().item()!r} and [{low!r}, {high!r}] is allowed"
            )
    return "; ".join(problems)


def _misplaced(graph: Graph, found: Sequence[Tensor], expected: Sequence[tuple[Tensor, Bounds]]) -> str:
    """Return which scales do not lie in memory as their layout says; of other results, nothing is promised."""
    laid_out = {step.results[1] for step in graph.steps if "scale_layout" in step.options}
    for name, a, (b, _) in zip(graph.outputs, found, expected, strict=True):
        strides = [(m, n) for m, n, size in zip(a.stride(), b.stride(), b.shape, strict=True) if size > 1]
        if name in laid_out and b.numel() and any(m != n for m, n in strides):
            return f"{name} has strides {a.stride()}, not {b.stride()}"
    return ""


def _count(report: fanfold.report.Report, outcome: Outcome) -> None:
    for decision in report.decisions:
        if decision.kernel:
            outcome.kernels[decision.op] += 1
        if decision.reason:
            (outcome.apart if decision.kernel else outcome.refused)[decision.op, decision.reason] += 1
