# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantisation with a given scale for the whole tensor."""

import torch

from .checks import check_rows, check_scalar_tensor
from .quantization import quantize, resolve_bound
from .registry import FANFOLD, define_op


def static_quant(
    x: torch.Tensor,
    scale: torch.Tensor,
    dtype: torch.dtype = torch.float8_e4m3fn,
    *,
    bound: float | None = None,
    reciprocal: bool = True,
) -> torch.Tensor:
    """Quantise with one given scale, as vLLM's static quantisation.

    In f32, with one rounding point, to nearest with ties to even::

        v = f32(x) * (1 / scale)        # without reciprocal: f32(x) / scale
        q = round(clamp(v, -bound, bound), dtype)

    NaN stays NaN; int8 gets 0 for it, and never -128.

    Args:
        x: ``[..., N]`` in bf16, f16 or f32, with any leading dims, also none and empty ones.
        scale: One f32, of shape ``[]`` or ``[1]``.
        dtype: ``float8_e4m3fn``, ``float8_e4m3fnuz``, ``float8_e5m2``, ``float8_e5m2fnuz`` or ``int8``.
        bound: Magnitude that values saturate at. The default is the largest finite value of `dtype`, 127 for int8.
        reciprocal: Multiply by the reciprocal of the scale, or divide by the scale: other roundings.

    Returns:
        ``[..., N]`` in `dtype`.

    Raises:
        ArgumentError: If a rank, a dtype, the scale's shape or the bound is another one.
    """
    result: torch.Tensor = torch.ops.fanfold.static_quant.default(x, scale, dtype, bound=bound, reciprocal=reciprocal)
    return result


def _check(x: torch.Tensor, scale: torch.Tensor, dtype: torch.dtype, bound: float | None) -> float:
    check_rows("static_quant", "x", x)
    check_scalar_tensor("static_quant", "scale", scale)
    return resolve_bound("static_quant", dtype, bound)


def _static_quant(
    x: torch.Tensor,
    scale: torch.Tensor,
    dtype: torch.dtype = torch.float8_e4m3fn,
    *,
    bound: float | None = None,
    reciprocal: bool = True,
) -> torch.Tensor:
    limit = _check(x, scale, dtype, bound)
    return quantize(x.contiguous().float(), scale.reshape(()), dtype, limit, reciprocal=reciprocal)


def _static_quant_fake(
    x: torch.Tensor,
    scale: torch.Tensor,
    dtype: torch.dtype = torch.float8_e4m3fn,
    *,
    bound: float | None = None,
    reciprocal: bool = True,  # noqa: ARG001
) -> torch.Tensor:
    _check(x, scale, dtype, bound)
    return x.new_empty(x.shape, dtype=dtype)


define_op(
    FANFOLD,
    "static_quant(Tensor x, Tensor scale, ScalarType dtype=float8_e4m3fn, *, float? bound=None, "
    "bool reciprocal=True) -> Tensor",
    _static_quant,
    _static_quant_fake,
)
