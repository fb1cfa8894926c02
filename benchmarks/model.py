# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The measured model: RMSNorm, a view, and two equal group-128 FP8 quantisations, as in DeepSeek's query path."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from fanfold.trial import plain_group_quant

GROUP = 128
QuantFn = Callable[[Tensor], tuple[Tensor, Tensor]]


def quantize_plain(x: Tensor) -> tuple[Tensor, Tensor]:
    """Quantise in plain torch ops, which Inductor and stock IREE can see through."""
    return plain_group_quant(x, GROUP)


def quantize_fanfold(x: Tensor) -> tuple[Tensor, Tensor]:
    """Quantise with fanfold's op, which is what its passes recognise."""
    result: tuple[Tensor, Tensor] = torch.ops.fanfold.group_quant(x, GROUP)
    return result


class NormQuant(nn.Module):
    """Normalises rows in bf16 and quantises the result twice.

    Args:
        width: Elements of a row.
        quantize: The quantisation to use.
    """

    def __init__(self, width: int, quantize: QuantFn) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(width)
        self.weight = nn.Parameter((1 + 0.1 * torch.randn(width, generator=generator)).bfloat16())
        self.quantize = quantize

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return two pairs of values and scales for ``x`` of shape [1, rows, width]."""
        wide = x.float()
        y = self.weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)).to(x.dtype)
        y = y.view(-1, x.shape[-1])
        return (*self.quantize(y), *self.quantize(y))


def example_input(rows: int, width: int) -> Tensor:
    """Return the input that every peer gets for this shape."""
    generator = torch.Generator().manual_seed(rows * 100_003 + width)
    return torch.randn(1, rows, width, generator=generator).bfloat16()


def bytes_moved(rows: int, width: int) -> int:
    """Bytes that any implementation must move: the input once, one copy of the equal outputs once."""
    return rows * (2 * width + width + 4 * (width // GROUP))
