# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ops that IREE lowers round bf16 and f16 where eager rounds: alone, and with elementwise ops after them.

All ops of a table are one model. IREE drops a rounding only if the next op is in the same dispatch, so the chained form
``op(x, y) * y + x`` returns nothing but its end.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import fanfold

Op = Callable[[Tensor, Tensor], Tensor]

#: Without a sum or a polynomial: equal bytes.
EXACT: dict[str, Op] = {
    "leaky_relu": lambda x, _: F.leaky_relu(x, 0.1),
    "prelu": lambda x, _: F.prelu(x, x.new_full((1,), 0.3)),
    "hardswish": lambda x, _: F.hardswish(x),
    "softsign": lambda x, _: F.softsign(x),
    "pow 2": lambda x, _: x**2,
    "pow 3": lambda x, _: x**3,
    "pow -1": lambda x, _: x**-1,
    "pow -2": lambda x, _: x**-2,
    "pow 0.5": lambda x, _: x.abs() ** 0.5,
    "square": lambda x, _: x.square(),
    "sqrt": lambda x, _: x.abs().sqrt(),
    "1.7 / x": lambda x, _: 1.7 / x,
    "1.7 - x": lambda x, _: 1.7 - x,
    "x * 3": lambda x, _: x * 3,
    "alpha": lambda x, y: torch.add(x, y, alpha=0.37),
    "addcmul": lambda x, y: torch.addcmul(x, x, y, value=0.3),
    "lerp": lambda x, y: torch.lerp(x, y, 0.3),
    "where": lambda x, _: torch.where(x > 0, x * 0.1, 0.3),
    "where 0-d": lambda x, _: torch.where(x > 0, x, torch.tensor(0.37)),
    "masked_fill": lambda x, _: x.masked_fill(x > 0, 0.1),
    "clamp": lambda x, _: x.clamp(-0.3, 0.7),
    "frac": lambda x, _: torch.frac(x * 3),
    "trunc": lambda x, _: torch.trunc(x * 3),
    "prod 2": lambda x, _: x[:, :2].prod(-1, keepdim=True),
    "prod 7": lambda x, _: x[:, :7].prod(-1, keepdim=True),
    "x // 0.3": lambda x, _: x // 0.3,
    "x // y": lambda x, y: x // y,
    "x // -0.3": lambda x, _: x // -0.3,
    "x // 0-d": lambda x, _: x // torch.tensor(0.37),
    "0.3 // x": lambda x, _: 0.3 // x,
    "trunc div 0.3": lambda x, _: torch.div(x, 0.3, rounding_mode="trunc"),
    "sum in x's type": lambda x, _: x.float().round().sum(-1, keepdim=True, dtype=x.dtype),
    "trunc div": lambda x, y: torch.div(x, y, rounding_mode="trunc"),
    "x % 0.3": lambda x, _: x % 0.3,
    "x % y": lambda x, y: x % y,
    "fmod 0.3": lambda x, _: torch.fmod(x, 0.3),
    "fmod y": torch.fmod,
    "copysign": lambda x, y: torch.copysign(x, y * 0.3),
    "copysign number": lambda x, _: torch.copysign(x, -0.3),
    "bool": lambda x, _: (x > 0).to(x.dtype),
    "one_hot": lambda x, _: F.one_hot(torch.arange(16), 256).to(x.dtype),
    "int8": lambda x, y: (x * 3).to(torch.int8).to(x.dtype) * y,
    "uint8": lambda x, _: (x * 3).abs().to(torch.uint8).to(x.dtype),
    "int64": lambda x, _: (x.double() * 2.0**33).to(torch.int64).to(x.dtype) / 2.0**33,
    "f64": lambda x, _: (x.double() * 0.1).to(x.dtype),
    "arange": lambda x, y: torch.arange(256, dtype=x.dtype) * y,
    "int64 half way": lambda x, _: (torch.arange(-128, 128) + 2**40 + 2**32).to(x.dtype) / 2.0**33,
    "x * 0-d": lambda x, _: x * torch.tensor(0.37),
    "x / 0-d": lambda x, _: x / torch.tensor(0.37),
    "x * f64 0-d": lambda x, _: x * torch.tensor(0.37, dtype=torch.float64),
    "x * int 0-d": lambda x, _: x * torch.tensor(1025),
    "x * int": lambda x, _: x * torch.arange(2000, 2256),
    "x + int": lambda x, _: x + torch.arange(256),
    "0-d * x": lambda x, _: torch.tensor(0.37) * x,
    "0-d / x": lambda x, _: torch.tensor(0.37) / x,
    "x + 0-d": lambda x, _: x + torch.tensor(0.37),
    "x - 0-d": lambda x, _: x - torch.tensor(0.37),
    "0-d - x": lambda x, _: torch.tensor(0.37) - x,
    "x + alpha 0-d": lambda x, _: torch.add(x, torch.tensor(0.37), alpha=0.37),
    "maximum 0-d": lambda x, _: torch.maximum(x, torch.tensor(0.37)),
}

#: With a sum or a polynomial: a few values are one step off.
CLOSE: dict[str, Op] = {
    "elu": lambda x, _: F.elu(x, 1.3),
    "celu": lambda x, _: F.celu(x, 1.3),
    "selu": lambda x, _: F.selu(x),
    "silu": lambda x, _: F.silu(x),
    "softplus": lambda x, _: F.softplus(x),
    "mish": lambda x, _: F.mish(x),
    "logsigmoid": lambda x, _: F.logsigmoid(x),
    "tanhshrink": lambda x, _: F.tanhshrink(x),
    "glu": lambda x, y: F.glu(torch.cat([x, y], -1)),
    "gelu": lambda x, _: F.gelu(x),
    "gelu tanh": lambda x, _: F.gelu(x, approximate="tanh"),
    "exp": lambda x, _: x.exp(),
    "exp2": lambda x, _: x.exp2(),
    "expm1": lambda x, _: x.expm1(),
    "log": lambda x, _: x.abs().log(),
    "log2": lambda x, _: x.abs().log2(),
    "log10": lambda x, _: x.abs().log10(),
    "log1p": lambda x, _: x.abs().log1p(),
    "sin": lambda x, _: x.sin(),
    "cos": lambda x, _: x.cos(),
    "tan": lambda x, _: x.tan(),
    "sinh": lambda x, _: x.sinh(),
    "cosh": lambda x, _: x.cosh(),
    "tanh": lambda x, _: x.tanh(),
    "atan": lambda x, _: x.atan(),
    "asin": lambda x, _: (x / 8).asin(),
    "acos": lambda x, _: (x / 8).acos(),
    "atan2": torch.atan2,
    "atan2 0-d": lambda x, _: torch.atan2(x, torch.tensor(0.37)),
    "erf": lambda x, _: x.erf(),
    "sigmoid": lambda x, _: x.sigmoid(),
    "rsqrt": lambda x, _: x.abs().rsqrt(),
    "xlogy": lambda x, y: torch.xlogy(x, y.abs()),
    "xlogy number": lambda _, y: torch.xlogy(1.3, y.abs()),
    "logaddexp": torch.logaddexp,
    "pow -0.5": lambda x, _: x.abs() ** -0.5,
    "pow 1.37": lambda x, _: x.abs() ** 1.37,
    "pow 4": lambda x, _: x**4,
    "1.37 ** x": lambda x, _: 1.37**x,
    "2.0 ** x": lambda x, _: 2.0**x,
    "x ** y": lambda x, y: x.abs() ** y,
    "x ** 0-d": lambda x, _: x.abs() ** torch.tensor(0.37),
    "softmax": lambda x, _: x.softmax(-1),
    "softmax 0": lambda x, _: x.softmax(0),
    "log_softmax": lambda x, _: x.log_softmax(-1),
    "log_softmax 0": lambda x, _: x.log_softmax(0),
    "logsumexp": lambda x, _: x.logsumexp(-1, keepdim=True),
    "mean": lambda x, _: x - x.mean(),
    "mean of rows": lambda x, _: x - x.mean(-1, keepdim=True),
    "sum": lambda x, _: x - x.sum() / 1000,
    "var": lambda x, _: x.var(-1, keepdim=True),
    "std": lambda x, _: x.std(-1, keepdim=True),
    "cumsum": lambda x, _: x.cumsum(-1),
    "cumprod": lambda x, _: (x.abs() + 0.5).clamp(0.7, 1.3).cumprod(-1),
    "norm": lambda x, _: x / x.norm(dim=-1, keepdim=True),
    "normalize": lambda x, _: F.normalize(x, dim=-1),
    "cosine_similarity": lambda x, y: F.cosine_similarity(x, y, dim=-1)[:, None],
    "layer_norm": lambda x, y: F.layer_norm(x, (256,), y[0], y[1]),
    "group_norm": lambda x, _: F.group_norm(x, 4),
    "mse": F.mse_loss,
    "matmul": lambda x, y: (x @ y.T)[:, :1],
}


#: How many values of a CLOSE op may differ from eager's, each by one step.
SHARE = 2e-3

#: Of a product's 16 values, one may: the order of eager's sums depends on the processor.
SHARES = {"matmul": 1 / 16}


class Alone(nn.Module):
    def __init__(self, table: dict[str, Op]) -> None:
        super().__init__()
        self._ops = list(table.values())

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        return tuple(op(x, y) for op in self._ops)


class Chained(Alone):
    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        return tuple(op(x, y) * y + x for op in self._ops)


def differing(model: type[Alone], table: dict[str, Op], dtype: torch.dtype) -> dict[str, tuple[float, int]]:
    """Return the share of values that differ and by how many steps, for each op that is not as in eager."""
    x, y = torch.randn(16, 256).to(dtype), torch.randn(16, 256).to(dtype)
    results = fanfold.compile_and_run(model(table), (x, y)), model(table)(x, y)
    apart = {name: steps(*pair) for name, *pair in zip(table, *results, strict=True)}
    return {name: ((off > 0).float().mean().item(), int(off.max())) for name, off in apart.items() if off.any()}


def steps(found: Tensor, expected: Tensor) -> Tensor:
    """Return how many values of their dtype lie between each two; 0 for two NaNs and for two zeros."""
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    ordered = [
        torch.where(bits >= 0, bits, -(bits & 0x7FFF))
        for bits in (v.view(torch.int16).int() for v in (found, expected))
    ]
    return torch.where(found.isnan() & expected.isnan(), 0, (ordered[0] - ordered[1]).abs())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_exact_ops_chained(dtype: torch.dtype) -> None:
    assert differing(Chained, EXACT, dtype) == {}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_close_ops_chained(dtype: torch.dtype) -> None:
    """One step of the op is several where the sum cancels it."""
    found = differing(Chained, CLOSE, dtype)
    assert {name: off for name, off in found.items() if off[0] > SHARES.get(name, SHARE)} == {}


def test_exact_ops_alone() -> None:
    assert differing(Alone, EXACT, torch.bfloat16) == {}


def test_close_ops_alone() -> None:
    found = differing(Alone, CLOSE, torch.bfloat16)
    assert {name: off for name, off in found.items() if off[0] > SHARES.get(name, SHARE) or off[1] > 1} == {}


@pytest.mark.parametrize("model", [Alone, Chained])
def test_nothing_is_rounded_twice(model: type[Alone]) -> None:
    """The pass finds nothing to do in its own output."""
    from fanfold.frontend import import_model
    from fanfold.passes.base import PassState
    from fanfold.passes.keep_roundings import KeepRoundings
    from fanfold.passes.kernel.no_kernels import NoKernels

    x = torch.randn(16, 256).bfloat16()
    module = import_model(model(EXACT | CLOSE), (x, x)).module
    assert KeepRoundings().run(module, PassState(NoKernels())) > 0
    assert KeepRoundings().run(module, PassState(NoKernels())) == 0
    module.operation.verify()


class InF32(nn.Module):
    def forward(self, x: Tensor, t: Tensor) -> tuple[Tensor, ...]:
        return x**3, x**-2, x // 0.3, x % 0.3, torch.fmod(x, 0.3), torch.copysign(x, t), F.gelu(x, approximate="tanh")


def test_f32() -> None:
    x = torch.randn(64, 256)
    *exact, gelu = zip(fanfold.compile_and_run(InF32(), (x, -x)), InF32()(x, -x), strict=True)
    assert [torch.equal(found, expected) for found, expected in exact] == [True] * len(exact)
    # In the left tail, 1 + tanh cancels.
    torch.testing.assert_close(*gelu, rtol=1e-6, atol=5e-7)


class Constants(nn.Module):
    """Comparisons that torch-mlir would fold to the opposite."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        constants = torch.tensor(0.37), torch.tensor(-0.37, dtype=torch.bfloat16), torch.tensor(0.0)
        return tuple(v for t in constants for v in (t < 0, t <= 0, t > 0, t >= 0, torch.sign(t), t * x))


def test_constants_of_rank_0_are_compared() -> None:
    x = torch.ones(3)
    for found, expected in zip(fanfold.compile_and_run(Constants(), (x,)), Constants()(x), strict=True):
        assert torch.equal(found, expected)


class Steps(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.arange(0, 25.6, 0.1, dtype=x.dtype)


def test_arange_of_fractions() -> None:
    """Eager's own values depend on the width of its vectors; ours are rounded once."""
    x = torch.ones(1, 256).bfloat16()
    found, expected = fanfold.compile_and_run(Steps(), (x,)), torch.arange(256).mul(0.1).bfloat16()
    assert torch.equal(found[0], expected)
    assert steps(found, Steps()(x)).max() <= 1


class NormOfAnyWidth(nn.Module):
    def forward(self, x: Tensor, w: Tensor) -> tuple[Tensor, ...]:
        return F.rms_norm(x, (x.shape[-1],), w, 1e-6) * 3.3, F.rms_norm(x, (x.shape[-1],))


def test_norm_over_a_dynamic_width() -> None:
    width = torch.export.Dim("width", min=2, max=4096)
    model, args = NormOfAnyWidth(), (torch.randn(8, 256).bfloat16(), torch.randn(256).bfloat16())
    exe = fanfold.compile(model, args, dynamic_shapes=({1: width}, {0: width}))
    for n in (256, 100):
        args = (torch.randn(8, n).bfloat16(), torch.randn(n).bfloat16())
        for found, expected in zip(exe(*args), model(*args), strict=True):
            assert (steps(found, expected) > 0).float().mean() <= SHARE
