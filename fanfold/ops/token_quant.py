# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dynamic quantisation with one scale for each row (token)."""

import torch

from .checks import check_rows, check_scalar_tensor
from .quantization import (
    UNPACKED_FORMATS,
    check_choice,
    check_floor,
    default_scale_floor,
    dynamic_scales,
    join_groups,
    quantize,
    resolve_bound,
    split_groups,
)
from .registry import FANFOLD, define_op


def token_quant(
    x: torch.Tensor,
    dtype: torch.dtype = torch.float8_e4m3fn,
    *,
    scale_ub: torch.Tensor | None = None,
    scale_floor: float | None = None,
    reciprocal: bool = True,
    bound: float | None = None,
    scale_format: str = "f32",
) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantise each row with a scale of its own, as vLLM's per-token quantisation.

    All in f32, with one rounding point, to nearest with ties to even::

        absmax = max over the row of |f32(x)|        # with scale_ub: min(absmax, scale_ub)
        scale = max(absmax / bound, scale_floor)
        scale = the power of two at or above it      # only with scale_format "ue8m0"
        v = f32(x) * (1 / scale)                     # without reciprocal: f32(x) / scale
        q = round(clamp(v, -bound, bound), dtype)

    NaN propagates through every step, as in :func:`group_quant`; int8 gets 0 for it, and never -128. A row of zeros
    gets the floor's scale.

    There is no `scale_layout` and no packed format: one scale a row is the same memory by row and by column, and three
    of the four bytes of a packed one would be empty. :func:`group_quant` with the width as `group_size` has both, and
    with them the padding.

    Args:
        x: ``[..., N]`` in bf16, f16 or f32, with any leading dims, also none and empty ones.
        dtype: ``float8_e4m3fn``, ``float8_e4m3fnuz``, ``float8_e5m2``, ``float8_e5m2fnuz`` or ``int8``.
        scale_ub: One f32: the largest absmax that a scale is made from. Greater values saturate.
        scale_floor: Least scale; the default is ``1 / (bound * 512)``.
        reciprocal: Multiply by the reciprocal of the scale, or divide by the scale: other roundings.
        bound: Magnitude that absmax is mapped to. The default is the largest finite value of `dtype`, 127 for int8.
        scale_format: ``"f32"``, or ``"ue8m0"`` for scales that are powers of two, in f32.

    Returns:
        ``(q, scales)``: q ``[..., N]`` in `dtype`, scales ``[..., 1]`` in f32.

    Raises:
        ArgumentError: If the rank, a dtype, the floor, the bound or the format is another one.
    """
    q, scales = torch.ops.fanfold.token_quant.default(
        x,
        dtype,
        scale_ub=scale_ub,
        scale_floor=scale_floor,
        reciprocal=reciprocal,
        bound=bound,
        scale_format=scale_format,
    )
    return q, scales


def _check(
    x: torch.Tensor,
    dtype: torch.dtype,
    scale_ub: torch.Tensor | None,
    scale_floor: float | None,
    bound: float | None,
    scale_format: str,
) -> tuple[float, float]:
    check_rows("token_quant", "x", x)
    limit = resolve_bound("token_quant", dtype, bound)
    floor = default_scale_floor(limit) if scale_floor is None else scale_floor
    check_floor("token_quant", "scale_floor", floor)
    check_choice("token_quant", "scale_format", scale_format, UNPACKED_FORMATS)
    if scale_ub is not None:
        check_scalar_tensor("token_quant", "scale_ub", scale_ub)
    return limit, floor


def _token_quant(
    x: torch.Tensor,
    dtype: torch.dtype = torch.float8_e4m3fn,
    *,
    scale_ub: torch.Tensor | None = None,
    scale_floor: float | None = None,
    reciprocal: bool = True,
    bound: float | None = None,
    scale_format: str = "f32",
) -> tuple[torch.Tensor, torch.Tensor]:
    limit, floor = _check(x, dtype, scale_ub, scale_floor, bound, scale_format)
    width = x.shape[-1]
    # The whole row is the group. An empty row counts as one zero, so that it has an absmax.
    row = split_groups(x, width) if width else x.new_zeros((*x.shape[:-1], 1, 1), dtype=torch.float32)
    absmax = row.abs().amax(dim=-1)
    if scale_ub is not None:
        absmax = absmax.clamp(max=scale_ub.reshape(()))
    scales = dynamic_scales(absmax, limit, 0.0, floor, scale_format)
    return join_groups(quantize(row, scales.unsqueeze(-1), dtype, limit, reciprocal=reciprocal), width), scales


def _token_quant_fake(
    x: torch.Tensor,
    dtype: torch.dtype = torch.float8_e4m3fn,
    *,
    scale_ub: torch.Tensor | None = None,
    scale_floor: float | None = None,
    reciprocal: bool = True,  # noqa: ARG001
    bound: float | None = None,
    scale_format: str = "f32",
) -> tuple[torch.Tensor, torch.Tensor]:
    _check(x, dtype, scale_ub, scale_floor, bound, scale_format)
    return x.new_empty(x.shape, dtype=dtype), x.new_empty((*x.shape[:-1], 1), dtype=torch.float32)


define_op(
    FANFOLD,
    "token_quant(Tensor x, ScalarType dtype=float8_e4m3fn, *, Tensor? scale_ub=None, float? scale_floor=None, "
    'bool reciprocal=True, float? bound=None, str scale_format="f32") -> (Tensor q, Tensor scales)',
    _token_quant,
    _token_quant_fake,
)
