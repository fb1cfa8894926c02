# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""vLLM's mutating ops: eager against fanfold's ops, and graphs of them rewritten to functional ops."""

from __future__ import annotations

import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.export import Dim, export, save
from torch.fx import Graph, GraphModule

from fanfold import ops
from fanfold.errors import ExportError
from fanfold.frontend import import_model, load_program, register_vllm_ops
from fanfold.frontend.functionalized import replace_mutating_ops

register_vllm_ops()
C = torch.ops._C
FP8 = torch.float8_e4m3fn
Tensors = tuple[torch.Tensor, ...]


def rms_norm(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    y = torch.empty_like(x)
    C.rms_norm(y, x, w, 1e-6)
    return (y,)


def fused_add_rms_norm(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    y, residual = x * 2, x + 1
    C.fused_add_rms_norm(y, residual, w, 1e-6)
    return y, residual, y + residual


def silu_and_mul(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    y = x.new_empty(*x.shape[:-1], x.shape[-1] // 2)
    C.silu_and_mul(y, x)
    return (y,)


def static_quant(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    q = torch.empty_like(x, dtype=FP8)
    C.static_scaled_fp8_quant(q, x, w[:1].float().abs(), (-1, -1))
    p = torch.empty_like(x, dtype=torch.float8_e4m3fnuz)
    C.static_scaled_fp8_quant(p, x, w[0].float().abs() * 0.001)
    return q, p


def tensor_quant(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    q, scale = torch.empty_like(x, dtype=FP8), x.new_empty(1, 1, dtype=torch.float32)
    C.dynamic_scaled_fp8_quant(q, x, scale)
    return q, scale


def token_quant(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    x = x.flatten(0, -2)
    q, scale = torch.empty_like(x, dtype=torch.float8_e4m3fnuz), x.new_empty(x.shape[0], 1, dtype=torch.float32)
    C.dynamic_per_token_scaled_fp8_quant(q, x, scale, None)
    p, bounded = torch.empty_like(x, dtype=FP8), x.new_empty(x.shape[0], 1, dtype=torch.float32)
    C.dynamic_per_token_scaled_fp8_quant(p, x, bounded, w[:1].float().abs())
    return q, scale, p, bounded


def group_quant(layout: str, ue8m0: bool) -> Callable[..., Tensors]:
    def quantise(x: torch.Tensor, w: torch.Tensor) -> Tensors:
        x = x.flatten(0, -2)
        rows, groups = x.shape[0], x.shape[1] // 4
        scales = {
            "row": lambda: torch.empty(rows, groups),
            "column": lambda: torch.empty(groups, rows).permute(-1, -2),
            "column_padded": lambda: torch.empty_strided((rows, groups), (1, (rows + 3) // 4 * 4)),
        }[layout]()
        q = torch.empty_like(x, dtype=FP8)
        flags = (layout != "row", layout == "column_padded")
        C.per_token_group_fp8_quant(x, q, scales, 4, 1e-10, -448.0, 448.0, ue8m0, *flags)
        return q, scales

    return quantise


def group_quant_packed(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    q, rows = torch.empty(x.shape, dtype=FP8).flatten(0, -2), x.flatten(0, -2).shape[0]
    scales = torch.empty_strided((rows, 1), (1, (rows + 3) // 4 * 4), dtype=torch.int32)
    C.per_token_group_fp8_quant_packed(x.flatten(0, -2), q, scales, 4, 1e-10, -448.0, 448.0)
    return q.view(x.shape), scales


def group_quant_int8(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    q, scales = torch.empty_like(x, dtype=torch.int8), torch.empty(*x.shape[:-1], 2)
    C.per_token_group_quant_int8(x, q, scales, 4, 1e-10, -128.0, 127.0)
    return q, scales


def one_buffer(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    whole = torch.ones(*x.shape[:-1], 20, dtype=x.dtype)
    C.rms_norm(whole[..., :8], x, w, 1e-6)
    C.fused_add_rms_norm(whole[..., :8], whole[..., 8:16], w, 1e-6)
    return whole, whole[..., 4:12] + 1


def transposed_buffer(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    x = x.flatten(0, -2)
    columns = torch.empty(x.shape[1], x.shape[0], dtype=x.dtype)
    C.rms_norm(columns.T, x, w, 1e-6)
    return columns, columns.view(-1)


def flat_buffer(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    flat = torch.empty(x.numel(), dtype=x.dtype)
    C.rms_norm(flat.view(x.shape), x, w, 1e-6)
    return (flat,)


CASES = {
    "rms_norm": rms_norm,
    "fused_add_rms_norm": fused_add_rms_norm,
    "silu_and_mul": silu_and_mul,
    "static": static_quant,
    "tensor": tensor_quant,
    "token": token_quant,
    "group-row": group_quant("row", False),
    "group-column": group_quant("column", True),
    "group-padded": group_quant("column_padded", False),
    "group-padded-ue8m0": group_quant("column_padded", True),
    "group-packed": group_quant_packed,
    "group-int8": group_quant_int8,
    "one_buffer": one_buffer,
    "transposed_buffer": transposed_buffer,
    "flat_buffer": flat_buffer,
}


class Model(nn.Module):
    def __init__(self, function: Callable[..., Tensors]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> Tensors:
        return self.function(x, w)


def assert_same(found: Any, wanted: Any) -> None:
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == other.dtype
        assert one.stride() == other.stride()
        torch.testing.assert_close(one.float(), other.float(), rtol=0, atol=0, equal_nan=True)


def targets(program: torch.export.ExportedProgram) -> str:
    return " ".join(str(node.target) for node in program.graph.nodes)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("dynamic", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_rewritten_graph_is_bit_equal_to_the_mutating_op(name: str, dynamic: bool, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    model, w = Model(CASES[name]), torch.randn(8).to(dtype)
    shapes = {"x": {0: Dim("b")}, "w": None} if dynamic else None
    program = export(model, (torch.randn(2, 3, 8).to(dtype), w), dynamic_shapes=shapes)
    rewritten = replace_mutating_ops(program)
    assert "_C." not in targets(rewritten)
    assert "auto_functionalized" not in targets(rewritten)
    for batch in (2, 3, 5) if dynamic else (2,):
        x = torch.randn(batch, 3, 8).to(dtype) * 100
        x[0, 0, :4] = 0
        assert_same(rewritten.module()(x, w), model(x, w))


@pytest.mark.parametrize("name", CASES)
def test_only_functional_ops_are_imported(name: str) -> None:
    shapes = {"x": {0: Dim("b")}, "w": None}
    text = str(import_model(Model(CASES[name]), (torch.randn(2, 3, 8), torch.randn(8)), dynamic_shapes=shapes).module)
    assert "torch.operator" in text
    assert text.count("torch.operator") == text.count('torch.operator "torch.fanfold.')


def test_operands_of_the_functional_op() -> None:
    x, w = torch.randn(3, 2, 8), torch.randn(8)
    token, static = token_quant(x, w), static_quant(x, w)
    rows = x.flatten(0, 1)
    ub = w[:1].abs()
    assert_same(token[:2], ops.token_quant(rows, torch.float8_e4m3fnuz, bound=224.0))
    assert_same(token[2:], ops.token_quant(rows, scale_ub=ub))
    assert_same(static[:1], (ops.static_quant(x, ub),))
    assert_same(static[1:], (ops.static_quant(x, ub * 0.001, torch.float8_e4m3fnuz, bound=224.0),))
    q, scale = tensor_quant(x, w)
    wanted, wanted_scale = ops.tensor_quant(x)
    assert_same((q, scale.reshape(1)), (wanted, wanted_scale))
    for layout in ("row", "column", "column_padded"):
        for ue8m0 in (False, True):
            scale_format = "ue8m0" if ue8m0 else "f32"
            wanted_group = ops.group_quant(rows, 4, scale_format=scale_format, scale_layout=layout)
            assert_same(group_quant(layout, ue8m0)(x, w), wanted_group)
    wanted_packed = ops.group_quant(rows, 4, scale_format="ue8m0_packed", scale_layout="column_padded")
    assert_same((group_quant_packed(x, w)[0].flatten(0, 1), group_quant_packed(x, w)[1]), wanted_packed)
    assert_same(group_quant_int8(x, w), ops.group_quant(x, 4, torch.int8))
    assert_same(fused_add_rms_norm(x, w)[:2], ops.add_rms_norm(x * 2, x + 1, w, 1e-6))


def _graph(version: str) -> GraphModule:
    graph = Graph()
    x, residual, w = map(graph.placeholder, ("x", "residual", "w"))
    call, op = getattr(torch.ops.higher_order, version), C.fused_add_rms_norm.default
    if version == "auto_functionalized":
        kwargs: dict[str, Any] = {"input": x, "residual": residual, "weight": w, "epsilon": 1e-6}
    else:
        kwargs = {"weight": w, "epsilon": 1e-6, "_input_base_index": 1, "_input_alias": True}
        kwargs |= {"_residual_base_index": 0, "_all_bases": [residual, x]}
    node = graph.call_function(call, (op,), kwargs)
    first, second = (graph.call_function(operator.getitem, (node, index)) for index in (1, 2))
    graph.output((first, graph.call_function(torch.ops.aten.add.Tensor, (second, x))))
    return GraphModule(nn.Module(), graph)


@pytest.mark.parametrize("version", ["auto_functionalized", "auto_functionalized_v2"])
def test_captured_graph_module(version: str) -> None:
    args = (torch.randn(3, 8), torch.randn(3, 8), torch.randn(8))
    model = _graph(version)
    rewritten = replace_mutating_ops(export(model, args))
    assert "auto_functionalized" not in targets(rewritten)
    assert_same(rewritten.module()(*args), model(*args))
    y, residual = ops.add_rms_norm(args[0], args[1], args[2], 1e-6)
    wanted = (y, residual + args[0]) if version == "auto_functionalized" else (residual, y + args[0])
    assert_same(model(*args), wanted)
    assert str(import_model(model, args).module).count('"torch.fanfold.add_rms_norm"') == 1


@pytest.mark.parametrize("functional", [False, True])
def test_saved_program(functional: bool, tmp_path: Path) -> None:
    shapes = {"x": {0: Dim("b")}, "w": None}
    args = (torch.randn(2, 3, 8), torch.randn(8))
    program = export(Model(CASES["group-padded"]), args, dynamic_shapes=shapes)
    save(program.run_decompositions({}) if functional else program, tmp_path / "captured.pt2")
    text = str(import_model(load_program(tmp_path / "captured.pt2")).module)
    assert text.count('torch.operator "torch.fanfold.group_quant"') == 1
    # A loaded program knows its dynamic strides.
    assert text.count('torch.constant.str "column_padded"') == 1


def test_program_without_mutating_ops_is_left_alone() -> None:
    program = export(nn.Linear(4, 4), (torch.randn(2, 4),))
    assert replace_mutating_ops(program) is program


def test_column_scales_lead_straight_to_the_result() -> None:
    program = export(Model(group_quant("column", True)), (torch.randn(5, 8), torch.randn(8)))
    assert "permute" not in targets(replace_mutating_ops(program))


def _bad_group_shape(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    q = torch.empty_like(x, dtype=FP8)
    C.static_scaled_fp8_quant(q, x, w[:1], (1, 8))
    return (q,)


def _bad_scale(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    q = torch.empty_like(x, dtype=FP8)
    C.static_scaled_fp8_quant(q, x, w)
    return (q,)


def _bad_dtype(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    y = torch.empty_like(x, dtype=torch.float16)
    C.rms_norm(y, x, w, 1e-6)
    return (y,)


def _bad_fp8(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    q = torch.empty_like(x, dtype=torch.float8_e5m2)
    C.dynamic_scaled_fp8_quant(q, x, torch.empty(1))
    return (q,)


def _padded(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    q = torch.empty(64, 8, dtype=FP8)
    C.dynamic_scaled_fp8_quant(q, x, torch.empty(1))
    return (q,)


def _asymmetric(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    q, s = torch.empty_like(x, dtype=FP8), torch.empty(x.shape[0], 2)
    C.per_token_group_fp8_quant(x, q, s, 4, 1e-10, -200.0, 448.0, False, False, False)
    return q, s


def _strange_scales(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    q, s = torch.empty_like(x, dtype=FP8), torch.empty_strided((x.shape[0], 2), (7, 3))
    C.per_token_group_fp8_quant(x, q, s, 4, 1e-10, -448.0, 448.0, False, False, False)
    return q, s


REFUSED = {
    _bad_group_shape: r"one scale for the whole tensor[^$]*group_shape \(1, 8\)[^$]*remedy",
    _bad_scale: r"one scale for the whole tensor[^$]*scale of shape \[8\]",
    _bad_dtype: r"_C::rms_norm: cannot write to result[^$]*float32[^$]*float16",
    _bad_fp8: r"cannot write to result[^$]*float8_e4m3fnuz[^$]*float8_e5m2",
    _padded: r"result is not as large as what is written[^$]*\[4, 8\][^$]*\[64, 8\]",
    _asymmetric: "bounds are not symmetric[^$]*-200.0 and 448.0",
    _strange_scales: r"layout of output_s is not known[^$]*\[7, 3\]",
}


@pytest.mark.parametrize(("function", "message"), REFUSED.items())
def test_calls_without_a_functional_form_are_refused(function: Callable[..., Tensors], message: str) -> None:
    args = (torch.randn(4, 8), torch.rand(8))
    with pytest.raises(ExportError, match=message):
        function(*args)
    with pytest.raises(ExportError, match=message) as error:
        import_model(Model(function), args)
    assert (error.value.stage, error.value.location is not None) == ("import", True)


def _every_other_column(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    whole = torch.zeros(x.shape[0], 16)
    C.rms_norm(whole[:, ::2], x, w, 1e-6)
    return (whole,)


def _overlap(x: torch.Tensor, w: torch.Tensor) -> Tensors:
    whole = torch.zeros(x.shape[0], 16)
    C.fused_add_rms_norm(whole[:, :8], whole[:, 4:12], w, 1e-6)
    return (whole,)


@pytest.mark.parametrize(
    ("function", "message"),
    [(_every_other_column, "a part of a buffer that no plain op"), (_overlap, "two arguments that may overlap")],
)
def test_views_without_a_functional_form_are_refused(function: Callable[..., Tensors], message: str) -> None:
    with pytest.raises(ExportError, match=message):
        import_model(Model(function), (torch.randn(4, 8), torch.rand(8)))


def test_changed_input_is_refused() -> None:
    class InPlace(nn.Module):
        def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
            C.rms_norm(x, x, w, 1e-6)
            return x + 1

    with pytest.raises(ExportError, match="writes to its inputs") as caught:
        import_model(InPlace(), (torch.randn(4, 8), torch.rand(8)))
    line = InPlace.forward.__code__.co_firstlineno + 1
    assert (caught.value.op, caught.value.location) == ("_C.rms_norm.default", f"{__file__}:{line}")


def test_inputs_that_are_added_in_place_are_refused_with_a_remedy_that_helps() -> None:
    """The op overwrites both: a decoder layer, exported alone, hands them on."""

    class Layer(nn.Module):
        def __init__(self, copied: bool) -> None:
            super().__init__()
            self.copied = copied

        def forward(self, x: torch.Tensor, residual: torch.Tensor, w: torch.Tensor) -> tuple[torch.Tensor, ...]:
            if self.copied:
                x, residual = x.clone(), residual.clone()
            C.fused_add_rms_norm(x, residual, w, 1e-6)
            return x, residual

    args = torch.randn(4, 8), torch.randn(4, 8), torch.rand(8)
    with pytest.raises(ExportError, match=r"writes to its inputs[^$]*found: x, residual") as caught:
        import_model(Layer(copied=False), args)
    assert caught.value.op == "_C.fused_add_rms_norm.default"
    assert "clone" in str(caught.value.remedy)
    assert "eval" not in str(caught.value)
    import_model(Layer(copied=True), args)
