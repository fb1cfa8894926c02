# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dynamic quantisation with one scale for each group of a row."""

import torch

from .checks import check_rows, reject
from .quantization import check_floor, dynamic_scales, join_groups, quantize, resolve_bound, split_groups
from .registry import FANFOLD, define_op


def group_quant(
    x: torch.Tensor,
    group_size: int,
    dtype: torch.dtype = torch.float8_e4m3fn,
    *,
    absmax_floor: float = 1e-10,
    scale_floor: float = 0.0,
    reciprocal: bool = False,
    bound: float | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantise each group of `group_size` neighbours of a row with a scale of its own, as vLLM's group quantisation.

    All in f32, with one rounding point, to nearest with ties to even::

        absmax = max over the group of |f32(x)|
        scale = max(max(absmax, absmax_floor) / bound, scale_floor)
        v = f32(x) / scale        # with reciprocal: f32(x) * (1 / scale)
        q = round(clamp(v, -bound, bound), dtype)

    NaN propagates through every step: a NaN makes its group's scale NaN and all its values NaN. An infinity makes the
    scale infinite, the infinite values NaN and the finite ones 0. A group of zeros gets the floor's scale. int8, which
    has no NaN, gets 0 for it; -128 is never produced. A row whose width is no multiple of `group_size` has a shorter
    last group. With both floors at 0, a group of zeros is 0/0.

    Args:
        x: ``[..., N]`` in bf16, f16 or f32, with any leading dims, also none and empty ones.
        group_size: Values to a scale, at least 1.
        dtype: ``float8_e4m3fn``, ``float8_e4m3fnuz``, ``float8_e5m2`` or ``int8``.
        absmax_floor: Least absmax that a scale is made from (0 or more).
        scale_floor: Least scale (0 or more).
        reciprocal: Multiply by the reciprocal of the scale instead of dividing by the scale: other roundings.
        bound: Magnitude that absmax is mapped to. The default is the largest finite value of `dtype`, 127 for int8;
            vLLM takes 224 for ``float8_e4m3fnuz``.

    Returns:
        ``(q, scales)``: q ``[..., N]`` in `dtype`, scales ``[..., ceil(N / group_size)]`` in f32, row-major.

    Raises:
        ArgumentError: If the rank, a dtype, the group size, a floor or the bound is another one.
    """
    q, scales = torch.ops.fanfold.group_quant.default(
        x, group_size, dtype, absmax_floor=absmax_floor, scale_floor=scale_floor, reciprocal=reciprocal, bound=bound
    )
    return q, scales


def _check(
    x: torch.Tensor, group_size: int, dtype: torch.dtype, absmax_floor: float, scale_floor: float, bound: float | None
) -> float:
    check_rows("group_quant", "x", x)
    if group_size < 1:
        raise reject("group_quant", "group_size", expected="at least 1", found=group_size)
    check_floor("group_quant", "absmax_floor", absmax_floor)
    check_floor("group_quant", "scale_floor", scale_floor)
    return resolve_bound("group_quant", dtype, bound)


def _group_quant(
    x: torch.Tensor,
    group_size: int,
    dtype: torch.dtype = torch.float8_e4m3fn,
    *,
    absmax_floor: float = 1e-10,
    scale_floor: float = 0.0,
    reciprocal: bool = False,
    bound: float | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    limit = _check(x, group_size, dtype, absmax_floor, scale_floor, bound)
    grouped = split_groups(x, group_size)
    scales = dynamic_scales(grouped.abs().amax(dim=-1), limit, absmax_floor, scale_floor)
    q = quantize(grouped, scales.unsqueeze(-1), dtype, limit, reciprocal=reciprocal)
    return join_groups(q, x.shape[-1]), scales


def _group_quant_fake(
    x: torch.Tensor,
    group_size: int,
    dtype: torch.dtype = torch.float8_e4m3fn,
    *,
    absmax_floor: float = 1e-10,
    scale_floor: float = 0.0,
    reciprocal: bool = False,  # noqa: ARG001
    bound: float | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    _check(x, group_size, dtype, absmax_floor, scale_floor, bound)
    groups = -(-x.shape[-1] // group_size)
    return x.new_empty(x.shape, dtype=dtype), x.new_empty((*x.shape[:-1], groups), dtype=torch.float32)


define_op(
    FANFOLD,
    "group_quant(Tensor x, int group_size, ScalarType dtype=float8_e4m3fn, *, float absmax_floor=1e-10, "
    "float scale_floor=0.0, bool reciprocal=False, float? bound=None) -> (Tensor q, Tensor scales)",
    _group_quant,
    _group_quant_fake,
)
