# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models compiled for every GPU on a machine without one: one dispatch a cluster, and a clear error at a call."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import fanfold
from fanfold.backends import cuda, gpu, rocm
from fanfold.errors import TargetError

TARGETS = [*(f"cuda:{name}" for name in cuda.ARCHS), *(f"rocm:{name}" for name in rocm.ARCHS)]


class ResidualStream(nn.Module):
    """A sum, a norm, and two quantisations of it, one through a view."""

    def forward(self, x: Tensor, r: Tensor, w: Tensor) -> tuple[Tensor, ...]:
        h = x + r
        y = fanfold.ops.rms_norm(h, w, 1e-6)
        return (h, *fanfold.ops.group_quant(y, 128), *fanfold.ops.token_quant(y.view(-1, 1, 1536), torch.int8))


def arguments() -> tuple[Tensor, ...]:
    return (*torch.randn(2, 4, 1536).bfloat16(), torch.randn(1536).bfloat16())


@pytest.mark.parametrize("target", TARGETS)
def test_a_cluster_is_one_dispatch(target: str) -> None:
    rows = {0: torch.export.Dim("rows", min=2)}
    exe = fanfold.compile(ResidualStream(), arguments(), target=target, dynamic_shapes=(rows, rows, None), strict=True)
    assert (exe.target, exe.report.dispatches, len(exe.report.kernels)) == (target, 1, 1)


@pytest.mark.parametrize(("target", "library"), [("cuda:h200", "libcuda.so.1"), ("rocm:mi300x", "libamdhip64.so")])
def test_a_call_without_the_device_says_what_is_missing(target: str, library: str) -> None:
    if not gpu.missing_libraries(library):
        pytest.skip(f"this machine has {library}")
    exe = fanfold.compile(ResidualStream(), arguments(), target=target)
    with pytest.raises(TargetError, match="finds no device") as caught:
        exe(*arguments())
    assert library in str(caught.value)
