# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""RMS norm, alone and with the residual add before it."""

import torch

from .checks import check_rows, check_weight, reject
from .registry import FANFOLD, define_op


def rms_norm(x: torch.Tensor, weight: torch.Tensor | None, eps: float) -> torch.Tensor:
    """Normalise each row by its root mean square, as Llama's and vLLM's RMSNorm do.

    In f32, with two rounding points for a bf16 or f16 model::

        rstd = rsqrt(mean(f32(x)²) + f32(eps))
        n = round(f32(x) * rstd, weight's dtype; x's dtype without a weight)
        y = round(f32(n) * f32(weight), x's dtype)        # y = n without a weight

    ``torch.nn.functional.rms_norm`` differs: it rounds the product only.

    Args:
        x: ``[..., D]`` in bf16, f16 or f32, with any leading dims, also none and empty ones.
        weight: ``[D]`` in bf16, f16 or f32, or ``None``.
        eps: Added to the mean square.

    Returns:
        ``[..., D]`` in x's dtype.

    Raises:
        ArgumentError: If the rank, width or dtype is another one.
    """
    result: torch.Tensor = torch.ops.fanfold.rms_norm.default(x, weight, eps)
    return result


def add_rms_norm(
    x: torch.Tensor, residual: torch.Tensor, weight: torch.Tensor | None, eps: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Add the residual, then normalise the sum, as vLLM's fused_add_rms_norm does.

    The norm reads the f32 sum; the residual stream gets the rounded one::

        s = f32(x) + f32(residual)
        new_residual = round(s, x's dtype)
        rstd = rsqrt(mean(s²) + f32(eps))
        n = round(s * rstd, weight's dtype; x's dtype without a weight)
        y = round(f32(n) * f32(weight), x's dtype)        # y = n without a weight

    Args:
        x: ``[..., D]`` in bf16, f16 or f32.
        residual: Like x, in shape and dtype.
        weight: ``[D]`` in bf16, f16 or f32, or ``None``.
        eps: Added to the mean square.

    Returns:
        ``(y, new_residual)``, both like x.

    Raises:
        ArgumentError: If a rank, width or dtype is another one.
    """
    y, new_residual = torch.ops.fanfold.add_rms_norm.default(x, residual, weight, eps)
    return y, new_residual


def normalise(
    s: torch.Tensor, weight: torch.Tensor | None, eps: float, dtype: torch.dtype, variance_size: int | None = None
) -> torch.Tensor:
    """Normalise f32 rows `s` and round as documented at :func:`rms_norm`; `dtype` is the result's.

    `variance_size` takes the mean square over the first so many elements of a row.
    """
    head = s if variance_size is None else s[..., :variance_size]
    rstd = torch.rsqrt(head.square().mean(dim=-1, keepdim=True) + eps)
    if weight is None:
        return (s * rstd).to(dtype)  # the only rounding point
    n = (s * rstd).to(weight.dtype)  # rounding point 1: the normalised value
    return (n.float() * weight.float()).to(dtype)  # rounding point 2: the product


def _rms_norm(x: torch.Tensor, weight: torch.Tensor | None, eps: float) -> torch.Tensor:
    check_rows("rms_norm", "x", x)
    check_weight("rms_norm", x, weight)
    return normalise(x.contiguous().float(), weight, eps, x.dtype)


def _rms_norm_fake(x: torch.Tensor, weight: torch.Tensor | None, eps: float) -> torch.Tensor:  # noqa: ARG001
    check_rows("rms_norm", "x", x)
    check_weight("rms_norm", x, weight)
    return x.new_empty(x.shape)


def _check_add(x: torch.Tensor, residual: torch.Tensor, weight: torch.Tensor | None) -> None:
    check_rows("add_rms_norm", "x", x)
    check_weight("add_rms_norm", x, weight)
    if residual.shape != x.shape:
        raise reject("add_rms_norm", "shape of residual", expected=list(x.shape), found=list(residual.shape))
    if residual.dtype != x.dtype:
        raise reject("add_rms_norm", "dtype of residual", expected=x.dtype, found=residual.dtype)


def _add_rms_norm(
    x: torch.Tensor, residual: torch.Tensor, weight: torch.Tensor | None, eps: float
) -> tuple[torch.Tensor, torch.Tensor]:
    _check_add(x, residual, weight)
    s = x.contiguous().float() + residual.contiguous().float()
    # The norm reads s itself, not the residual stream's rounded copy.
    return normalise(s, weight, eps, x.dtype), s.to(x.dtype)


def _add_rms_norm_fake(
    x: torch.Tensor,
    residual: torch.Tensor,
    weight: torch.Tensor | None,
    eps: float,  # noqa: ARG001
) -> tuple[torch.Tensor, torch.Tensor]:
    _check_add(x, residual, weight)
    return x.new_empty(x.shape), x.new_empty(x.shape)


define_op(FANFOLD, "rms_norm(Tensor x, Tensor? weight, float eps) -> Tensor", _rms_norm, _rms_norm_fake)
define_op(
    FANFOLD,
    "add_rms_norm(Tensor x, Tensor residual, Tensor? weight, float eps) -> (Tensor y, Tensor new_residual)",
    _add_rms_norm,
    _add_rms_norm_fake,
)
