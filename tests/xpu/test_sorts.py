# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sorts of which a model reads the positions, the values, or both, side by side: CPU and XPU have eager's numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils import _pytree

import fanfold
from xpu.ways import OPENCL, require

#: IREE's own sort rejected, crashed on or mixed up all that has no remark.
FUNCTIONS: dict[str, Callable[[Tensor, Tensor], Any]] = {
    "positions": lambda x, _: torch.topk(x, 3)[1],
    "of columns": lambda x, _: torch.topk(x, 2, 0, largest=False)[1],
    "integers": lambda _, y: torch.argsort(y),
    "the same sizes": lambda _, y: torch.argsort(y, descending=True),
    "odd width": lambda x, _: torch.topk(x.flatten()[:129].view(1, 129), 4)[1],
    "ties": lambda _, y: torch.argsort(y // 4, stable=True),
    "bytes": lambda _, y: torch.sort((y * 16).to(torch.uint8)),
    "flags": lambda _, y: torch.sort(y > 8)[0],
    "not a number": lambda x, _: torch.sort(x.masked_fill((x > 0) & (x < 0.5), torch.nan), stable=True)[1],
    "zeros": lambda _, y: torch.argsort(torch.where(y % 2 == 0, 0.0, -0.0) * (y > 4), stable=True),
    "both": lambda x, _: torch.topk(x, 3),  # was right on SPIR-V, and on CPU sorted the caller's tensor, too
}


class Sorts(nn.Module):
    """All of them."""

    def forward(self, x: Tensor, y: Tensor) -> list[Any]:
        return [function(x, y) for function in FUNCTIONS.values()]


class Router(nn.Module):
    """Experts for tokens, as DeepSeek-V3 chooses them: by groups, and with a bias that is not in their weights."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(16, 8) / 4)
        self.bias = nn.Parameter(torch.randn(8) / 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        scores = (x @ self.weight).sigmoid()
        biased = scores + self.bias
        best = biased.unflatten(-1, (4, 2)).topk(2)[0].sum(-1)
        mask = torch.zeros_like(best).scatter_(1, best.topk(2, sorted=False)[1], 1)
        allowed = mask.unsqueeze(-1).expand(-1, 4, 2).flatten(1).bool()
        chosen = biased.masked_fill(~allowed, -torch.inf).topk(3)[1]
        return chosen, scores.gather(1, chosen)


def distinct(rows: int, width: int) -> Tensor:
    return (torch.randperm(rows * width) - rows * width // 2).view(rows, width) / 64


@pytest.mark.parametrize("target", ["cpu", "xpu"])
def test_sorts_side_by_side(target: str) -> None:
    if target == "xpu":
        require(OPENCL)
    inputs = distinct(32, 8), torch.stack([torch.randperm(16) for _ in range(32)])
    given = [x.clone() for x in inputs]
    device = {"device": OPENCL.driver} if target == "xpu" else {}
    executable = fanfold.compile(Sorts(), inputs, target=target, **device)
    results = executable(*given)
    assert all(map(torch.equal, given, inputs))
    for name, found, expected in zip(FUNCTIONS, results, Sorts()(*inputs), strict=True):
        for a, b in zip(_pytree.tree_leaves(found), _pytree.tree_leaves(expected), strict=True):
            assert torch.equal(a, b), name


def test_vulkan_compiles_them() -> None:
    assert fanfold.compile(Sorts(), (distinct(32, 8), torch.randint(9, (32, 16))), target="vulkan").report.dispatches


def test_dynamic_sizes() -> None:
    require(OPENCL)

    class Positions(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.topk(x, 3)[1]

    # IREE asked for shared memory of unknown size.
    shapes = {"x": {0: torch.export.Dim("rows", min=1), 1: torch.export.Dim("columns", min=4)}}
    executable = fanfold.compile(
        Positions(), (distinct(32, 8),), target="xpu", device=OPENCL.driver, dynamic_shapes=shapes
    )
    for rows, columns in ((32, 8), (1, 129), (7, 4)):
        x = distinct(rows, columns)
        assert torch.equal(executable(x), Positions()(x))


def test_a_router() -> None:
    require(OPENCL)
    torch.manual_seed(0)
    router = Router().eval()
    x = torch.randn(32, 16)
    executable = fanfold.compile(
        router, (x,), target="xpu", device=OPENCL.driver, dynamic_shapes={"x": {0: torch.export.Dim("tokens")}}
    )
    for tokens in (32, 5):
        chosen, weights = executable(x[:tokens])
        expected, expected_weights = router(x[:tokens])
        assert torch.equal(chosen, expected)
        torch.testing.assert_close(weights, expected_weights, rtol=1e-6, atol=1e-6)
