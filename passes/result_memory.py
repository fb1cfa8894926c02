# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whether results can be the same memory: asked here once, so that calls need not ask for addresses."""

from torch_mlir import ir

from .main_results import main_returns
from .row_form import FROM_BUILTIN
from .torch_values import defining

#: Ops that name the memory of their operand.
_SAME_MEMORY = ("flow.tensor.bitcast", "tensor.cast", "tensor.expand_shape", "tensor.collapse_shape", FROM_BUILTIN)


def results_are_apart(module: ir.Module) -> bool:
    """Return whether each result of the main function is memory of its own for sure.

    IREE gives equal results the same memory, and an unchanged input its own. It cannot find such in one dispatch, which
    writes each of its results; of two dispatches it could find that they are the same.
    """
    for terminator in main_returns(module):
        written = [result for value in terminator.operands if (result := _written(value)) is not None]
        dispatches = {result.owner.operation for result in written}
        distinct = {result.result_number for result in written}
        return len(dispatches) == 1 and len(distinct) == len(terminator.operands)
    return False


def _written(value: ir.Value) -> ir.OpResult | None:
    """Return the result of a dispatch that a value is the memory of, if it is and the dispatch got it from nobody."""
    op = defining(value)
    while op is not None and op.name in _SAME_MEMORY:
        value = op.operands[0]
        op = defining(value)
    if op is None or op.name != "flow.dispatch":
        return None
    ties = [ir.IntegerAttr(tie).value for tie in ir.ArrayAttr(op.attributes["tied_operands"])]
    return None if any(tie >= 0 for tie in ties) else ir.OpResult(value)
