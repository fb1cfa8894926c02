# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dynamic quantisation with one scale for each group of a row."""

import torch

from .checks import check_rows, reject
from .quantization import (
    SCALE_FORMATS,
    SCALE_LAYOUTS,
    check_choice,
    check_floor,
    dynamic_scales,
    join_groups,
    new_scales,
    quantize,
    resolve_bound,
    split_groups,
    store_scales,
)
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
    scale_format: str = "f32",
    scale_layout: str = "row",
) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantise each group of `group_size` neighbours of a row with a scale of its own, as vLLM's group quantisation.

    All in f32, with one rounding point, to nearest with ties to even::

        absmax = max over the group of |f32(x)|
        scale = max(max(absmax, absmax_floor) / bound, scale_floor)
        scale = the power of two at or above it, at least 2^-127      # but for scale_format "f32"
        v = f32(x) / scale        # with reciprocal: f32(x) * (1 / scale)
        q = round(clamp(v, -bound, bound), dtype)

    NaN propagates through every step: a NaN makes its group's scale NaN and all its values NaN. An infinity makes the
    scale infinite, the infinite values NaN and the finite ones 0. A group of zeros gets the floor's scale. int8, which
    has no NaN, gets 0 for it; -128 is never produced. A row whose width is no multiple of `group_size` has a shorter
    last group. With both floors at 0, a group of zeros is 0/0; with scales that are powers of two it is 0.

    With S columns of scales and R rows (the product of the leading dims), "column" lays the scales out as a contiguous
    [S, R] tensor: the shape is ``[..., S]`` all the same, the strides of a 2-D result are (1, R). "column_padded" fills
    R up to R4, a multiple of 4, with zeros: strides (1, R4), as TMA loads need them.

    Args:
        x: ``[..., N]`` in bf16, f16 or f32, with any leading dims, also none and empty ones.
        group_size: Values to a scale, at least 1.
        dtype: ``float8_e4m3fn``, ``float8_e4m3fnuz``, ``float8_e5m2``, ``float8_e5m2fnuz`` or ``int8``.
        absmax_floor: Least absmax that a scale is made from (0 or more).
        scale_floor: Least scale (0 or more).
        reciprocal: Multiply by the reciprocal of the scale instead of dividing by the scale: other roundings.
        bound: Magnitude that absmax is mapped to. The default is the largest finite value of `dtype`, 127 for int8;
            vLLM takes 224 for ``float8_e4m3fnuz``.
        scale_format: ``"f32"``; ``"ue8m0"``: powers of two, in f32; ``"ue8m0_packed"``: the same in int32, four to an
            element: byte i of element j, from the least significant one, is the biased exponent of the scale of group
            4j + i (255 for inf and NaN), and bytes beyond the last group are zero.
        scale_layout: ``"row"``, ``"column"`` or ``"column_padded"``.

    Returns:
        ``(q, scales)``: q ``[..., N]`` in `dtype`, scales ``[..., S]`` in f32 with S = ceil(N / group_size), or packed
        in int32 with S = ceil(ceil(N / group_size) / 4).

    Raises:
        ArgumentError: If the rank, a dtype, the group size, a floor, the bound, the format or the layout is another
            one.
    """
    q, scales = torch.ops.fanfold.group_quant.default(
        x,
        group_size,
        dtype,
        absmax_floor=absmax_floor,
        scale_floor=scale_floor,
        reciprocal=reciprocal,
        bound=bound,
        scale_format=scale_format,
        scale_layout=scale_layout,
    )
    return q, scales


def _check(
    x: torch.Tensor,
    group_size: int,
    dtype: torch.dtype,
    absmax_floor: float,
    scale_floor: float,
    bound: float | None,
    scale_format: str,
    scale_layout: str,
) -> float:
    check_rows("group_quant", "x", x)
    if group_size < 1:
        raise reject("group_quant", "group_size", expected="at least 1", found=group_size)
    check_floor("group_quant", "absmax_floor", absmax_floor)
    check_floor("group_quant", "scale_floor", scale_floor)
    check_choice("group_quant", "scale_format", scale_format, SCALE_FORMATS)
    check_choice("group_quant", "scale_layout", scale_layout, SCALE_LAYOUTS)
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
    scale_format: str = "f32",
    scale_layout: str = "row",
) -> tuple[torch.Tensor, torch.Tensor]:
    limit = _check(x, group_size, dtype, absmax_floor, scale_floor, bound, scale_format, scale_layout)
    grouped = split_groups(x, group_size)
    scales = dynamic_scales(grouped.abs().amax(dim=-1), limit, absmax_floor, scale_floor, scale_format)
    q = quantize(grouped, scales.unsqueeze(-1), dtype, limit, reciprocal=reciprocal)
    return join_groups(q, x.shape[-1]), store_scales(scales, scale_format, scale_layout)


def _group_quant_fake(
    x: torch.Tensor,
    group_size: int,
    dtype: torch.dtype = torch.float8_e4m3fn,
    *,
    absmax_floor: float = 1e-10,
    scale_floor: float = 0.0,
    reciprocal: bool = False,  # noqa: ARG001
    bound: float | None = None,
    scale_format: str = "f32",
    scale_layout: str = "row",
) -> tuple[torch.Tensor, torch.Tensor]:
    _check(x, group_size, dtype, absmax_floor, scale_floor, bound, scale_format, scale_layout)
    shape = (*x.shape[:-1], -(-x.shape[-1] // group_size))
    return x.new_empty(x.shape, dtype=dtype), new_scales(x, shape, scale_format, scale_layout)


define_op(
    FANFOLD,
    "group_quant(Tensor x, int group_size, ScalarType dtype=float8_e4m3fn, *, float absmax_floor=1e-10, "
    "float scale_floor=0.0, bool reciprocal=False, float? bound=None, "
    'str scale_format="f32", str scale_layout="row") -> (Tensor q, Tensor scales)',
    _group_quant,
    _group_quant_fake,
)
