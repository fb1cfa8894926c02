# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the scales of fp8 values come from, and what else of a model is computed from them."""

from collections.abc import Container
from typing import TypeAlias

from torch_mlir import ir

from .fold_views import VIEWS
from .row_form import FROM_BUILTIN, TO_BUILTIN
from .torch_values import CASTS, constant_splat, defining

LIST = "torch.prim.ListConstruct"

#: Ops whose results have codes of their operands, whole and unchanged.
MOVES = (
    VIEWS
    | {FROM_BUILTIN, TO_BUILTIN, "tensor.collapse_shape", "tensor.expand_shape", "tensor.cast"}
    | {LIST}
    | {
        f"torch.aten.{name}"
        for name in (
            *("permute", "transpose.int", "t", "numpy_T", "expand", "broadcast_to", "squeeze.dims", "slice.Tensor"),
            *("select.int", "narrow", "diagonal", "as_strided", "unfold", "cat", "stack", "flip", "roll", "repeat"),
            *("tile", "index.Tensor", "index_select", "gather", "embedding"),
        )
    }
)

#: A value, or the name of the parameter that it is: each of its readers loads it anew.
ScaleRoot: TypeAlias = ir.Value | str


def root_of(value: ir.Value) -> ScaleRoot:
    """Return what a value is, whatever its shape and type."""
    op = defining(value)
    while op is not None and op.name in (*MOVES, *CASTS):
        value = op.operands[0]
        op = defining(value)
    return _named(value)


def kept_in_by(root: ScaleRoot) -> str:
    """Return why values quantised by a scale must not leave the model, if they must not."""
    op = None if isinstance(root, str) else defining(root)
    if op is None or isinstance(root, str):
        return ""
    if op.name == "arith.constant" or constant_splat(root) == 1.0:
        return "it leaves the model without a scale that could be adjusted"
    if op.name != "torch.vtensor.literal":
        return "it leaves the model, and its scale is computed in the model: others may read it"
    return ""


def is_computed_from(value: ir.Value, scales: Container[ScaleRoot], codes: Container[ir.Value]) -> bool:
    """Return whether a value is one of the scales, or computed from one and from no codes: those have met their scale.

    Args:
        value: The value.
        scales: The scales.
        codes: All values that are codes.
    """
    found, seen, pending = False, set[ir.Value](), [value]
    while pending:
        one = pending.pop()
        if one in codes:
            return False
        if one in seen:
            continue
        seen.add(one)
        if _named(one) in scales:
            found = True
        elif (op := defining(one)) is not None:
            pending.extend(op.operands)
    return found


def _named(value: ir.Value) -> ScaleRoot:
    op = defining(value)
    if op is not None and op.name == "util.global.load":
        return str(ir.FlatSymbolRefAttr(op.attributes["global"]).value)
    return value
