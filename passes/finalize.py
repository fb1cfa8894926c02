# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Refuse what nothing can lower, and drop what is dead.

An op that no pass raised and IREE does not know would fail deep in iree-compile with a misleading message; here it
fails with its name, its place in the user's model, and the reason that the raise passes gave.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from fanfold.dialect.context import run_mlir_pipeline
from fanfold.errors import CompileError

from .base import PassState
from .origins import position
from .torch_values import constant_ints, defining, torch_tensor
from .walk import all_ops, iterate


@dataclass(frozen=True)
class Finalize:
    """The pass `finalize`."""

    name: ClassVar[str] = "finalize"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Check the module; returns how many dead ops were dropped."""
        before = count = sum(1 for _ in iterate(module))
        while True:
            # An op that is dropped can be the last reader of another.
            run_mlir_pipeline(module, "func.func(cse)")
            left = sum(1 for _ in iterate(module))
            if left == count:
                break
            count = left
        for op in all_ops(module, "torch.operator", "torch.aten.rms_norm"):
            # torch-mlir lowers a norm over constant dims itself, with other rounding: that is in the report.
            if op.name == "torch.aten.rms_norm" and constant_ints(op.operands[1]) is not None:
                continue
            is_operator = op.name == "torch.operator"
            name = (ir.StringAttr(op.attributes["name"]).value if is_operator else op.name).removeprefix("torch.")
            where = position(op.location)
            here = [d for d in state.decisions if d.location == where and d.op.removeprefix("torch.") == name]
            reasons = [d.reason for d in here if d.reason]
            raise CompileError(
                f"no lowering for {name}" + (f": {reasons[0]}" if reasons else ""),
                stage="passes",
                op=name,
                location=where,
                remedy="replace the op in the model, or give its decomposition to ExportedProgram.run_decompositions",
            )
        for op in all_ops(module, "torch.aten.index.Tensor"):
            _refuse_masks(op)
        return before - count


def _refuse_masks(op: ir.Operation) -> None:
    """Refuse what has as many results as a mask has trues; torch-mlir takes memory without end for it."""
    places = defining(op.operands[1])
    indices = [] if places is None else [torch_tensor(value.type) for value in places.operands]
    if any(index is not None and index.element in ("i1", "ui8") for index in indices):
        raise CompileError(
            "no lowering for aten.index.Tensor by a mask: the size of the result depends on data",
            stage="passes",
            op="aten.index.Tensor",
            location=position(op.location),
            remedy="keep the size, by torch.where or masked_fill, or select outside of the model",
        )
