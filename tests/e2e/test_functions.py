# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions, comparisons and reductions that no kernel takes: of zeros, signs, infinities, NaN, both ends of integers.

Each was another number than eager's, or no program, when torch-mlir and IREE had the op as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import fanfold
from xpu.ways import OPENCL, require

Function = Callable[[Tensor, Tensor], Any]

FLOATS = (torch.float32, torch.bfloat16, torch.float16)
INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)

#: No denormals: IREE's workers on CPU take them for zero (docs/numerics.md).
_FLOATS = [0.0, 1.0, 0.5, 1.5, 2.5, 7.0, 0.1, 0.3, 1e-3, 300.0, 5e3, math.inf]
NUMBERS = [*_FLOATS, *(-x for x in _FLOATS), math.nan]

#: Each takes all pairs of the numbers.
OF_FLOATS: dict[str, Function] = {
    "pow": torch.pow,
    "pow of -1": lambda a, _: (-1.0) ** a,
    "pow of 1": lambda a, _: 1.0**a,
    "fmod": torch.fmod,
    "floor_divide": lambda a, b: a // b,
    "atan": lambda a, _: torch.atan(a),
    "atan2": torch.atan2,
    "sinh": lambda a, _: torch.sinh(a),
    "asinh": lambda a, _: torch.asinh(a),
    "acosh": lambda a, _: torch.acosh(a),
    "atanh": lambda a, _: torch.atanh(a),
    "hypot": torch.hypot,
    "logaddexp": torch.logaddexp,
    "isfinite": lambda a, _: torch.isfinite(a),
    "signbit": lambda a, _: torch.signbit(a),
    "threshold": lambda a, _: functional.threshold(a, 0.1, 20.0),
    "round to digits": lambda a, _: torch.round(a.clamp(-400, 400), decimals=2),
    "equal to what is rounded": lambda a, _: a == 0.1,
    "not equal": lambda a, _: a != 0.3,
    "below": lambda a, _: a < 0.1,
    "not above": lambda a, _: a <= -0.3,
    "above": lambda a, _: a > 0.3,
    "not below": lambda a, _: torch.where(a >= 0.1, a, 0.3),
    "argmax": lambda a, b: (a + b).argmax(-1),
    "argmin": lambda a, b: (a + b).argmin(0, keepdim=True),
    "argmax of all": lambda a, _: a[:, :-2].flip(0)[1:].argmax(),
    "max": lambda a, b: torch.max(a * b, -1),
    "min": lambda a, b: torch.min(a * b, 0, keepdim=True),
    "average of large numbers": lambda a, _: functional.avg_pool1d(a.nan_to_num(0, 3e4, -3e4)[None], 3, 1),
}

#: Each takes all pairs of the least and the largest numbers and some between.
OF_INTEGERS: dict[str, Function] = {
    "neg": lambda a, _: -a,
    "abs": lambda a, _: a.abs(),
    "square": lambda a, _: a.square(),
    "pow": lambda a, _: a**5,
    "pow of 0": lambda a, _: a**0,
    "root": lambda a, _: a**0.5,
    "times": lambda a, b: a * b - b,
    "times a number": lambda a, _: (a + 3) * 2 - 1,
    "as a pixel": lambda a, _: (a / 255 - 0.5) / 0.25,
    "quotient": lambda a, b: a / b,
    "floor": lambda a, b: torch.div(a, b.clamp(min=1), rounding_mode="floor"),
    "floor by a number": lambda a, _: a // 7,
    "fmod": lambda a, b: torch.fmod(a, b.clamp(min=1)),
    "fmod by a number": lambda a, _: torch.fmod(a, 7),
    "rest": lambda a, b: a % b.clamp(min=1),
    "rest of a negative number": lambda a, _: a % -7 if a.dtype.is_signed else a % 3,
    "rest of a number": lambda _, b: 100 % b.clamp(min=1),
    "copysign": torch.copysign,
    "atan2": torch.atan2,
    "sin": lambda a, _: torch.sin(a),
    "clamp": lambda a, _: a.clamp(1, 100),
    "clamp by floats": lambda a, _: a.clamp(-0.5, 100.5),
    "clamp by tensors": lambda a, b: a.clamp(max=b),
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "clamp by tensors of another dtype": lambda a, b: torch.clamp(a, b.to(torch.int16), b.to(torch.int32)),
    "least by a tensor of another dtype": lambda a, b: torch.clamp(a, None, b.to(torch.int16)),
    "times flags": lambda a, b: a * (b > 0),
    "greater than a number of another dtype": lambda a, _: torch.maximum(a, torch.tensor(-56, dtype=torch.int8)),
    "below a byte": lambda a, _: a < torch.tensor(200, dtype=torch.uint8),
    "equal to a number that wraps around": lambda a, _: a == (300 if a.dtype in INTEGERS[:2] else 100),
    "choice of two dtypes": lambda a, b: torch.where(a > b, a, b.to(torch.int16)),
    "choice of bytes and floats": lambda a, b: torch.where(a > b, a, b.to(torch.float32)),
    "joined with another dtype": lambda a, b: torch.cat([a, b.to(torch.int16)]),
    "bits of two dtypes": lambda a, b: a ^ b.to(torch.int64),
    "mean": lambda a, _: a.clamp(min=1).mean(-1, dtype=torch.float32),
    "mean of all": lambda a, _: a.clamp(min=1).mean(dtype=torch.float32),
    "largest of neighbours": lambda a, _: functional.max_pool2d(a[None, None], 2),
    "maximum of two signs": lambda a, b: torch.maximum(a, b.to(torch.int8)),
    "below": lambda a, b: a < b,
    "above a float": lambda a, _: a > 126.5,
    "where": lambda a, _: torch.where(a >= 100, a, 3),
    "sum": lambda a, _: a.sum(-1),
    "sum as int32": lambda a, _: a.sum(0, dtype=torch.int32),
    "prod": lambda a, _: a.prod(-1),
    "cumsum": lambda a, _: a.cumsum(0),
    "max": lambda a, _: torch.max(a, -1),
    "min of all": lambda a, _: torch.min(a),
    "amax": lambda a, _: a.amax(),
    "argmin": lambda a, b: (a * b).argmin(-1),
    "any": lambda a, _: a.any(-1),
    "all": lambda a, _: a.all(0),
}


class All(nn.Module):
    """All functions of a table."""

    def __init__(self, functions: dict[str, Function]) -> None:
        super().__init__()
        self._functions = functions

    def forward(self, a: Tensor, b: Tensor) -> tuple[Any, ...]:
        return tuple(function(a, b) for function in self._functions.values())


def pairs(numbers: list[float], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    a, b = torch.meshgrid(torch.tensor(numbers, dtype=dtype), torch.tensor(numbers, dtype=dtype), indexing="ij")
    return a.contiguous(), b.contiguous()


def check(functions: dict[str, Function], a: Tensor, b: Tensor, target: str, dtype: torch.dtype) -> None:
    if target == "xpu":
        require(OPENCL)
    device = "opencl" if target == "xpu" else None
    results = fanfold.compile_and_run(All(functions), (a, b), target=target, device=device)
    # A base that is close to 1 has a logarithm close to 0: what f32 loses of it, a large exponent multiplies.
    rtol = 1e-5 if dtype not in FLOATS[1:] else torch.finfo(dtype).eps
    for name, got, expected in zip(functions, results, All(functions)(a, b), strict=True):
        torch.testing.assert_close(
            got, expected, rtol=rtol, atol=0, equal_nan=True, msg=lambda m, n=name: f"{n} of {dtype}: {m}"
        )


@pytest.mark.parametrize("target", ["cpu", "xpu"])
@pytest.mark.parametrize("dtype", FLOATS)
def test_floats(target: str, dtype: torch.dtype) -> None:
    check(OF_FLOATS, *pairs(NUMBERS, dtype), target, dtype)


@pytest.mark.parametrize(
    ("target", "dtype"), [*(("cpu", dtype) for dtype in INTEGERS), ("xpu", torch.uint8), ("xpu", torch.int32)]
)
def test_integers(target: str, dtype: torch.dtype) -> None:
    ends = torch.iinfo(dtype)
    numbers = [
        0,
        1,
        2,
        7,
        100,
        126,
        127,
        ends.max,
        ends.max - 1,
        ends.min,
        ends.min + 1,
        *([-1, -7] if ends.min else []),
    ]
    check(OF_INTEGERS, *pairs(numbers, dtype), target, dtype)


def test_a_comparison_with_a_size_and_bytes_of_any_number() -> None:
    class Model(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
            rows = x.shape[0]
            signed, narrow = y.to(torch.int8), x.to(torch.bfloat16)
            counted = x > rows, y * rows, signed * rows, signed % rows, x**rows, narrow**rows, narrow < rows
            return *counted, (y / 255).mean(-1), y.flip(0).argmax(0)

    def inputs(rows: int) -> tuple[Tensor, Tensor]:
        return torch.randn(rows, 5) * 3, torch.randint(0, 256, (rows, 5), dtype=torch.uint8)

    rows = torch.export.Dim("rows", min=1)
    executable = fanfold.compile(Model(), inputs(4), dynamic_shapes={"x": {0: rows}, "y": {0: rows}})
    for count in (1, 6):
        x, y = inputs(count)
        torch.testing.assert_close(executable(x, y), Model()(x, y))
