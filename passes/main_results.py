# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the main function returns: the one function with a caller outside of the module."""

from collections.abc import Callable

from torch_mlir import ir

from .walk import all_ops


def main_returns(module: ir.Module) -> list[ir.Operation]:
    """Return the `func.return` of the main function, if there is one."""
    return [op for op in all_ops(module, "func.return") if op.parent.opview.name.value == "main"]


def change_results(module: ir.Module, change: Callable[[int, ir.Value], ir.Value | None]) -> int:
    """Replace results of the main function, and with them its type.

    Args:
        module: The module.
        change: Gives what is returned for a result, by number and value, or None to leave it; what it makes goes in
            front of the return.

    Returns:
        How many were replaced.
    """
    count = 0
    for terminator in main_returns(module):
        function = terminator.parent.opview
        with module.context, terminator.location, ir.InsertionPoint(terminator):
            for i, value in enumerate(terminator.operands):
                changed = change(i, value)
                if changed is not None:
                    terminator.operands[i] = changed
                    count += 1
            types = [value.type for value in terminator.operands]
            type_ = ir.FunctionType.get(function.type.inputs, types)
            function.attributes["function_type"] = ir.TypeAttr.get(type_)
    return count
