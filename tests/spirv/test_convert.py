# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`convert`: what it says of kernels, what it needs of a device, and what it refuses."""

from __future__ import annotations

import pytest
from torch_mlir import ir
from torch_mlir.dialects import spirv as dialect

from fanfold.errors import CompileError
from fanfold.passes.spirv import EntryPoint, convert, make_bare_context
from fanfold.passes.spirv.allowed_ops import ALLOWED, check_ops
from fanfold.passes.spirv.expansions import EXPANSIONS
from fanfold.passes.spirv.extended_ops import EXACT, ROUNDED
from spirv.binaries import capabilities, complaint, instructions
from spirv.vulkan import element, elementwise, module

CAPABILITIES = {
    "Addresses": 4,
    "Kernel": 6,
    "Float16": 9,
    "Float64": 10,
    "Int64": 11,
    "Int16": 22,
    "Int8": 39,
    "SubgroupDispatch": 58,
    "GroupNonUniform": 61,
    "GroupNonUniformArithmetic": 63,
    "GroupNonUniformShuffle": 65,
}
#: Every kernel reads a builtin, of 64 bits.
ALWAYS = {"Addresses", "Kernel", "Int64", "SubgroupDispatch"}
NOTHING = "%one = spirv.Constant 1 : i32"


def names(binary: bytes) -> set[str]:
    """Return the capabilities of a module, by name; one that is not known here by its number."""
    known = {number: name for name, number in CAPABILITIES.items()}
    return {known.get(number, str(number)) for number in capabilities(binary)}


def test_what_it_says_of_a_kernel() -> None:
    body = NOTHING + "\n%y = spirv.CompositeExtract %ids[1 : i32] : vector<3xi32>"
    text = module(body, ["f32", "i8"], constants=3, workgroup=(32, 2, 1), name="main$dispatch_0")
    kernel = EntryPoint("main$dispatch_0", (32, 2, 1), 16, bindings=(4, 1), constants=3)
    assert convert(text, 16).kernels == (kernel,)


def test_a_layout_has_what_a_kernel_does_not_read() -> None:
    text = module(NOTHING, ["f32"], constants=1)
    (kernel,) = convert(text, 16, bindings=4, constants=3).kernels
    assert (kernel.bindings, kernel.constants) == ((4, 0, 0, 0), 3)
    (function,) = [words for words in instructions(convert(text, 16, bindings=4, constants=3).binary) if words[0] == 33]
    assert len(function) - 3 == 4 + 3  # the types of its arguments stand after the type itself and its result


@pytest.mark.parametrize(("layout", "what"), [({"bindings": 1}, "bindings"), ({"constants": 0}, "push constants")])
def test_a_layout_that_has_less_than_the_module(layout: dict[str, int], what: str) -> None:
    with pytest.raises(CompileError, match=f"uses more {what} than its layout has"):
        convert(module(NOTHING, ["f32", "f32"], constants=1), 16, **layout)


def test_the_same_module_gives_the_same_bytes() -> None:
    text, context = module(NOTHING), make_bare_context()
    assert convert(text, 16).binary == convert(text, 16, context=context).binary == convert(text, 16).binary


@pytest.mark.parametrize(
    ("text", "needed", "version"),
    [
        (module(NOTHING), set(), 2),
        (elementwise("spirv.FNegate {0} : f16", ["f16"], "f16"), {"Float16"}, 2),
        (elementwise("spirv.FNegate {0} : f64", ["f64"], "f64"), {"Float64"}, 2),
        (elementwise("spirv.Not {0} : i8", ["i8"], "i8"), {"Int8"}, 2),
        (elementwise("spirv.Not {0} : i16", ["i16"], "i16"), {"Int16"}, 2),
        (
            elementwise("spirv.GroupNonUniformFAdd <Subgroup> <Reduce> {0} : f32 -> f32", ["f32"], "f32"),
            {"GroupNonUniform", "GroupNonUniformArithmetic"},
            3,
        ),
        (
            elementwise("spirv.GroupNonUniformShuffleXor <Subgroup> {0}, %id : f32, i32", ["f32"], "f32"),
            {"GroupNonUniform", "GroupNonUniformShuffle"},
            3,
        ),
    ],
    ids=["nothing", "f16", "f64", "i8", "i16", "sum", "shuffle"],
)
def test_a_module_needs_what_its_ops_need_and_no_more(text: str, needed: set[str], version: int) -> None:
    binary = convert(text, 16).binary
    assert names(binary) == ALWAYS | needed
    assert binary[4:8] == bytes([0, version, 1, 0])
    try:
        assert complaint(binary) is None
    except LookupError as error:
        pytest.skip(str(error))


def test_modes_of_a_kernel() -> None:
    modes = {words[2]: words[3:] for words in instructions(convert(module(NOTHING), 8).binary) if words[0] == 16}
    local_size, contraction_off, subgroup_size = 17, 31, 35
    assert modes == {local_size: (16, 1, 1), contraction_off: (), subgroup_size: (8,)}


def test_an_op_that_only_iree_has() -> None:
    body = element("p", 0, "%id") + 'spirv.Store "StorageBuffer" %p, %x : f32'
    text = module("%x = spirv.Constant 1.0 : f32\n" + body)
    newer = text.replace("spirv.AccessChain", "spirv.InBoundsAccessChain")
    assert newer != text
    assert convert(newer, 16).binary == convert(text, 16).binary


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spirv.module Logical GLSL450 {", "the module does not parse"),
        ("module {}", "this is not one spirv.module"),
        ("spirv.module Physical64 OpenCL {}", "the module is not one for Vulkan"),
        (module("spirv.EXT.Nonsense"), "the module does not parse"),
        (module("%x = spirv.AccessChain %b0[%zero, %id] : !spirv.ptr<i32, Private>, i32"), "does not parse"),
    ],
)
def test_what_is_no_module_of_iree(text: str, message: str) -> None:
    with pytest.raises(CompileError, match=message) as caught:
        convert(text, 16, location="main$async_dispatch_7")
    assert caught.value.stage == "spirv"
    assert caught.value.__notes__ == ["in main$async_dispatch_7"]


def test_an_error_names_the_op_and_where_it_is() -> None:
    with pytest.raises(CompileError, match=r"spirv\.GL\.Reflect is not known to the conversion") as caught:
        convert(elementwise("spirv.GL.Reflect {0}, {0} : vector<2xf32>", ["vector<2xf32>"], "vector<2xf32>"), 16)
    assert caught.value.op == "spirv.GL.Reflect"
    assert "kernel in -:" in str(caught.value.location)
    assert "GL.Reflect" in str(caught.value.found)


#: Every op of the dialect.
OPS = {value.OPERATION_NAME for value in vars(dialect).values() if hasattr(value, "OPERATION_NAME")}


def test_each_op_that_is_not_known_is_an_error_with_its_name() -> None:
    assert len(OPS - ALLOWED) > 200
    with make_bare_context(), ir.Location.unknown():
        for name in sorted(OPS - ALLOWED):
            parsed = ir.Module.parse("spirv.module Logical GLSL450 {}")
            holder = parsed.body.operations[0].operation
            with ir.InsertionPoint(holder.regions[0].blocks[0]):
                ir.Operation.create(name)
            with pytest.raises(CompileError, match=f"{name} is not known to the conversion") as caught:
                check_ops(holder)
            assert caught.value.op == name


@pytest.mark.parametrize(
    ("body", "message", "op"),
    [
        ("spirv.EXT.Nonsense", "does not parse", "spirv.EXT.Nonsense"),
        ("%x = spirv.FNegate %id : i32", "does not parse", "spirv.FNegate"),
        ("%x = spirv.Constant 1.0 : bf16", "needs a capability that the target has not", "spirv.Constant"),
    ],
)
def test_an_error_of_mlirs_own_names_the_op(body: str, message: str, op: str) -> None:
    with pytest.raises(CompileError, match=message) as caught:
        convert(module(body), 16)
    assert (caught.value.stage, caught.value.op) == ("spirv", op)
    assert "change the op of the model" in str(caught.value.remedy)


def test_a_push_constant_must_have_a_known_number() -> None:
    pushed = "!spirv.ptr<!spirv.struct<(!spirv.array<2 x i32, stride=4> [0]), Block>, PushConstant>"
    body = f"""
    %p = spirv.AccessChain %c[%zero, %id] : {pushed}, i32, i32 -> !spirv.ptr<i32, PushConstant>
    %n = spirv.Load "PushConstant" %p : i32
    """
    with pytest.raises(CompileError, match="does not go to a push constant of a known number"):
        convert(module(body, constants=2), 16)


def test_every_op_that_is_spoken_of_is_one_of_the_dialect() -> None:
    spoken = ALLOWED | {f"spirv.{name}" for name in EXPANSIONS} | {f"spirv.GL.{name}" for name in EXACT | ROUNDED}
    assert spoken <= OPS
    assert {f"spirv.CL.{name}" for name in (EXACT | ROUNDED).values()} <= ALLOWED


def test_control_flow_and_vectors_pass() -> None:
    body = """
    %a = spirv.Constant dense<[1, 2]> : vector<2xi32>
    %var = spirv.Variable init(%zero) : !spirv.ptr<i32, Function>
    spirv.mlir.selection {
      spirv.Switch %id : i32, [
        default: ^other,
        0: ^first
      ]
    ^first:
      %x = spirv.VectorExtractDynamic %a[%id] : vector<2xi32>, i32
      spirv.Store "Function" %var, %x : i32
      spirv.Branch ^merge
    ^other:
      %b = spirv.VectorInsertDynamic %id, %a[%zero] : vector<2xi32>, i32
      %c = spirv.VectorShuffle [0 : i32, 3 : i32] %a, %b : vector<2xi32>, vector<2xi32> -> vector<2xi32>
      %d = spirv.CompositeExtract %c[1 : i32] : vector<2xi32>
      spirv.Store "Function" %var, %d : i32
      spirv.Branch ^merge
    ^merge:
      spirv.mlir.merge
    }
    """
    binary = convert(module(body), 16).binary
    try:
        assert complaint(binary) is None
    except LookupError as error:
        pytest.skip(str(error))
