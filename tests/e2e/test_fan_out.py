# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What fans out of a norm, and whatever views stand between: one kernel."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import fanfold
from e2e.agreement import assert_results
from e2e.norms import LlamaNorm

WIDTH = 1536
group_quant = torch.ops.fanfold.group_quant


class QueryPath(nn.Module):
    """DeepSeek-V3.2: the norm of the query feeds two equal quantisations, one of them through a 2-D view."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = LlamaNorm(WIDTH, torch.bfloat16)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        y = self.norm(x)
        return (*group_quant(y.view(-1, WIDTH), 128), *group_quant(y, 128))


class ManyViews(QueryPath):
    """A different chain of views on each branch."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        y = self.norm(x)
        flat = y.flatten(0, 1)
        chain = y.reshape(-1, WIDTH).unsqueeze(0).view(1, -1, 1, WIDTH).squeeze(2).contiguous()
        split = y.view(x.shape[0], -1).view(x.shape[0], -1, WIDTH)
        return (*group_quant(flat, 128), *group_quant(chain, 128), *group_quant(split, 128))


class ManyConsumers(QueryPath):
    """Consumers that differ: other groups, other types, the plain result too."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        y = self.norm(x)
        return (
            y,
            *group_quant(y, 128),
            *group_quant(y, 64),
            *group_quant(y, 100),
            *group_quant(y, 1536, torch.int8),
            *torch.ops.fanfold.token_quant(y),
            torch.ops.fanfold.static_quant(y, torch.full((1,), 0.03)),
        )


@pytest.mark.parametrize("model_class", [QueryPath, ManyViews, ManyConsumers])
@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
def test_one_kernel(model_class: type[QueryPath], dynamic: bool) -> None:
    model = model_class()
    x = torch.randn(3, 5, WIDTH).bfloat16()
    sizes = ({0: torch.export.Dim("batch", max=64), 1: torch.export.Dim("sequence", max=512)},)
    exe = fanfold.compile(model, (x,), dynamic_shapes=sizes if dynamic else None)
    assert exe.report.dispatches == 1, str(exe.report)
    assert all(d.kernel for d in exe.report.decisions)
    for seed in range(3):
        torch.manual_seed(seed)
        y = torch.randn(7, 11, WIDTH).bfloat16() if dynamic else torch.randn_like(x)
        assert_results(exe(y), model(y), torch.bfloat16)


def test_equal_consumers_are_computed_once(tmp_path: object) -> None:
    model = QueryPath()
    exe = fanfold.compile(model, (torch.randn(4, 6, WIDTH).bfloat16(),))
    folded = {p.name: p.rewrites for p in exe.report.passes}
    assert folded["fold-duplicates"] == 1
    assert [d.op for d in exe.report.decisions] == ["rms_norm (spelled out)"] + ["fanfold.group_quant"] * 2


def test_equal_results_have_memory_of_their_own() -> None:
    model, x = QueryPath(), torch.randn(4, 6, WIDTH).bfloat16()
    exe = fanfold.compile(model, (x,))
    results = exe(x)
    assert len({result.data_ptr() for result in results}) == len(results)
    assert exe.report.dispatches == 1


class TwoLayers(nn.Module):
    """Equal clusters in a row."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = LlamaNorm(256, torch.bfloat16), LlamaNorm(256, torch.bfloat16)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        q, s = group_quant(self.first(x), 128)
        # Elementwise ops alone would be taken into the second kernel.
        back = (q.float().view(-1, 2, 128) * s.unsqueeze(-1)).view(-1, 256).bfloat16().flip(-1)
        return group_quant(self.second(back), 128)


def test_equal_layers_share_one_kernel() -> None:
    model = TwoLayers()
    x = torch.randn(9, 256).bfloat16()
    exe = fanfold.compile(model, (x,))
    kernels = {d.kernel for d in exe.report.decisions}
    assert len(kernels) == 1
    assert_results(exe(x), model(x), torch.bfloat16)


class Blocked(nn.Module):
    """The second norm reads the first one's result through a transpose: no view, so no fusion."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = LlamaNorm(64, torch.bfloat16)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return group_quant(self.norm(x).transpose(-1, -2), 64)


def test_a_transpose_is_no_view() -> None:
    model = Blocked()
    x = torch.randn(3, 64, 64).bfloat16()
    exe = fanfold.compile(model, (x,))
    assert len({d.kernel for d in exe.report.decisions}) == 2
    assert_results(exe(x), model(x), torch.bfloat16)


class WideTokens(nn.Module):
    """Values of a row each of which takes as many bytes as a kernel keeps."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        values = x.abs() - 0.25, torch.relu(x) * 0.5, -x
        return tuple(result for value in values for result in torch.ops.fanfold.token_quant(value))


def test_wide_values_take_turns_in_the_memory_of_a_kernel() -> None:
    """IREE refuses a kernel with more than 32768 bytes on its stack."""
    model = WideTokens()
    x = torch.randn(3, 8192).bfloat16()
    exe = fanfold.compile(model, (x,))
    assert exe.report.dispatches == 1
    for found, expected in zip(exe(x), model(x), strict=True):
        assert torch.equal(found.view(torch.uint8), expected.view(torch.uint8))
