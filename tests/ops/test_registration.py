# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The ops as torch sees them: schema, shape functions, export."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.export import Dim
from torch.library import opcheck

from fanfold import ops

OPS = torch.ops.fanfold
PACKED = {"scale_format": "ue8m0_packed", "scale_layout": "column_padded"}
CASES = {
    "rms_norm": lambda x, w: (OPS.rms_norm, (x, w, 1e-6), {}),
    "rms_norm-plain": lambda x, _: (OPS.rms_norm, (x, None, 1e-6), {}),
    "rms_norm-gemma": lambda x, w: (OPS.rms_norm, (x, w, 1e-6, 3, 1.0, False), {}),
    "add_rms_norm": lambda x, w: (OPS.add_rms_norm, (x, x.clone(), w, 1e-6), {}),
    "silu_and_mul": lambda x, _: (OPS.silu_and_mul, (x,), {}),
    "silu_and_mul-limit": lambda x, _: (OPS.silu_and_mul, (x, 2.0), {}),
    "group_quant": lambda x, _: (OPS.group_quant, (x, 4), {}),
    "group_quant-int8": lambda x, _: (OPS.group_quant, (x, 5, torch.int8), {"reciprocal": True, "bound": 100.0}),
    "group_quant-columns": lambda x, _: (OPS.group_quant, (x, 2), {"scale_layout": "column"}),
    "group_quant-packed": lambda x, _: (OPS.group_quant, (x, 1), PACKED),
    "tensor_quant": lambda x, _: (OPS.tensor_quant, (x,), {}),
    "tensor_quant-ue8m0": lambda x, _: (OPS.tensor_quant, (x, torch.int8), {"scale_format": "ue8m0"}),
    "token_quant-ue8m0": lambda x, _: (OPS.token_quant, (x,), {"scale_format": "ue8m0"}),
    "token_quant": lambda x, _: (OPS.token_quant, (x,), {"scale_ub": torch.ones(1)}),
    "static_quant": lambda x, _: (OPS.static_quant, (x, torch.ones(())), {"reciprocal": False}),
}
COLUMNS = ("group_quant-columns", "group_quant-packed")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("layout", ["plain", "transposed", "strided", "row", "empty"])
def test_schema_and_shape_function(case: Callable[..., Any], dtype: torch.dtype, layout: str) -> None:
    x = {
        "plain": torch.randn(2, 3, 6),
        "transposed": torch.randn(6, 4).T,
        "strided": torch.randn(4, 12)[:, 2:8],
        "row": torch.randn(6),
        "empty": torch.randn(0, 6),
    }[layout].to(dtype)
    op, args, kwargs = case(x, torch.randn(x.shape[-1]).to(dtype))
    opcheck(op.default, args, kwargs, test_utils=("test_schema", "test_autograd_registration", "test_faketensor"))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("layout", ["plain", "transposed", "strided"])
def test_results_are_contiguous_and_new(name: str, layout: str) -> None:
    x = {"plain": torch.randn(4, 6), "transposed": torch.randn(6, 4).T, "strided": torch.randn(4, 12)[:, 2:8]}[layout]
    op, args, kwargs = CASES[name](x, torch.randn(6))
    results = op(*args, **kwargs)
    wanted = op(*(a.contiguous() if isinstance(a, torch.Tensor) else a for a in args), **kwargs)
    for result, same in zip(*((r if isinstance(r, tuple) else (r,)) for r in (results, wanted)), strict=True):
        assert result.is_contiguous() or name in COLUMNS
        assert result.untyped_storage().data_ptr() != x.untyped_storage().data_ptr()
        assert torch.equal(result.float(), same.float())


class _All(nn.Module):
    def forward(self, x: torch.Tensor, w: torch.Tensor) -> tuple[Any, ...]:
        y, residual = ops.add_rms_norm(ops.rms_norm(x, w, 1e-6), x, w, 1e-6)
        packed = ops.group_quant(y, 1, scale_format="ue8m0_packed", scale_layout="column_padded")
        last = ops.static_quant(ops.silu_and_mul(y), w[:1]), ops.tensor_quant(y)
        return packed, ops.group_quant(y, 4, scale_layout="column"), ops.token_quant(residual), last


def test_export_keeps_single_nodes_and_dynamic_dims() -> None:
    shapes = {"x": {0: Dim("b"), 1: Dim("s")}, "w": None}
    program = torch.export.export(_All(), (torch.randn(2, 3, 8), torch.randn(8)), dynamic_shapes=shapes)
    names = sorted(str(n.target) for n in program.graph.nodes if str(n.target).startswith("fanfold"))
    wanted = ["add_rms_norm", *["group_quant"] * 2, "rms_norm", "silu_and_mul", "static_quant", "tensor_quant"]
    wanted += ["token_quant"]
    assert names == [f"fanfold.{name}.default" for name in wanted]
    x, w = torch.randn(5, 7, 8), torch.rand(8) + 0.5
    for found, same in zip(
        torch.utils._pytree.tree_leaves(program.module()(x, w)),
        torch.utils._pytree.tree_leaves(_All()(x, w)),
        strict=True,
    ):
        assert torch.equal(found.float(), same.float())
        assert found.stride() == same.stride()
    layouts = [tuple(map(str, n.meta["val"][1].stride())) for n in program.graph.nodes if "group" in str(n.target)]
    b, s = map(str, program.graph.find_nodes(op="placeholder")[0].meta["val"].shape[:2])
    assert [stride[:2] for stride in layouts] == [(s, "1")] * 2
    assert all(b in stride[2] and s in stride[2] for stride in layouts)


def test_parameters_with_grad_are_taken() -> None:
    w = nn.Parameter(torch.ones(8))
    assert torch.equal(ops.rms_norm(torch.ones(2, 8), w, 0.0), torch.ones(2, 8))


def test_schema_defaults_are_those_of_the_functions() -> None:
    x = torch.randn(3, 10)
    for found, wanted in [
        (OPS.group_quant(x, 4), ops.group_quant(x, 4)),
        (OPS.token_quant(x), ops.token_quant(x)),
        (OPS.tensor_quant(x), ops.tensor_quant(x)),
        ((OPS.rms_norm(x, x[0], 1e-6),), (ops.rms_norm(x, x[0], 1e-6),)),
        (OPS.add_rms_norm(x, x, x[0], 1e-6), ops.add_rms_norm(x, x, x[0], 1e-6)),
        ((OPS.static_quant(x, torch.ones(1)),), (ops.static_quant(x, torch.ones(1)),)),
        ((OPS.silu_and_mul(x),), (ops.silu_and_mul(x),)),
    ]:
        for one, other in zip(found, wanted, strict=True):
            assert one.dtype == other.dtype
            assert torch.equal(one.float(), other.float())
