# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Vulkan run on Mesa's software device: regions and what IREE makes of the rest, against eager PyTorch."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import Tensor, nn

import fanfold
from e2e.agreement import assert_results
from e2e.norms import LlamaNorm
from fanfold.backends.device import list_devices
from fanfold.backends.drivers import DRIVERS
from fanfold.backends.iree_compiler import compile_module
from fanfold.backends.runtime import LoadedModule
from fanfold.backends.target import parse_target
from fanfold.dialect.context import parse_module
from fanfold.errors import CallError, FanfoldError
from fanfold.features import FeatureWarning
from fanfold.lowering import serialised, set_device
from fanfold.passes.base import PassState
from fanfold.passes.finalize import Finalize
from fanfold.passes.form_rows import FormRows
from fanfold.passes.lower_rows_to_kernel import LowerRowsToKernel
from fanfold.passes.lower_rows_to_linalg import LowerRowsToLinalg
from fanfold.passes.pipeline import run_passes
from passes.row_modules import BF16, ELEMENT, F16, F32, SOURCES, Inputs, assert_eager, special_rows

#: Without subgroups, and with those of the device.
TARGETS = ["vulkan", "vulkan:llvmpipe"]


def _devices() -> list[str]:
    try:
        return [device.name for device in list_devices(DRIVERS["vulkan"])]
    except FanfoldError:
        return []


NAMES = _devices()
pytestmark = [
    pytest.mark.skipif(not any("llvmpipe" in name for name in NAMES[:1]), reason="Mesa's lavapipe is not installed"),
    pytest.mark.filterwarnings(f"ignore::{FeatureWarning.__module__}.{FeatureWarning.__name__}"),
]

#: Every source, each with a dtype and a width: short rows, rows of several subgroups, and odd ones. Mesa's compiler
#: takes ten seconds for one.
CASES = [
    ("vulkan:llvmpipe", "custom ops", BF16, 256),
    ("vulkan", "custom ops", F32, 37),
    ("vulkan", "forms", F16, 100),
    ("vulkan:llvmpipe", "forms", F32, 1032),
    ("vulkan", "functions", BF16, 1536),
]


@pytest.mark.slow
@pytest.mark.parametrize(("target", "source", "dtype", "width"), CASES, ids=lambda v: ELEMENT.get(v, str(v)))
def test_regions_have_eagers_bits(target: str, source: str, dtype: torch.dtype, width: int) -> None:
    torch.manual_seed(0)
    written, known = SOURCES[source](dtype, width), parse_target(target)
    module = parse_module(written.text())
    set_device(module, known)
    passes = [FormRows(), LowerRowsToKernel(), LowerRowsToLinalg(), Finalize()]
    run_passes(module, passes, PassState(known.kernels()))
    vmfb = compile_module(serialised(module, known), known).vmfb
    name = str(dtype).removeprefix("torch.")
    outputs = [str(result[2]).removeprefix("torch.") for result in written.results]
    loaded = LoadedModule(vmfb, known.driver, [name] * 4 + ["float32"] * 2, outputs, {})
    ordinary = torch.randn(9, width).to(dtype)
    for x, exact_only in (
        (ordinary, False),
        (special_rows(width, dtype), True),
        (ordinary * torch.finfo(BF16).tiny, True),
    ):
        inputs = Inputs.around(x)
        assert_eager(loaded.call(inputs.all()), written, inputs, exact_only=exact_only)


class Streamed(nn.Module):
    """Rows that no workgroup keeps in registers."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = LlamaNorm(40960, BF16)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        y = self.norm(x)
        return (y, *torch.ops.fanfold.group_quant(y, 128), *torch.ops.fanfold.token_quant(y, torch.int8))


@pytest.mark.parametrize("target", TARGETS)
def test_streamed_rows(target: str) -> None:
    model, x = Streamed(), torch.randn(3, 40960).bfloat16()
    exe = fanfold.compile(model, (x,), target=target, strict=True)
    assert exe.report.dispatches == 1
    assert_results(exe(x), model(x), BF16)


class Attention(nn.Module):
    """A norm, products of bf16 with weights, an attention and a residual sum: kernels of both makers."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.norm = LlamaNorm(128, dtype)
        self.qkv, self.out = (nn.Linear(128, n, bias=n > 128, dtype=dtype) for n in (384, 128))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (part.unflatten(-1, (4, 32)).transpose(1, 2) for part in self.qkv(self.norm(x)).chunk(3, -1))
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return x + self.out(mixed.transpose(1, 2).flatten(2))


@pytest.mark.parametrize("dtype", [BF16, F32], ids=lambda d: ELEMENT[d])
def test_attention_with_dynamic_sizes(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    model = Attention(dtype).eval()
    x = torch.randn(2, 17, 128).to(dtype)
    sizes = {0: torch.export.Dim("batch", min=1, max=8), 1: torch.export.Dim("tokens", min=2, max=64)}
    exe = fanfold.compile(model, (x,), target="vulkan", dynamic_shapes=(sizes,))
    for shape in ((2, 17), (1, 2), (3, 33)):
        x = torch.randn(*shape, 128).to(dtype)
        step = {F32: 1e-5, F16: 4e-3, BF16: 3e-2}[dtype]
        torch.testing.assert_close(exe(x), model(x), rtol=step, atol=step)


def test_products_of_int8_keep_their_signs() -> None:
    """IREE's own code for them takes int8 for unsigned."""

    class Product(nn.Module):
        def forward(self, a: Tensor, b: Tensor) -> Tensor:
            return torch._int_mm(a, b)

    a, b = (torch.randint(-128, 128, shape).to(torch.int8) for shape in ((32, 64), (64, 32)))
    exe = fanfold.compile(Product(), (a, b), target="vulkan")
    assert torch.equal(exe(a, b), Product()(a, b))


def test_a_call_without_rows_is_refused_by_irees_driver() -> None:
    class Norm(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return fanfold.ops.rms_norm(x, None, 1e-6)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FeatureWarning)
        exe = fanfold.compile(
            Norm(), (torch.randn(4, 64),), target="vulkan", dynamic_shapes=({0: torch.export.Dim("rows", min=0)},)
        )
    with pytest.raises(CallError, match="empty buffer range"):
        exe(torch.randn(0, 64))


class ByChannel(nn.Module):
    """Convolutions that share memory in workgroups which are no row of threads."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv2d(n, n, 3, groups=n) for n in (2, 8))

    def forward(self, x: Tensor) -> list[Tensor]:
        return [convolution(x[:, : convolution.groups]) for convolution in self.convolutions]


def test_threads_that_share_memory_wait_for_each_other() -> None:
    model, x = ByChannel().eval(), torch.randn(1, 8, 9, 9)
    with torch.no_grad():
        for found, expected in zip(fanfold.compile(model, (x,), target="vulkan")(x), model(x), strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
