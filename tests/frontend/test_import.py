# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models arrive in the torch dialect as the passes expect them; what cannot is refused with a remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.export import Dim
from torch.nn import functional
from torch_mlir import ir
from torch_mlir.extras.fx_decomp_util import get_decomposition_table

from fanfold import ops
from fanfold.errors import ExportError
from fanfold.frontend import ImportedModel, import_model, importer

Runner = Callable[..., list[np.ndarray[Any, Any]]]


def module(function: Callable[..., Any]) -> nn.Module:
    class Model(nn.Module):
        def forward(self, *args: Any) -> Any:
            return function(*args)

    return Model()


def op_names(imported: ImportedModel) -> list[str]:
    names = []
    for op in imported.module.body.operations[-1].regions[0].blocks[0].operations:
        name = op.operation.name
        names.append(ir.StringAttr(op.operation.attributes["name"]).value if name == "torch.operator" else name)
    return names


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("weighted", [True, False])
def test_torch_rms_norm_stays_whole(dtype: torch.dtype, weighted: bool) -> None:
    norm = nn.RMSNorm(8, dtype=dtype, elementwise_affine=weighted)
    names = op_names(import_model(norm, (torch.randn(2, 8, dtype=dtype),)))
    assert names.count("torch.aten.rms_norm") == 1
    assert not any("rsqrt" in name for name in names)


def test_fused_rms_norm_stays_whole() -> None:
    model = module(lambda x: torch.ops.aten._fused_rms_norm(x, [8], None, 1e-6)[0])
    assert "torch.aten._fused_rms_norm" in op_names(import_model(model, (torch.randn(2, 8),)))
    # What makes the exclusion necessary: the stock table takes it apart.
    assert torch.ops.aten._fused_rms_norm.default in get_decomposition_table()
    assert torch.ops.aten._fused_rms_norm.default not in importer.decomposition_table()


def test_fanfold_ops_arrive_whole_with_dynamic_rows() -> None:
    def cluster(x: torch.Tensor, w: torch.Tensor) -> tuple[torch.Tensor, ...]:
        y, residual = ops.add_rms_norm(ops.rms_norm(x, w, 1e-6), x, w, 1e-6)
        return (
            *ops.group_quant(y.flatten(0, 1), 4),
            *ops.token_quant(residual),
            ops.silu_and_mul(y),
            ops.static_quant(x, torch.tensor([2.0])),
        )

    x, w = torch.randn(2, 3, 8, dtype=torch.bfloat16), torch.randn(8, dtype=torch.bfloat16)
    imported = import_model(module(cluster), (x, w), dynamic_shapes=(({0: Dim("b"), 1: Dim("s")}, None),))
    found = [name for name in op_names(imported) if name.startswith("torch.fanfold.")]
    assert sorted(found) == [
        f"torch.fanfold.{name}"
        for name in ("add_rms_norm", "group_quant", "rms_norm", "silu_and_mul", "static_quant", "token_quant")
    ]
    assert "!torch.vtensor<[?,?,8],bf16>" in str(imported.module)


def test_llama_norm_keeps_its_rounding_points() -> None:
    def norm(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        f = x.to(torch.float32)
        f = f * torch.rsqrt(f.pow(2).mean(-1, keepdim=True) + 1e-6)
        return w * f.to(x.dtype)

    x = torch.randn(2, 8, dtype=torch.bfloat16)
    names = [name for name in op_names(import_model(module(norm), (x, x[0].clone()))) if "constant" not in name]
    assert names == [
        "torch.prims.convert_element_type",
        "torch.aten.pow.Tensor_Scalar",
        "torch.prim.ListConstruct",
        "torch.aten.mean.dim",
        "torch.aten.add.Scalar",
        "torch.aten.rsqrt",
        "torch.aten.mul.Tensor",
        "torch.prims.convert_element_type",
        "torch.aten.mul.Tensor",
        "func.return",
    ]


class _Located(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = functional.rms_norm(x, (8,))
        return self.norm(y)


class _Branch(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cond(x.sum() > 0, lambda x: x + 1, lambda x: x - 1, (x,))


def test_user_location_is_kept() -> None:
    imported = import_model(_Located(), (torch.randn(2, 8),))
    block = imported.module.body.operations[-1].regions[0].blocks[0]
    first, second = (
        str(op.operation.location) for op in block.operations if op.operation.name == "torch.aten.rms_norm"
    )
    line = _Located.forward.__code__.co_firstlineno
    # With the name of the op of the model.
    assert first == f'loc("aten.rms_norm#rms_norm"("{__file__}":{line + 1}:0))'
    # Inside torch's own module: the user's line is the caller.
    assert f'at "{__file__}":{line + 2}:0' in second


def test_no_symbolic_shape_ops_and_right_beyond_32_rows(run_stock: Runner) -> None:
    # With symbolic shape expressions IREE gets rows from 32 on wrong.
    model = module(lambda q, k: torch.softmax(q @ k.transpose(2, 3), -1))
    batch, rows = Dim("b", min=1, max=64), Dim("s", min=2, max=256)
    shapes = ((({0: batch, 2: rows}, {0: batch, 2: rows})),)
    q, k = torch.randn(2, 4, 8, 32), torch.randn(2, 4, 8, 32)
    imported = import_model(model, (q, k), dynamic_shapes=shapes)
    assert not re.search(r"symbolic_int|bind_symbolic_shape", str(imported.module))
    q, k = torch.randn(2, 4, 100, 32), torch.randn(2, 4, 100, 32)
    np.testing.assert_allclose(run_stock(imported, q, k)[0], model(q, k).numpy(), atol=1e-5)


def test_assertions_are_erased() -> None:
    def checked(x: torch.Tensor) -> torch.Tensor:
        torch._check(x.sum().to(torch.int64).item() >= 0)
        return x.to(torch.float32) + 1

    names = op_names(import_model(module(checked), (torch.ones(2, 3, dtype=torch.float16),)))
    assert not any("assert" in name or "item" in name for name in names)


def test_unsorted_topk_runs(run_stock: Runner) -> None:
    model, x = module(lambda x: torch.topk(x, 3, sorted=False).values), torch.randn(2, 8)
    np.testing.assert_array_equal(run_stock(import_model(model, (x,)), x)[0], torch.topk(x, 3).values.numpy())


def test_inputs_constants_and_repeats_as_outputs(run_stock: Runner) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.randn(3))

        def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, Any]:
            z = x + y
            return {"x": x, "z": [z, z], "w": self.w, "c": torch.tensor([1.0, 2.0]), "y": y}

    model, x, y = Model(), torch.randn(3), torch.randn(3)
    imported = import_model(model, (x, y))
    expected = [x, x + y, x + y, model.w.detach(), torch.tensor([1.0, 2.0]), y]
    for found, wanted in zip(run_stock(imported, x, y), expected, strict=True):
        np.testing.assert_array_equal(found, wanted.numpy())
    assert len(imported.signature.outputs) == 6


def test_signature() -> None:
    class Model(nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor, mask: Any = None, *, key: torch.Tensor) -> torch.Tensor:
            return x + y + key if mask is None else x * mask

    x = torch.randn(2, 5, dtype=torch.bfloat16)
    rows = Dim("rows")
    imported = import_model(
        Model(),
        (x, x.clone()),
        {"key": torch.ones(5)},
        dynamic_shapes={"x": {0: rows}, "y": {0: rows}, "key": None},
    )
    first, second, key = imported.signature.inputs
    assert (first.name, first.shape, first.dtype) == ("x", (None, 5), "bfloat16")
    assert first.symbols == second.symbols
    assert first.symbols[0]
    assert first.symbols[1] is None
    assert (key.name, key.shape, key.dtype) == ("key", (5,), "float32")
    (result,) = imported.signature.outputs
    assert (result.shape, result.dtype, result.symbols) == ((None, 5), "float32", first.symbols)


def test_exported_program_and_graph_module_import_alike_and_stay_unchanged() -> None:
    x = torch.randn(2, 8)
    program = torch.export.export(nn.RMSNorm(8), (x,))
    before = str(program.graph), str(program.graph_signature)
    from_program, from_graph_module = import_model(program), import_model(program.module(), (x,))
    assert op_names(from_program) == op_names(from_graph_module)
    assert (str(program.graph), str(program.graph_signature)) == before


def _mutating_buffer() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    return nn.BatchNorm1d(4).train(), (torch.randn(2, 4),)


def _mutating_input() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    return module(lambda x: x.add_(1)), (torch.randn(2, 4),)


def _branching() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    return module(lambda x: x + 1 if x.sum() > 0 else x), (torch.randn(2, 4),)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_mutating_buffer, "writes to its buffers[^$]*running_mean[^$]*eval"),
        (_mutating_input, r"writes to its inputs[^$]*add_[^$]*location: [^$]*\.py:\d+[^$]*clone"),
        (lambda: (module(lambda x, n: x * n), (torch.ones(2), 3)), "input args_1 is not a tensor[^$]*found: 3"),
        (lambda: (module(lambda x: (x + 1, None)), (torch.ones(2),)), "output .* is not a tensor[^$]*found: None"),
        (_branching, "cannot export[^$]*torch.where"),
        (lambda: (lambda x: x, (torch.randn(2),)), "not a model[^$]*nn.Module"),
        (lambda: (nn.RMSNorm(4), torch.randn(2, 4)), "must be a tuple"),
        (lambda: (nn.RMSNorm(4), (torch.randn(2, 5),)), "cannot export"),
    ],
)
def test_refused_with_remedy(make: Callable[[], tuple[Any, Any]], message: str) -> None:
    model, args = make()
    with pytest.raises(ExportError, match=message):
        import_model(model, args)


def test_example_size_one_in_a_dynamic_dim_is_explained() -> None:
    with pytest.raises(ExportError, match="at least 2"):
        import_model(nn.RMSNorm(4), (torch.randn(1, 4),), dynamic_shapes=({0: Dim("rows")},))


def test_dynamic_shapes_with_an_exported_program_are_refused() -> None:
    program = torch.export.export(nn.RMSNorm(4), (torch.randn(2, 4),))
    with pytest.raises(ExportError, match="already exported"):
        import_model(program, dynamic_shapes=({0: Dim("rows")},))


def test_op_that_does_not_import_is_named_with_its_line() -> None:
    with pytest.raises(ExportError) as caught:
        import_model(_Branch(), (torch.randn(2, 8),))
    assert caught.value.op == "cond"
    assert caught.value.location == f"{__file__}:{_Branch.forward.__code__.co_firstlineno + 1}"


def test_op_argument_errors_keep_their_type() -> None:
    with pytest.raises(ops.ArgumentError, match="even last dim"):
        import_model(module(ops.silu_and_mul), (torch.randn(2, 3),))
