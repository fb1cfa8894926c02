# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions as models, and what the report says of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

import fanfold
from fanfold import ops

X = torch.randn(4, 64)


class Model(nn.Module):
    """A function of a tensor and of layers.

    Args:
        function: The function.
        layers: The layers.
    """

    def __init__(self, function: Callable[..., Any], *layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Any:
        return self.function(x, *self.layers)


def explain(function: Callable[..., Any], *layers: nn.Module, x: Tensor = X) -> fanfold.Report:
    return fanfold.explain(Model(function, *layers).eval(), (x,))


def norm(x: Tensor) -> Tensor:
    return functional.rms_norm(x, (x.shape[-1],))


def quant(x: Tensor, group: int = 32) -> tuple[Tensor, Tensor]:
    return ops.group_quant(x, group)
