# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A graph as data, and the model that runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from .kind import results
from .table import KINDS


@dataclass(frozen=True)
class Source:
    """A tensor that a graph starts from.

    Attributes:
        name: Its name among the graph's values.
        shape: Its shape; the sizes of dynamic dims are those of the example.
        dtype: Its dtype's name in torch.
        seed: What its numbers are made from.
        exponent: The numbers are of the order of two to this power.
        specials: What is sprinkled over the numbers, see `sources.py`.
        constant: Whether it is a weight of the model, not an input.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    seed: int
    exponent: int = 0
    specials: tuple[str, ...] = ()
    constant: bool = False


@dataclass(frozen=True)
class Step:
    """One step of a graph.

    Attributes:
        kind: Its key in `KINDS`.
        operands: Names of the values that it reads.
        results: Names of the values that it makes.
        options: What else the kind's function takes.
    """

    kind: str
    operands: tuple[str, ...]
    results: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """A model as data; its `repr` is Python that makes it again.

    Attributes:
        seed: What it was generated from.
        sources: Its inputs and weights.
        steps: In the order in which they run.
        outputs: Names of the values that it returns; a name may come twice.
        dynamic: The leading dims of its inputs that are dynamic.
        named: Whether dynamic dims are `Dim("name")`, else `Dim.DYNAMIC`.
        calls: Sizes of the dynamic dims for each further call.
    """

    seed: int
    sources: tuple[Source, ...]
    steps: tuple[Step, ...]
    outputs: tuple[str, ...]
    dynamic: tuple[int, ...] = ()
    named: bool = True
    calls: tuple[tuple[int, ...], ...] = ()

    @property
    def inputs(self) -> list[Source]:
        """The sources that are arguments of the model."""
        return [source for source in self.sources if not source.constant]

    @property
    def constants(self) -> list[Source]:
        """The sources that are weights."""
        return [source for source in self.sources if source.constant]


def run_step(step: Step, values: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    """Run one step on the values so far."""
    return results(KINDS[step.kind].run(*(values[name] for name in step.operands), **step.options))


class Model(nn.Module):
    """Several graphs as one model, so that the compiler's fixed costs are paid once.

    Args:
        graphs: What to run, one after the other.
        constants: The weights of each graph by name.
    """

    def __init__(self, graphs: Sequence[Graph], constants: Sequence[Mapping[str, Tensor]]) -> None:
        super().__init__()
        self.graphs = graphs
        for index, own in enumerate(constants):
            for name, value in own.items():
                self.register_buffer(f"g{index}_{name}", value)

    def forward(self, *inputs: Tensor) -> tuple[tuple[Tensor, ...], ...]:
        remaining = iter(inputs)
        returned = []
        for index, graph in enumerate(self.graphs):
            values = {source.name: getattr(self, f"g{index}_{source.name}") for source in graph.constants}
            values |= {source.name: next(remaining) for source in graph.inputs}
            for step in graph.steps:
                values |= zip(step.results, run_step(step, values), strict=True)
            returned.append(tuple(values[name] for name in graph.outputs))
        return tuple(returned)


def dynamic_dims(graphs: Sequence[Graph]) -> Any:
    """Return the `dynamic_shapes` of a `Model` of these graphs, or None when every shape is static."""
    if not any(graph.dynamic for graph in graphs):
        return None
    dims: list[dict[int, Any]] = []
    for index, graph in enumerate(graphs):
        if graph.named:
            own: dict[int, Any] = {dim: torch.export.Dim(f"g{index}d{dim}") for dim in graph.dynamic}
        else:
            own = dict.fromkeys(graph.dynamic, torch.export.Dim.DYNAMIC)
        dims += [own] * len(graph.inputs)
    return (tuple(dims),)
