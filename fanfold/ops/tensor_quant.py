# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dynamic quantisation with one scale for the whole tensor."""

import torch

from .checks import check_rows
from .quantization import (
    UNPACKED_FORMATS,
    check_choice,
    check_floor,
    default_scale_floor,
    dynamic_scales,
    quantize,
    resolve_bound,
)
from .registry import FANFOLD, define_op


def tensor_quant(
    x: torch.Tensor,
    dtype: torch.dtype = torch.float8_e4m3fn,
    *,
    scale_floor: float | None = None,
    reciprocal: bool = True,
    bound: float | None = None,
    scale_format: str = "f32",
) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantise a tensor with one scale, made from its largest magnitude, as vLLM's per-tensor quantisation.

    All in f32, with one rounding point, to nearest with ties to even::

        absmax = max over all of |f32(x)|            # of an empty tensor: 0
        scale = max(absmax / bound, scale_floor)
        scale = the power of two at or above it      # only with scale_format "ue8m0"
        v = f32(x) * (1 / scale)                     # without reciprocal: f32(x) / scale
        q = round(clamp(v, -bound, bound), dtype)

    NaN propagates through every step, as in :func:`group_quant`: one NaN makes all values NaN. int8 gets 0 for it, and
    never -128.

    Args:
        x: ``[..., N]`` in bf16, f16 or f32, with any leading dims, also none and empty ones.
        dtype: ``float8_e4m3fn``, ``float8_e4m3fnuz``, ``float8_e5m2``, ``float8_e5m2fnuz`` or ``int8``.
        scale_floor: Least scale; the default is ``1 / (bound * 512)``.
        reciprocal: Multiply by the reciprocal of the scale, or divide by the scale: other roundings.
        bound: Magnitude that absmax is mapped to. The default is the largest finite value of `dtype`, 127 for int8.
        scale_format: ``"f32"``, or ``"ue8m0"`` for a scale that is a power of two, in f32.

    Returns:
        ``(q, scale)``: q ``[..., N]`` in `dtype`, the scale ``[1]`` in f32.

    Raises:
        ArgumentError: If the rank, a dtype, the floor, the bound or the format is another one.
    """
    q, scale = torch.ops.fanfold.tensor_quant.default(
        x, dtype, scale_floor=scale_floor, reciprocal=reciprocal, bound=bound, scale_format=scale_format
    )
    return q, scale


def _check(
    x: torch.Tensor, dtype: torch.dtype, scale_floor: float | None, bound: float | None, scale_format: str
) -> tuple[float, float]:
    check_rows("tensor_quant", "x", x)
    limit = resolve_bound("tensor_quant", dtype, bound)
    floor = default_scale_floor(limit) if scale_floor is None else scale_floor
    check_floor("tensor_quant", "scale_floor", floor)
    check_choice("tensor_quant", "scale_format", scale_format, UNPACKED_FORMATS)
    return limit, floor


def _tensor_quant(
    x: torch.Tensor,
    dtype: torch.dtype = torch.float8_e4m3fn,
    *,
    scale_floor: float | None = None,
    reciprocal: bool = True,
    bound: float | None = None,
    scale_format: str = "f32",
) -> tuple[torch.Tensor, torch.Tensor]:
    limit, floor = _check(x, dtype, scale_floor, bound, scale_format)
    values = x.contiguous().float()
    absmax = values.abs().amax().reshape(1) if x.numel() else values.new_zeros(1)
    scale = dynamic_scales(absmax, limit, 0.0, floor, scale_format)
    return quantize(values, scale, dtype, limit, reciprocal=reciprocal), scale


def _tensor_quant_fake(
    x: torch.Tensor,
    dtype: torch.dtype = torch.float8_e4m3fn,
    *,
    scale_floor: float | None = None,
    reciprocal: bool = True,  # noqa: ARG001
    bound: float | None = None,
    scale_format: str = "f32",
) -> tuple[torch.Tensor, torch.Tensor]:
    _check(x, dtype, scale_floor, bound, scale_format)
    return x.new_empty(x.shape, dtype=dtype), x.new_empty((1,), dtype=torch.float32)


define_op(
    FANFOLD,
    "tensor_quant(Tensor x, ScalarType dtype=float8_e4m3fn, *, float? scale_floor=None, bool reciprocal=True, "
    'float? bound=None, str scale_format="f32") -> (Tensor q, Tensor scale)',
    _tensor_quant,
    _tensor_quant_fake,
)
