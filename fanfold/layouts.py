# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Column-major results: views, in the model's shape, of the memory that a module returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from .signature import TensorSpec, parse_size


def show_in_shape(
    outputs: Sequence[torch.Tensor], specs: Sequence[TensorSpec], sizes: Mapping[str, int]
) -> list[torch.Tensor]:
    """Return the outputs, those that are memory as views of it.

    Args:
        outputs: What the module returned. Memory is ``[S, P]``: the last dim of the model's shape, then its rows (the
            product of its other dims), at least.
        specs: The outputs' specs.
        sizes: The values of the named sizes.
    """
    return [
        value if spec.layout == "row" else _view(value, [_size(spec, dim, sizes) for dim in range(len(spec.shape))])
        for value, spec in zip(outputs, specs, strict=True)
    ]


def _size(spec: TensorSpec, dim: int, sizes: Mapping[str, int]) -> int:
    size = spec.shape[dim]
    if size is not None:
        return size
    symbol = spec.symbols[dim]
    if symbol is None:
        raise ValueError(f"the size {dim} of the output {spec.name} has no name")  # the frontend names every one
    return parse_size(symbol).value(sizes)


def _view(memory: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """Return ``[..., S]`` with the rows next to one another in memory."""
    strides, stride = [memory.shape[1]], 1
    for size in reversed(shape[:-1]):
        strides.insert(0, stride)
        stride *= size
    return memory.as_strided(tuple(shape), tuple(strides))
