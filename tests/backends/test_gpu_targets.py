# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models compiled for every GPU on a machine without one: one dispatch a cluster, and a clear error at a call."""

from __future__ import annotations

import contextlib

import pytest
import torch
from torch import Tensor, nn

import fanfold
from fanfold.backends import cuda, gpu, rocm, vulkan, xpu
from fanfold.backends.target import parse_target
from fanfold.errors import TargetError
from verifying import verified_by_iree

#: IREE verifies these after each of its passes, with and without instructions of the device's own.
VERIFIED = ("cuda:sm_80", "cuda:sm_90", "rocm:gfx942", "rocm:gfx1100", "vulkan", "vulkan:llvmpipe")
TABLES = {"cuda": cuda.ARCHS, "rocm": rocm.ARCHS, "xpu": xpu.ARCHS, "vulkan": vulkan.ARCHS}
TARGETS = [str(parse_target(f"{backend}:{name}")) for backend, archs in TABLES.items() for name in archs]


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
    shapes = (rows, rows, None)
    with verified_by_iree() if target in VERIFIED else contextlib.nullcontext():
        exe = fanfold.compile(
            ResidualStream(), arguments(), target=target, dynamic_shapes=shapes, fp8="native", strict=True
        )
    assert (exe.target, exe.report.dispatches, len(exe.report.kernels)) == (target, 1, 1)


class ManyOddGroups(nn.Module):
    """Groups that no power of two of lanes owns: their maxima meet in shared memory."""

    def forward(self, x: Tensor) -> list[Tensor]:
        return [part for i in range(7) for part in fanfold.ops.group_quant(x, 3, absmax_floor=2.0**-i)]


def test_a_kernel_takes_no_more_shared_memory_than_there_is() -> None:
    report = fanfold.explain(ManyOddGroups(), (torch.randn(4, 8190).bfloat16(),), target="cuda:sm_90")
    assert not report.kernels
    assert all("bytes of shared memory, and a kernel has 49152" in decision.reason for decision in report.decisions)


@pytest.mark.parametrize(("target", "library"), [("cuda:h200", "libcuda.so"), ("rocm:mi300x", "libamdhip64.so")])
def test_a_call_without_the_device_says_what_is_missing(target: str, library: str) -> None:
    if not gpu.missing_libraries(library):
        pytest.skip(f"this machine has {library}")
    exe = fanfold.compile(ResidualStream(), arguments(), target=target, fp8="native")
    with pytest.raises(TargetError, match="finds no device") as caught:
        exe(*arguments())
    assert library in str(caught.value)
