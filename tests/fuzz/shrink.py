# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Make a failing graph small."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from .check import Finding, check, expect
from .graph import Graph, Source, Step
from .sources import numbers

#: How many smaller graphs are compiled at most.
TRIES = 80


def shrink(finding: Finding, examine: Callable[[Graph], list[Finding]] | None = None, tries: int = TRIES) -> Finding:
    """Return the finding for the smallest graph with the same symptom that a greedy search comes to."""
    run = examine or (lambda graph: check([graph]).findings)
    best = finding
    progress = True
    while progress and tries > 0:
        progress = False
        for candidate in candidates(best.graph):
            if not _runs(candidate):
                continue
            tries -= 1
            same = [found for found in run(candidate) if found.symptom == best.symptom]
            if same:
                best, progress = same[0], True
                break
            if tries <= 0:
                break
    return best


def candidates(graph: Graph) -> Iterator[Graph]:
    """Give graphs that are a little smaller, the greatest savings first."""
    if len(graph.outputs) > 1:
        for name in dict.fromkeys(graph.outputs):
            yield pruned(replace(graph, outputs=(name,)))
        for i in range(len(graph.outputs)):
            yield pruned(replace(graph, outputs=graph.outputs[:i] + graph.outputs[i + 1 :]))
    for i in reversed(range(len(graph.steps))):
        yield from _without_step(graph, i)
    if len(graph.calls) > 1:
        for call in graph.calls:
            yield replace(graph, calls=(call,))
    if graph.calls:
        yield replace(graph, calls=())
    if graph.dynamic:
        yield replace(graph, dynamic=(), calls=())
    inputs = [source.name for source in graph.inputs]
    if inputs:
        yield from _reshaped(graph)
    for i, step in enumerate(graph.steps):
        for option in step.options:
            options = {name: value for name, value in step.options.items() if name != option}
            yield _with_step(graph, i, replace(step, options=options))
    for i, source in enumerate(graph.sources):
        if source.specials:
            yield _with_source(graph, i, replace(source, specials=source.specials[1:]))
        if source.exponent:
            yield _with_source(graph, i, replace(source, exponent=0))


def pruned(graph: Graph) -> Graph:
    """Return the graph without the steps and weights that no output needs."""
    needed = set(graph.outputs)
    steps: list[Step] = []
    for step in reversed(graph.steps):
        if needed & set(step.results):
            needed |= set(step.operands)
            steps.insert(0, step)
    used = tuple(source for source in graph.sources if source.name in needed)
    # A model needs an input.
    return replace(graph, steps=tuple(steps), sources=used if any(not s.constant for s in used) else graph.sources)


def _without_step(graph: Graph, index: int) -> Iterator[Graph]:
    """Give the graphs in which what the step made is one of its operands, or is not asked for."""
    step = graph.steps[index]
    rest = graph.steps[:index] + graph.steps[index + 1 :]
    for operand in step.operands:
        names = dict.fromkeys(step.results, operand)
        steps = tuple(replace(s, operands=tuple(names.get(n, n) for n in s.operands)) for s in rest)
        yield pruned(replace(graph, steps=steps, outputs=tuple(names.get(n, n) for n in graph.outputs)))


def _reshaped(graph: Graph) -> Iterator[Graph]:
    shape = graph.inputs[0].shape
    smaller = [
        (*shape[:i], 1, *shape[i + 1 :]) for i in range(len(shape) - 1) if shape[i] > 1 and i not in graph.dynamic
    ]
    smaller += [(*shape[:-1], width) for width in (1, 2, 8, 32, 64, 128) if width < shape[-1]]
    if len(shape) > 1 and not graph.dynamic:
        smaller.insert(0, shape[1:])
    for new in smaller:

        def resize(source: Source, new: tuple[int, ...] = new) -> Source:
            if not source.constant:
                return replace(source, shape=new)
            return replace(source, shape=new[-1:]) if source.shape == shape[-1:] else source

        yield replace(graph, sources=tuple(resize(source) for source in graph.sources))


def _with_step(graph: Graph, index: int, step: Step) -> Graph:
    return replace(graph, steps=(*graph.steps[:index], step, *graph.steps[index + 1 :]))


def _with_source(graph: Graph, index: int, source: Source) -> Graph:
    return replace(graph, sources=(*graph.sources[:index], source, *graph.sources[index + 1 :]))


def _runs(graph: Graph) -> bool:
    """Return whether eager runs the graph at all: a smaller shape or a missing step may make it senseless."""
    if not graph.inputs or not graph.outputs:
        return False
    try:
        expect(graph, {source.name: numbers(source) for source in graph.sources})
    except Exception:  # noqa: BLE001 - whatever is wrong, it is not a smaller example
        return False
    return True
