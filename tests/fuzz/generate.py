# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A random graph for each seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .graph import Graph, Source, Step, run_step
from .kind import Type, dtype_of, name_of
from .norms import NORMS
from .plain import PLAIN
from .quants import QUANTS
from .sources import SPECIALS
from .table import KINDS
from .views import VIEWS

WIDTHS = (1, 2, 3, 8, 16, 31, 32, 64, 64, 96, 100, 127, 128, 128, 129, 130, 256, 256, 384, 520, 600, 1536)

#: Sizes of the example for a first and a second dynamic dim, and others that tell dynamic dims from static ones.
EXAMPLE, OTHER = (2, 5), (3, 7)


@dataclass
class Growing:
    """A graph in the making: a `Site`.

    Attributes:
        rng: Where every choice comes from.
        dynamic: The dynamic dims of its inputs.
        sources: Its inputs and weights so far.
        steps: Its steps so far.
        types: What is known of each value.
        probes: Each value in both sizes.
    """

    rng: random.Random
    dynamic: tuple[int, ...]
    sources: list[Source] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    types: dict[str, Type] = field(default_factory=dict)
    probes: tuple[dict[str, Tensor], dict[str, Tensor]] = field(default_factory=lambda: ({}, {}))

    def pick(self, accept: Callable[[Type], bool] = lambda t: t.is_rows) -> str | None:
        left_out = {source.name for source in self.sources if source.constant}
        if self.rng.random() < 0.8:
            # Scales are rows too, but there are more likely ones.
            left_out |= {step.results[1] for step in self.steps if "quant" in step.kind and len(step.results) > 1}
        names = [name for name, t in self.types.items() if accept(t) and name not in left_out]
        # Rather one of the last values: graphs get deep, and not only wide.
        return self.rng.choice(names[-3:] if self.rng.random() < 0.7 else names) if names else None

    def type_of(self, name: str) -> Type:
        return self.types[name]

    def partner(self, name: str) -> str:
        return self.rng.choice([other for other, t in self.types.items() if t == self.types[name]])

    def constant(self, shape: tuple[int, ...], dtype: torch.dtype, exponent: int = 0) -> str:
        known = [s.name for s in self.sources if s.constant and (s.shape, s.dtype) == (shape, name_of(dtype))]
        if known and self.rng.random() < 0.5:
            return self.rng.choice(known)
        return self.add_source(shape, name_of(dtype), exponent=exponent, constant=True)

    def add_source(
        self,
        shape: tuple[int, ...],
        dtype: str,
        *,
        exponent: int = 0,
        specials: tuple[str, ...] = (),
        constant: bool = False,
    ) -> str:
        name = f"{'w' if constant else 'x'}{len(self.sources)}"
        seed = self.rng.randrange(10**6)
        self.sources.append(Source(name, shape, dtype, seed, exponent, specials, constant))
        dynamic = () if constant else self.dynamic
        for probe, sizes in zip(self.probes, (EXAMPLE, OTHER), strict=True):
            by_dim = dict(zip(dynamic, sizes, strict=False))
            probe[name] = torch.ones([by_dim.get(d, size) for d, size in enumerate(shape)], dtype=dtype_of(dtype))
        self._learn(name)
        return name

    def add_step(self, kind: str, operands: tuple[str, ...], options: dict[str, object]) -> bool:
        """Add a step, unless it is impossible or its rows would have no fixed width."""
        made = []
        for probe in self.probes:
            try:
                made.append(run_step(Step(kind, operands, (), options), probe))
            except RuntimeError:  # such as a view of what lies in memory in another order
                return False
        pairs = list(zip(*made, strict=True))
        if any(a.dim() == 0 or a.shape[-1] != b.shape[-1] or a.shape[-1] == 0 for a, b in pairs):
            return False
        names = tuple(f"v{len(self.steps)}" + (f"_{i}" if len(pairs) > 1 else "") for i in range(len(pairs)))
        self.steps.append(Step(kind, operands, names, options))
        for name, values in zip(names, pairs, strict=True):
            for probe, value in zip(self.probes, values, strict=True):
                probe[name] = value
            self._learn(name)
        return True

    def _learn(self, name: str) -> None:
        a, b = (probe[name] for probe in self.probes)
        moving = tuple(m != n for m, n in zip(a.shape, b.shape, strict=True))
        self.types[name] = Type(tuple(a.shape), moving, a.dtype)


def generate(seed: int) -> Graph:
    """Return the graph of a seed: the same on every machine."""
    rng = random.Random(seed)
    rank = rng.choice((1, 2, 2, 2, 3, 3, 4))
    shape = (*(rng.choice((1, 2, 3, 4, 6)) for _ in range(rank - 1)), rng.choice(WIDTHS))
    dynamic: tuple[int, ...] = ()
    if rank > 1 and rng.random() < 0.5:
        dynamic = (0, 1) if rank > 2 and rng.random() < 0.4 else (0,)
        shape = (*EXAMPLE[: len(dynamic)], *shape[len(dynamic) :])
    elif rank > 1 and rng.random() < 0.1:
        empty = rng.randrange(rank - 1)
        shape = (*shape[:empty], 0, *shape[empty + 1 :])
    growing = Growing(rng, dynamic)
    dtype = rng.choice(("bfloat16", "bfloat16", "float16", "float32"))
    for _ in range(rng.choice((1, 1, 2))):
        specials = tuple(rng.sample(list(SPECIALS), rng.choice((0, 0, 1, 2))))
        growing.add_source(shape, dtype, exponent=rng.choice((0, 0, 0, -8, 8)), specials=specials)
    _grow(growing, seed)
    calls = tuple(tuple(rng.choice((0, 1, 2, 3, 9)) for _ in dynamic) for _ in range(3)) if dynamic else ()
    return Graph(
        seed, tuple(growing.sources), tuple(growing.steps), _outputs(growing), dynamic, rng.random() < 0.6, calls
    )


def _grow(growing: Growing, seed: int) -> None:
    rng = growing.rng
    # One kind is the graph's own, so that every kind has its turn.
    rows, plain, views = ([kind for kind in table if kind in KINDS] for table in (NORMS | QUANTS, PLAIN, VIEWS))
    own = list(KINDS)[seed % len(KINDS)]
    turns = [rng.choice((rows, rows, plain, views)) for _ in range(rng.randint(1, 4))]
    wanted = [rng.choice(turn) for turn in turns]
    wanted.insert(rng.randrange(len(wanted) + 1), own)
    for kind in wanted:
        _propose(growing, kind)
        if growing.steps and rng.random() < 0.12:
            again = rng.choice(growing.steps)
            growing.add_step(again.kind, again.operands, again.options)
    if all(step.kind != own for step in growing.steps):
        _propose(growing, own)


def _propose(growing: Growing, kind: str) -> None:
    proposal = KINDS[kind].propose(growing)
    if proposal is not None:
        growing.add_step(kind, *proposal)


def _outputs(growing: Growing) -> tuple[str, ...]:
    rng = growing.rng
    read = {name for step in growing.steps for name in step.operands}
    made = [name for step in growing.steps for name in step.results]
    # What nobody reads is mostly returned; the rest of it is dead.
    outputs = [name for name in made if rng.random() < (0.2 if name in read else 0.9)]
    outputs = outputs or [made[-1] if made else growing.sources[0].name]
    if rng.random() < 0.15:
        outputs.insert(rng.randrange(len(outputs) + 1), rng.choice(outputs))
    return tuple(outputs)
