# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Loading the dialect, and carrying Python's exceptions across C++."""

from __future__ import annotations

import gc

import pytest
from torch_mlir import ir, rewrite

from fanfold.dialect.cast import CastOp
from fanfold.dialect.checks import DYNAMIC, VerifyError, expect, verifier
from fanfold.dialect.context import apply_patterns, load_dialects, make_context, parse_module, run_mlir_pipeline

CAST = """
func.func @f(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %y = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
"""
WRONG = CAST.replace("64xf32", "63xf32")


def the_cast(module: ir.Module) -> ir.Operation:
    return module.body.operations[0].regions[0].blocks[0].operations[0].operation


def test_loading_twice_changes_nothing() -> None:
    context = make_context()
    for _ in range(2):
        load_dialects(context)
        assert the_cast(parse_module(CAST, context)).name == "fanfold.cast"


def test_contexts_may_interleave() -> None:
    """Each context has the dialect, also when another one was made, used and freed in between."""
    first, second = make_context(), make_context()
    one = parse_module(CAST, first)
    two = parse_module(CAST, second)
    with pytest.raises(ir.MLIRError, match="y width: expected 64, found 63"):
        parse_module(WRONG, first)
    del second, two
    gc.collect()
    third = make_context()
    with pytest.raises(ir.MLIRError, match="y width: expected 64, found 63"):
        parse_module(WRONG, third)
    assert one.operation.verify()
    assert isinstance(the_cast(one).opview, CastOp)
    assert isinstance(the_cast(parse_module(CAST, third)).opview, CastOp)


def test_dialects_of_torch_and_of_nobody_parse() -> None:
    text = """
    func.func @f(%x: !torch.vtensor<[2],f32>) -> tensor<2xf32> {
      %y = torch_c.to_builtin_tensor %x : !torch.vtensor<[2],f32> -> tensor<2xf32>
      "flow.nothing"() : () -> ()
      return %y : tensor<2xf32>
    }"""
    assert parse_module(text).operation.verify()


def test_ops_of_fanfold_that_do_not_exist_are_errors() -> None:
    with pytest.raises(ir.MLIRError, match=r"unregistered operation 'fanfold\.norm'"):
        parse_module(CAST.replace("fanfold.cast", "fanfold.norm"))


def test_builder_makes_the_documented_op() -> None:
    with make_context(), ir.Location.unknown():
        module = ir.Module.create()
        with ir.InsertionPoint(module.body):
            source = ir.Operation.create(
                "other.source", results=[ir.RankedTensorType.get([DYNAMIC, 64], ir.BF16Type.get())]
            ).result
            op = CastOp(source, y=ir.RankedTensorType.get([DYNAMIC, 64], ir.F32Type.get()))
        assert module.operation.verify()
        assert op.x == source
        assert str(op.y.type) == "tensor<?x64xf32>"


def test_verifier_names_expected_and_found() -> None:
    with pytest.raises(VerifyError, match=r"^width: expected 64, found 63$"):
        expect(False, "width", expected=64, found=63)


def test_any_exception_in_a_verifier_is_an_error() -> None:
    """C++ would take a Python exception for success."""

    @verifier
    def broken(self: object) -> None:
        raise KeyError("no such thing")

    module = parse_module(CAST)
    operation = the_cast(module)
    found: list[str] = []

    def note(diagnostic: ir.Diagnostic) -> bool:
        found.append(diagnostic.message)
        return True

    handler = operation.context.attach_diagnostic_handler(note)
    assert broken(operation.opview) is False
    handler.detach()
    assert found == ["'fanfold.cast' op could not be verified: KeyError('no such thing')"]


def test_an_exception_in_a_rewrite_comes_through() -> None:
    module = parse_module(CAST)

    def fail(op: ir.Operation, rewriter: rewrite.PatternRewriter) -> bool:
        raise ValueError(f"no rewrite of {op.name}")

    with pytest.raises(ValueError, match=r"no rewrite of fanfold\.cast"):
        apply_patterns(module, {"fanfold.cast": fail})


def test_rewrites_are_counted() -> None:
    module = parse_module(CAST)
    done: list[str] = []

    def mark_once(op: ir.Operation, rewriter: rewrite.PatternRewriter) -> bool:
        if "seen" in op.attributes:
            return False
        op.attributes["seen"] = ir.UnitAttr.get()
        done.append(op.name)
        return True

    assert apply_patterns(module, {"fanfold.cast": mark_once}) == 1
    assert done == ["fanfold.cast"]


def test_a_wrong_pipeline_is_an_error() -> None:
    with pytest.raises((ir.MLIRError, ValueError)):
        run_mlir_pipeline(parse_module(CAST), "func.func(no-such-pass)")
