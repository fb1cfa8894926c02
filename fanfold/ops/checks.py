# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Argument checks that the eager and the fake implementation of every op share."""

import torch

from fanfold.errors import FanfoldError

#: What rows may hold before they are quantised.
ROW_DTYPES = (torch.bfloat16, torch.float16, torch.float32)


class ArgumentError(FanfoldError, ValueError):
    """An op was called with tensors or numbers that it does not take."""


def reject(op: str, what: str, *, expected: object, found: object) -> ArgumentError:
    """Return the error that says which argument of `op` is wrong, and how."""
    return ArgumentError(
        f"fanfold.ops.{op}: bad {what}", stage="call", op=f"fanfold::{op}", expected=str(expected), found=str(found)
    )


def check_rows(op: str, name: str, x: torch.Tensor) -> None:
    """Check that `x` has a last dim and a float dtype.

    Raises:
        ArgumentError: If it has not.
    """
    if x.dim() == 0:
        raise reject(op, f"rank of {name}", expected="at least 1 dim", found="a scalar")
    if x.dtype not in ROW_DTYPES:
        raise reject(op, f"dtype of {name}", expected=" or ".join(map(str, ROW_DTYPES)), found=x.dtype)


def check_weight(op: str, x: torch.Tensor, weight: torch.Tensor | None) -> None:
    """Check that `weight` is absent or a float vector as wide as the rows of `x`.

    Raises:
        ArgumentError: If it is neither.
    """
    if weight is None:
        return
    if weight.dim() != 1 or weight.shape[0] != x.shape[-1]:
        raise reject(op, "shape of weight", expected=[x.shape[-1]], found=list(weight.shape))
    if weight.dtype not in ROW_DTYPES:
        raise reject(op, "dtype of weight", expected=" or ".join(map(str, ROW_DTYPES)), found=weight.dtype)


def check_scalar_tensor(op: str, name: str, value: torch.Tensor) -> None:
    """Check that `value` is one f32.

    Raises:
        ArgumentError: If it has another dtype or number of elements.
    """
    if value.dtype != torch.float32:
        raise reject(op, f"dtype of {name}", expected=torch.float32, found=value.dtype)
    if value.numel() != 1:
        raise reject(op, f"shape of {name}", expected="one element", found=list(value.shape))
