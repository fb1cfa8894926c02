# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The regions of the report: what stands between two matrix products of a quantised model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from fanfold.ops import group_quant, rms_norm, silu_and_mul, static_quant, token_quant

ROWS = 4  # of the example inputs; the kernels take any number
GROUP = 128
EPS = 1e-6

Results = tuple[Tensor, ...]


@dataclass(frozen=True)
class Region:
    """Row-wise ops that must become one kernel.

    Attributes:
        name: What it computes.
        compute: The ops; takes the fp8 dtype, then the operands.
        operands: The kind of each operand: ``rows``, ``pairs`` (rows of twice the width), ``vector`` or ``number``.
    """

    name: str
    compute: Callable[..., Results]
    operands: tuple[str, ...] = ("rows", "vector")

    def inputs(self, width: int) -> tuple[Tensor, ...]:
        """Return example operands for rows of `width` columns."""
        shapes = {"rows": (ROWS, width), "pairs": (ROWS, 2 * width), "vector": (width,), "number": (1,)}
        kinds = {"number": torch.float32}
        return tuple(torch.ones(shapes[kind], dtype=kinds.get(kind, torch.bfloat16)) for kind in self.operands)

    def fewest_bytes(self, width: int, fp8: torch.dtype) -> tuple[int, int]:
        """Return the bytes that a row must load and store, each operand and result once; a vector counts for each row.

        Weights come from a cache for all rows but the first, yet every row has to load them.
        """
        inputs = self.inputs(width)
        loaded = sum(x.nbytes // (ROWS if x.dim() == 2 else 1) for x in inputs)
        return loaded, sum(result.nbytes for result in self.compute(fp8, *inputs)) // ROWS


def _norm_then(quantize: Callable[[torch.dtype, Tensor], Results]) -> Callable[..., Results]:
    return lambda fp8, x, w: quantize(fp8, rms_norm(x, w, EPS))


def _grouped(**options: Any) -> Callable[[torch.dtype, Tensor], Results]:
    return lambda fp8, y: group_quant(y, GROUP, fp8, **options)


def _add_norm(fp8: torch.dtype, x: Tensor, r: Tensor, w: Tensor) -> Results:
    h = x + r
    return (h, *group_quant(rms_norm(h, w, EPS), GROUP, fp8))


def _fan_out(fp8: torch.dtype, y: Tensor) -> Results:
    return (*group_quant(y, GROUP, fp8), *group_quant(y.view(-1, 1, y.shape[-1]), GROUP, fp8))


def _static(fp8: torch.dtype, x: Tensor, w: Tensor, scale: Tensor) -> Results:
    return (static_quant(rms_norm(x, w, EPS), scale, fp8),)


REGIONS = {
    region.name: region
    for region in (
        Region("norm, group", _norm_then(_grouped())),
        Region("norm, group, columns", _norm_then(_grouped(scale_layout="column"))),
        Region("norm, group, packed", _norm_then(_grouped(scale_layout="column_padded", scale_format="ue8m0_packed"))),
        Region("norm, 2 x group", _norm_then(_fan_out)),
        Region("add, norm, group", _add_norm, ("rows", "rows", "vector")),
        Region("norm, token", _norm_then(lambda fp8, y: token_quant(y, fp8))),
        Region("norm, token int8", _norm_then(lambda _, y: token_quant(y, torch.int8))),
        Region("norm, static", _static, ("rows", "vector", "number")),
        Region("silu, group", lambda fp8, x: group_quant(silu_and_mul(x), GROUP, fp8), ("pairs",)),
    )
}


class Regions(nn.Module):
    """Many regions side by side, each with operands and results of its own.

    Args:
        names: Their names.
        fp8: The fp8 dtype.
    """

    def __init__(self, names: tuple[str, ...], fp8: torch.dtype) -> None:
        super().__init__()
        self._names = names
        self._fp8 = fp8

    def forward(self, operands: list[tuple[Tensor, ...]]) -> list[Results]:
        """Return the results of each region."""
        pairs = zip(self._names, operands, strict=True)
        return [REGIONS[name].compute(self._fp8, *inputs) for name, inputs in pairs]
