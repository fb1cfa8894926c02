# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``torch._scaled_mm``, the product of two fp8 matrices, in ops that have a lowering."""

from __future__ import annotations

import torch
from torch.fx.experimental.symbolic_shapes import statically_known_true

from fanfold.errors import ExportError

_FP8 = (torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz)


def scaled_mm(
    self: torch.Tensor,
    mat2: torch.Tensor,
    scale_a: torch.Tensor,
    scale_b: torch.Tensor,
    bias: torch.Tensor | None = None,
    scale_result: torch.Tensor | None = None,
    out_dtype: torch.dtype | None = None,
    use_fast_accum: bool = False,  # noqa: ARG001 - the sum is in f32
) -> torch.Tensor:
    """Return ``(self @ mat2) * scale_a * scale_b + bias`` in f32, rounded once to `out_dtype`; fp8 saturates.

    The scales multiply the sums, as on the hardware, and not the weights at each call. PyTorch on the CPU scales the
    operands: results differ in the last bits of f32.

    Raises:
        ExportError: If the scales belong to blocks, or the result has a scale.
    """
    rows, columns = self.shape[0], mat2.shape[1]
    if scale_result is not None:
        raise _refusal("no scale of the result", f"scale_result of shape {list(scale_result.shape)}")
    for scale, shape in ((scale_a, (rows, 1)), (scale_b, (1, columns))):
        whole = statically_known_true(scale.numel() == 1)
        by_line = scale.dim() == 2 and all(
            statically_known_true(n == size) for n, size in zip(scale.shape, shape, strict=True)
        )
        if not (whole or by_line):
            raise _refusal(f"a scale of one element or of shape {list(shape)}", f"shape {list(scale.shape)}")
    left, right = (scale.reshape(()) if scale.dim() != 2 else scale for scale in (scale_a.float(), scale_b.float()))
    result = torch.mm(self.float(), mat2.float()) * (left * right)
    if bias is not None:
        result = result + bias.float()
    dtype = self.dtype if out_dtype is None else out_dtype
    if dtype in _FP8:
        largest = torch.finfo(dtype).max
        result = result.clamp(-largest, largest)
    return result.to(dtype)


def _refusal(expected: str, found: str) -> ExportError:
    return ExportError(
        "this torch._scaled_mm has no lowering",
        stage="import",
        op="aten::_scaled_mm",
        expected=expected,
        found=found,
        remedy="scale whole tensors, or the rows of the first and the columns of the second matrix",
    )
