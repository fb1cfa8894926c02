# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The numbers that graphs run on: exact on every machine, because they are made of integers."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from .graph import Graph, Source

#: Significant bits of the numbers.
_BITS = {torch.bfloat16: 7, torch.float16: 10, torch.float32: 20}

#: What stands out of the ordinary, and what it is; a value of None is a row of zeros.
SPECIALS: dict[str, float | None] = {
    "zero row": None,
    "nan": float("nan"),
    "inf": float("inf"),
    "-inf": float("-inf"),
    "-0": -0.0,
    "denormal": 3e-39,
    "f16 denormal": -2e-7,
    "huge": 6e4,
    "very huge": 1e30,
}


def numbers(source: Source, call: int = 0) -> Tensor:
    """Return the tensor of a source; each call has its own."""
    dtype = getattr(torch, source.dtype)
    generator = torch.Generator().manual_seed(source.seed * 16 + call)
    steps = 2 ** _BITS[dtype]
    whole = torch.randint(-4 * steps, 4 * steps + 1, source.shape, generator=generator)
    x = whole.double() * 2.0**source.exponent / steps
    for special in source.specials:
        value = SPECIALS[special]
        if value is None:
            # Rows are the last dim.
            rows = torch.randint(0, 2, (*source.shape[:-1], 1), generator=generator) == 0
            x = x.masked_fill(rows, 0.0)
        else:
            x = x.masked_fill(torch.randint(0, 50, source.shape, generator=generator) == 0, value)
    return x.to(dtype)


def resized(graph: Graph, sizes: tuple[int, ...]) -> Graph:
    """Return the graph with other sizes for the dynamic dims of its inputs."""
    by_dim = dict(zip(graph.dynamic, sizes, strict=True))
    sources = tuple(
        source
        if source.constant
        else replace(source, shape=tuple(by_dim.get(dim, size) for dim, size in enumerate(source.shape)))
        for source in graph.sources
    )
    return replace(graph, sources=sources)
