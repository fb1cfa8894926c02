# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ops on f32 that a device's compiler may give other numbers than theirs: integer arithmetic takes their places."""

from collections.abc import Callable, Collection

from torch_mlir import ir
from torch_mlir.dialects import arith

from fanfold.passes.kernel.emitter import Emitter
from fanfold.passes.walk import all_ops

from . import orders, quotients

_REPLACEMENTS: dict[str, Callable[[Emitter, ir.Operation], ir.Value]] = {
    "arith.divf": lambda e, op: quotients.quotient(e, *op.operands),
    "math.sqrt": lambda e, op: quotients.root(e, *op.operands),
    "arith.cmpf": orders.comparison,
    "arith.minimumf": lambda e, op: orders.minimum(e, *op.operands),
    "arith.maximumf": lambda e, op: orders.maximum(e, *op.operands),
}


def replace_by_integers(e: Emitter, op: ir.Operation, names: Collection[str]) -> None:
    """Replace ops within an op.

    Args:
        e: An emitter of the kernel.
        op: Where.
        names: Which ones.
    """
    for inner in all_ops(op, *names):
        with inner.location, ir.InsertionPoint(inner):
            inner.results[0].replace_all_uses_with(_REPLACEMENTS[inner.name](e, inner))
        inner.erase()


class Fence:
    """Hides a number from a compiler that fuses products with sums: a zero that it does not know is put into its bits.

    Args:
        e: An emitter of the kernel.
        function: The kernel; its number of rows is not negative, and not known to the compiler.
    """

    def __init__(self, e: Emitter, function: ir.Operation) -> None:
        self._e = e
        (count,) = all_ops(function, "hal.interface.constant.load")
        with function.location, ir.InsertionPoint.after(count):
            self._zero = arith.andi(count.result, e.constant(0x80000000, e.i32))

    def __call__(self, value: ir.Value) -> ir.Value:
        """Return the same number."""
        bits = self._e.to_bits(value)
        return self._e.to_float(arith.xori(bits, self._e.spread(self._zero, bits)))
