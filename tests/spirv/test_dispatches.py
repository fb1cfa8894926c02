# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels that IREE makes of models: each is valid SPIR-V, is built by Intel's compiler, and has eager's numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils import _pytree

import fanfold
from spirv.binaries import complaint
from spirv.intel_cpu import IntelCpu

Function = Callable[..., Any]


class Side(nn.Module):
    """Functions of the same inputs, side by side: one compilation for all of them."""

    def __init__(self, functions: dict[str, Function]) -> None:
        super().__init__()
        self._functions = list(functions.values())
        self.layers = nn.ModuleList([f for f in self._functions if isinstance(f, nn.Module)])

    def forward(self, *inputs: Tensor) -> list[Any]:
        """Return what each function gives."""
        return [f(*inputs) for f in self._functions]


def floats(*shape: int) -> Tensor:
    return torch.randn(*shape)


REDUCTIONS: dict[str, Function] = {
    "softmax": lambda x, _: torch.softmax(x, -1),
    "sum": lambda x, _: x.sum(-1),
    "sum of columns": lambda x, _: x.sum(0),
    "maximum": lambda x, _: x.amax(-1),
    "argmax": lambda x, _: x.argmax(-1),
    "variance": lambda x, _: x.var(-1),
    "cumulative": lambda x, _: x.cumsum(-1),
    "layer norm": lambda x, _: functional.layer_norm(x, x.shape[-1:]),
    "sort": lambda x, _: torch.sort(x)[0],
    "top": lambda x, _: torch.topk(x, 3)[0],
}
ELEMENTWISE: dict[str, Function] = {
    "division": lambda x, y: x / y,
    "root": lambda x, _: x.abs().rsqrt(),
    "exp": lambda x, _: x.exp(),
    "log": lambda x, _: x.abs().log(),
    "gelu": lambda x, _: functional.gelu(x),
    "silu": lambda x, _: functional.silu(x),
    "tanh": lambda x, _: x.tanh(),
    "power": lambda x, _: x.abs().pow(1.7),
    "remainder": torch.remainder,
    "round": lambda x, _: x.round(),
    "sign": lambda x, _: x.sign(),
    "maximum": torch.maximum,
    "where": lambda x, y: torch.where(x > y, x, y),
    "compared": lambda x, y: (x > y) & (y < 0),
    "to i8": lambda x, _: (x * 10).to(torch.int8),
    "lerp": lambda x, y: torch.lerp(x, y, 0.3),
}
MOVES: dict[str, Function] = {
    "transposed": lambda x, _: x.t().contiguous(),
    "rows": lambda x, y: x[(y[0].abs() * 3).long().clamp(0, 3)],
    "concatenated": lambda x, y: torch.cat([x, y], -1),
    "padded": lambda x, _: functional.pad(x, (1, 2)),
    "flipped": lambda x, _: x.flip(0),
    "strided": lambda x, _: x[::2, 1::3].contiguous(),
}
PRODUCTS: dict[str, Function] = {
    "matrices": lambda x, y: x @ y.t(),
    "batches": lambda x, y: x.reshape(2, 8, 64) @ y.reshape(2, 64, 8),
    "vector": lambda x, y: x @ y[0],
    "attention": lambda x, y: functional.scaled_dot_product_attention(
        x.reshape(1, 2, 8, 64), y.reshape(1, 2, 8, 64), y.reshape(1, 2, 8, 64), is_causal=True
    ),
}
IMAGES: dict[str, Function] = {
    "convolution": nn.Conv2d(8, 16, 3, padding=1),
    # A workgroup of 8 x 2 threads that share memory without a barrier.
    "by channel": nn.Conv2d(8, 8, 3, groups=8),
    "maxima": nn.MaxPool2d(2),
    "means": nn.AvgPool2d(2),
    "group norm": nn.GroupNorm(4, 8),
}
INTEGERS: dict[str, Function] = {
    "sum": lambda a, b: a + b,
    "product": lambda a, b: a * b,
    "quotient": lambda a, b: a // b,
    "remainder": lambda a, b: a % b,
    "bits": lambda a, b: (a & b) ^ (a | b),
    "shift": lambda a, _: a >> 2,
    "total": lambda a, _: a.sum(-1),
    "smaller": torch.minimum,
}


def integers(dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    return torch.randint(-99, 99, (5, 33)).to(dtype), torch.randint(1, 99, (5, 33)).to(dtype)


CASES: dict[str, tuple[dict[str, Function], Callable[[], tuple[Tensor, ...]], float]] = {
    "reductions": (REDUCTIONS, lambda: (floats(7, 129), floats(7, 129)), 1e-5),
    "elementwise": (ELEMENTWISE, lambda: (floats(8, 64), floats(8, 64)), 2e-6),
    "moves": (MOVES, lambda: (floats(8, 20), floats(8, 20)), 0),
    "products": (PRODUCTS, lambda: (floats(16, 64), floats(16, 64)), 2e-5),
    "images": (IMAGES, lambda: (floats(1, 8, 12, 12),), 1e-5),
    "reductions of f16": (REDUCTIONS, lambda: (floats(7, 128).half(), floats(7, 128).half()), 4e-3),
    "elementwise f16": (ELEMENTWISE, lambda: (floats(8, 64).half(), floats(8, 64).half()), 2e-3),
    "products of f16": (PRODUCTS, lambda: (floats(16, 64).half(), floats(16, 64).half()), 2e-2),
    "elementwise bf16": (ELEMENTWISE, lambda: (floats(8, 64).bfloat16(), floats(8, 64).bfloat16()), 1e-2),
    "products of bf16": (PRODUCTS, lambda: (floats(16, 64).bfloat16(), floats(16, 64).bfloat16()), 8e-2),
    "i32": (INTEGERS, lambda: integers(torch.int32), 0),
    "i64": (INTEGERS, lambda: integers(torch.int64), 0),
}


def check_kernels(folder: Path, intel: IntelCpu) -> None:
    """Check that all kernels in a dump are valid, and that Intel's compiler builds them."""
    binaries = sorted(folder.rglob("*.spv"))
    assert binaries
    for path in binaries:
        intel.build(path.read_bytes())
        try:
            found = complaint(path.read_bytes())
        except LookupError:
            continue
        assert found is None, f"{path.name}: {found}"


def compiled(
    model: nn.Module, inputs: tuple[Tensor, ...], folder: Path, intel: IntelCpu, dynamic: Any = None
) -> fanfold.Executable:
    """Compile a model for Intel's GPUs, to be run on its runtime for CPUs."""
    executable = fanfold.compile(model, inputs, target="xpu", device="opencl", dynamic_shapes=dynamic, dump_dir=folder)
    check_kernels(folder, intel)
    return executable


def assert_close(name: str, found: Any, expected: Any, tolerance: float) -> None:
    """Compare with eager; integers and flags are equal."""
    for a, b in zip(_pytree.tree_leaves(found), _pytree.tree_leaves(expected), strict=True):
        exact = not b.is_floating_point() or not tolerance
        limit = {"rtol": 0, "atol": 0} if exact else {"rtol": tolerance, "atol": tolerance}
        torch.testing.assert_close(a, b, msg=lambda text: f"{name}: {text}", equal_nan=True, **limit)


@pytest.mark.parametrize("case", CASES)
def test_kernels_of_functions(case: str, tmp_path: Path, intel: IntelCpu) -> None:
    functions, make_inputs, tolerance = CASES[case]
    model = Side(functions).eval()
    executable = compiled(model, make_inputs(), tmp_path, intel)
    inputs = make_inputs()
    with torch.no_grad():
        expected = model(*inputs)
    for name, a, b in zip(functions, executable(*inputs), expected, strict=True):
        assert_close(name, a, b, tolerance)


def test_kernels_of_dynamic_shapes(tmp_path: Path, intel: IntelCpu) -> None:
    functions = {name: REDUCTIONS[name] for name in ("softmax", "sum", "maximum", "layer norm")}
    functions |= {name: ELEMENTWISE[name] for name in ("gelu", "where")}
    functions["product"] = lambda x, y: x @ y.t()
    model = Side(functions)
    rows, columns = torch.export.Dim("rows", min=1), torch.export.Dim("columns", min=2)
    shape = {0: rows, 1: columns}
    executable = compiled(model, (floats(5, 40), floats(5, 40)), tmp_path, intel, {"inputs": (shape, shape)})
    for size in ((1, 2), (5, 40), (33, 17), (64, 256)):
        inputs = floats(*size), floats(*size)
        for name, a, b in zip(functions, executable(*inputs), model(*inputs), strict=True):
            assert_close(f"{name} of {size}", a, b, 2e-5)
