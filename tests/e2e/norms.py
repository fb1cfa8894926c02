# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The spellings of RMSNorm that models bring."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

EPS = 1e-5


class LlamaNorm(nn.Module):
    """As in Hugging Face's Llama: the normalised value is rounded before the weight multiplies it."""

    def __init__(self, width: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width).to(dtype))

    def forward(self, hidden: Tensor) -> Tensor:
        dtype = hidden.dtype
        hidden = hidden.to(torch.float32)
        variance = hidden.pow(2).mean(-1, keepdim=True)
        hidden = hidden * torch.rsqrt(variance + EPS)
        return self.weight * hidden.to(dtype)


class SquareNorm(nn.Module):
    """A product for the square, the operands the other way round, and the weight applied in f32."""

    def __init__(self, width: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width).to(dtype))

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        return (torch.rsqrt((wide * wide).mean(dim=-1, keepdim=True) + EPS) * wide * self.weight.float()).to(x.dtype)


class GemmaNorm(nn.Module):
    """As in Hugging Face's Gemma: one is added to the weight, and all of it is in f32."""

    def __init__(self, width: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width).to(dtype))

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        normalized = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + EPS)
        return (normalized * (1.0 + self.weight.float())).type_as(x)


class FanfoldNorm(nn.Module):
    """The custom op, with or without a weight."""

    def __init__(self, width: int, dtype: torch.dtype, *, affine: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width).to(dtype)) if affine else None

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.fanfold.rms_norm(x, self.weight, EPS)


class FusedNorm(nn.Module):
    """The op that captured graphs have in place of `F.rms_norm`."""

    def __init__(self, width: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width).to(dtype))

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.aten._fused_rms_norm(x, list(self.weight.shape), self.weight, EPS)[0]


def _torch_norm(width: int, dtype: torch.dtype) -> nn.Module:
    norm = nn.RMSNorm(width, eps=EPS, dtype=dtype)
    nn.init.normal_(norm.weight)
    return norm


NORMS: dict[str, Callable[[int, torch.dtype], nn.Module]] = {
    "llama": LlamaNorm,
    "square": SquareNorm,
    "gemma": GemmaNorm,
    "fanfold": FanfoldNorm,
    "fanfold without weight": lambda width, dtype: FanfoldNorm(width, dtype, affine=False),
    "torch": _torch_norm,
    "torch, fused": FusedNorm,
    "torch, default eps": lambda width, dtype: nn.RMSNorm(width, dtype=dtype),
    # In f32, another eps is all that tells this from the custom op without weight: equal norms would be folded.
    "torch without weight": lambda width, dtype: nn.RMSNorm(width, eps=2 * EPS, elementwise_affine=False, dtype=dtype),
}
