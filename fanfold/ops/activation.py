# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""SiLU of one half of each row times the other half."""

import torch
from torch.nn import functional

from .checks import check_rows, reject
from .registry import FANFOLD, define_op


def silu_and_mul(x: torch.Tensor, limit: float | None = None) -> torch.Tensor:
    """Multiply the second half of each row by the SiLU of its first half (SwiGLU's activation).

    With d = D/2, computed in f32 with two rounding points for a bf16 or f16 model::

        gate, value = x[..., :d], x[..., d:]
        gate = min(gate, limit); value = clamp(value, -limit, limit)      # only with a limit
        a = round(silu(f32(gate)), x's dtype)                             # silu(v) = v / (1 + exp(-v))
        y = round(f32(a) * f32(value), x's dtype)

    The limit is rounded to x's dtype before it is compared, as ``torch.clamp`` does, and NaN stays NaN. A very negative
    gate needs no bound from below, because its SiLU is next to zero.

    Args:
        x: ``[..., D]`` with even D in bf16, f16 or f32, with any leading dims, also none and empty ones.
        limit: Bound of gate and value (more than 0), or ``None`` for none.

    Returns:
        ``[..., D/2]`` in x's dtype.

    Raises:
        ArgumentError: If the rank, width, dtype or limit is another one.
    """
    result: torch.Tensor = torch.ops.fanfold.silu_and_mul.default(x, limit)
    return result


def _check(x: torch.Tensor, limit: float | None) -> None:
    check_rows("silu_and_mul", "x", x)
    if x.shape[-1] % 2 != 0:
        raise reject("silu_and_mul", "width of x", expected="an even last dim", found=x.shape[-1])
    if limit is not None and not limit > 0:
        raise reject("silu_and_mul", "limit", expected="a number above 0, or None", found=limit)


def _silu_and_mul(x: torch.Tensor, limit: float | None = None) -> torch.Tensor:
    _check(x, limit)
    gate, value = x.contiguous().chunk(2, dim=-1)
    if limit is not None:
        gate, value = gate.clamp(max=limit), value.clamp(-limit, limit)
    # Torch computes both in f32 and rounds each result to x's dtype: the two rounding points.
    return functional.silu(gate) * value


def _silu_and_mul_fake(x: torch.Tensor, limit: float | None = None) -> torch.Tensor:
    _check(x, limit)
    return x.new_empty((*x.shape[:-1], x.shape[-1] // 2))


define_op(FANFOLD, "silu_and_mul(Tensor x, float? limit=None) -> Tensor", _silu_and_mul, _silu_and_mul_fake)
