# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ops around a norm and a quantisation that belong to their kernel, in any order with views, and those that do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.utils._pytree as pytree
from torch import Tensor, nn
from torch.nn import functional

import fanfold
from e2e.agreement import assert_quantised, assert_rounded, assert_scales
from fanfold import ops

WIDTH = 64


def norm(x: Tensor) -> Tensor:
    return functional.rms_norm(x, (x.shape[-1],), None, 1e-6)


def quant(y: Tensor) -> tuple[Tensor, Tensor]:
    return ops.group_quant(y, 32)


def spelled_twice(x: Tensor) -> Tensor:
    """As someone writes it who trusts the compiler: the norm is computed for the scale and for the values."""
    scale = norm(x).abs().amax(-1, keepdim=True).clamp(min=1e-4) / 448
    return (norm(x) / scale).clamp(-448, 448).to(torch.float8_e4m3fn)


def scale_in_f16(x: Tensor) -> tuple[Tensor, Tensor]:
    q, scale = ops.token_quant(norm(x))
    return q, scale.half()


def scaled_scale(x: Tensor) -> tuple[Tensor, Tensor]:
    q, scale = quant(norm(x))
    return q, scale * 2


#: Functions of x [4, 8, 64], its double width p [4, 8, 128], a number k and a vector v [1, 64], all but k in bf16.
FORMS: dict[str, Callable[[Tensor, Tensor, Tensor, Tensor], object]] = {
    "function, then permutation": lambda x, _p, _k, _v: quant(functional.relu(norm(x)).transpose(0, 1)),
    "permutation, then function": lambda x, _p, _k, _v: quant(functional.relu(norm(x).transpose(0, 1))),
    "function of a slice": lambda _x, p, _k, _v: norm(functional.relu(p[..., :WIDTH])),
    "residual of a slice": lambda x, p, _k, _v: norm(p[..., WIDTH:] + x),
    "number times a slice": lambda _x, p, _k, _v: norm(p[..., :WIDTH] * 0.5),
    "number in a tensor": lambda x, _p, k, _v: quant(norm(x) * k),
    "over a number in a tensor": lambda x, _p, k, _v: quant(norm(x / k)),
    "number of the same type": lambda x, _p, k, _v: quant(norm(x) + k.bfloat16()),
    "vector of rank 2": lambda x, _p, _k, v: quant(norm(x) * v),
    "norm twice": lambda x, _p, _k, _v: spelled_twice(x),
    "scale in another type": lambda x, _p, _k, _v: scale_in_f16(x),
    "scale times a number": lambda x, _p, _k, _v: scaled_scale(x),
}


class Form(nn.Module):
    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names

    def forward(self, x: Tensor, p: Tensor, k: Tensor, v: Tensor) -> list[object]:
        return [FORMS[name](x, p, k, v) for name in self.names]


def inputs(seed: int = 0) -> tuple[Tensor, ...]:
    torch.manual_seed(seed)
    x, p, v = torch.randn(4, 8, WIDTH), torch.randn(4, 8, 2 * WIDTH), torch.randn(1, WIDTH)
    x[0, 0] = 0
    return x.bfloat16(), p.bfloat16(), torch.tensor(0.37), v.bfloat16()


@pytest.mark.parametrize("name", FORMS)
def test_one_kernel(name: str) -> None:
    report = fanfold.explain(Form(name), inputs())
    assert len(report.kernels) == 1, str(report)
    assert not report.missed, str(report)


@pytest.mark.parametrize("kernels", ["on", "off"])
def test_numbers(kernels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANFOLD_KERNELS", kernels)
    model = Form(*FORMS)
    exe = fanfold.compile(model, inputs())
    for seed in range(3):
        args = inputs(seed)
        found = pytree.tree_leaves(exe(*args))
        expected = pytree.tree_leaves(model(*args))
        for actual, wanted in zip(found, expected, strict=True):
            assert actual.shape == wanted.shape
            if wanted.element_size() == 1:
                assert_quantised(actual, wanted)
            elif wanted.dtype == torch.float32:
                assert_scales(actual, wanted, torch.bfloat16)
            else:
                assert_rounded(actual, wanted)
