# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""RMS norm, alone and with the residual add before it."""

import torch

from .checks import check_rows, check_weight, reject
from .registry import FANFOLD, define_op


def rms_norm(
    x: torch.Tensor,
    weight: torch.Tensor | None,
    eps: float,
    variance_size: int | None = None,
    weight_offset: float = 0.0,
    round_normalized: bool = True,
) -> torch.Tensor:
    """Normalise each row by its root mean square, as Llama's and vLLM's RMSNorm do.

    In f32, with two rounding points for a bf16 or f16 model::

        rstd = rsqrt(mean(f32(x)²) + f32(eps))            # with variance_size: mean(f32(x[..., :variance_size])²)
        n = round(f32(x) * rstd, weight's dtype)          # without round_normalized: stays f32
        y = round(n * (f32(weight) + weight_offset), x's dtype)

    Without a weight, ``y = round(f32(x) * rstd, x's dtype)`` is the only rounding point. Gemma's norm has a
    `weight_offset` of 1 and no `round_normalized`; :func:`torch.nn.functional.rms_norm` too rounds the product only.

    Args:
        x: ``[..., D]`` in bf16, f16 or f32, with any leading dims, also none and empty ones.
        weight: ``[D]`` in bf16, f16 or f32, or ``None``.
        eps: Added to the mean square.
        variance_size: How many of the first elements of a row the mean square is taken of; ``None`` for all.
        weight_offset: Added to the weight in f32; 0 without a weight.
        round_normalized: Round the normalised value to the weight's dtype before the weight multiplies it.

    Returns:
        ``[..., D]`` in x's dtype.

    Raises:
        ArgumentError: If the rank, width, dtype, variance size or offset is another one.
    """
    result: torch.Tensor = torch.ops.fanfold.rms_norm.default(
        x, weight, eps, variance_size, weight_offset, round_normalized
    )
    return result


def add_rms_norm(
    x: torch.Tensor,
    residual: torch.Tensor,
    weight: torch.Tensor | None,
    eps: float,
    variance_size: int | None = None,
    weight_offset: float = 0.0,
    round_normalized: bool = True,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Add the residual, then normalise the sum, as vLLM's fused_add_rms_norm does.

    The norm reads the f32 sum; the residual stream gets the rounded one::

        s = f32(x) + f32(residual)
        new_residual = round(s, x's dtype)
        y = :func:`rms_norm` of s, in x's dtype

    Args:
        x: ``[..., D]`` in bf16, f16 or f32.
        residual: Like x, in shape and dtype.
        weight: ``[D]`` in bf16, f16 or f32, or ``None``.
        eps: Added to the mean square.
        variance_size: As for :func:`rms_norm`.
        weight_offset: As for :func:`rms_norm`.
        round_normalized: As for :func:`rms_norm`.

    Returns:
        ``(y, new_residual)``, both like x.

    Raises:
        ArgumentError: If a rank, width, dtype, the variance size or the offset is another one.
    """
    y, new_residual = torch.ops.fanfold.add_rms_norm.default(
        x, residual, weight, eps, variance_size, weight_offset, round_normalized
    )
    return y, new_residual


def normalise(
    s: torch.Tensor,
    weight: torch.Tensor | None,
    eps: float,
    dtype: torch.dtype,
    variance_size: int | None = None,
    weight_offset: float = 0.0,
    round_normalized: bool = True,
) -> torch.Tensor:
    """Normalise f32 rows `s` and round as documented at :func:`rms_norm`; `dtype` is the result's."""
    head = s if variance_size is None else s[..., :variance_size]
    n = s * torch.rsqrt(head.square().mean(dim=-1, keepdim=True) + eps)
    if weight is None:
        return n.to(dtype)  # the only rounding point
    if round_normalized:
        n = n.to(weight.dtype)  # rounding point 1: the normalised value
    factor = weight.float() + weight_offset if weight_offset else weight.float()
    return (n.float() * factor).to(dtype)  # rounding point 2: the product


def _check(
    op: str, x: torch.Tensor, weight: torch.Tensor | None, variance_size: int | None, weight_offset: float
) -> None:
    check_rows(op, "x", x)
    check_weight(op, x, weight)
    if variance_size is not None and not 1 <= variance_size <= x.shape[-1]:
        raise reject(op, "variance_size", expected=f"1 to {x.shape[-1]}, or None", found=variance_size)
    if weight is None and weight_offset != 0:
        raise reject(op, "weight_offset", expected="0 without a weight", found=weight_offset)


def _rms_norm(
    x: torch.Tensor,
    weight: torch.Tensor | None,
    eps: float,
    variance_size: int | None = None,
    weight_offset: float = 0.0,
    round_normalized: bool = True,
) -> torch.Tensor:
    _check("rms_norm", x, weight, variance_size, weight_offset)
    return normalise(x.contiguous().float(), weight, eps, x.dtype, variance_size, weight_offset, round_normalized)


def _rms_norm_fake(
    x: torch.Tensor,
    weight: torch.Tensor | None,
    eps: float,  # noqa: ARG001
    variance_size: int | None = None,
    weight_offset: float = 0.0,
    round_normalized: bool = True,  # noqa: ARG001
) -> torch.Tensor:
    _check("rms_norm", x, weight, variance_size, weight_offset)
    return x.new_empty(x.shape)


def _check_add(
    x: torch.Tensor,
    residual: torch.Tensor,
    weight: torch.Tensor | None,
    variance_size: int | None,
    weight_offset: float,
) -> None:
    _check("add_rms_norm", x, weight, variance_size, weight_offset)
    if residual.shape != x.shape:
        raise reject("add_rms_norm", "shape of residual", expected=list(x.shape), found=list(residual.shape))
    if residual.dtype != x.dtype:
        raise reject("add_rms_norm", "dtype of residual", expected=x.dtype, found=residual.dtype)


def _add_rms_norm(
    x: torch.Tensor,
    residual: torch.Tensor,
    weight: torch.Tensor | None,
    eps: float,
    variance_size: int | None = None,
    weight_offset: float = 0.0,
    round_normalized: bool = True,
) -> tuple[torch.Tensor, torch.Tensor]:
    _check_add(x, residual, weight, variance_size, weight_offset)
    s = x.contiguous().float() + residual.contiguous().float()
    # The norm reads s itself, not the residual stream's rounded copy.
    return normalise(s, weight, eps, x.dtype, variance_size, weight_offset, round_normalized), s.to(x.dtype)


def _add_rms_norm_fake(
    x: torch.Tensor,
    residual: torch.Tensor,
    weight: torch.Tensor | None,
    eps: float,  # noqa: ARG001
    variance_size: int | None = None,
    weight_offset: float = 0.0,
    round_normalized: bool = True,  # noqa: ARG001
) -> tuple[torch.Tensor, torch.Tensor]:
    _check_add(x, residual, weight, variance_size, weight_offset)
    return x.new_empty(x.shape), x.new_empty(x.shape)


define_op(
    FANFOLD,
    "rms_norm(Tensor x, Tensor? weight, float eps, int? variance_size=None, float weight_offset=0.0, "
    "bool round_normalized=True) -> Tensor",
    _rms_norm,
    _rms_norm_fake,
)
define_op(
    FANFOLD,
    "add_rms_norm(Tensor x, Tensor residual, Tensor? weight, float eps, int? variance_size=None, "
    "float weight_offset=0.0, bool round_normalized=True) -> (Tensor y, Tensor new_residual)",
    _add_rms_norm,
    _add_rms_norm_fake,
)
