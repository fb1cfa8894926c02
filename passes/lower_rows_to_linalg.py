# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lower what no kernel takes to `linalg`: regions that the target's generator refused, and row-wise ops without one.

Before::

    %q, %s = "fanfold.rows"(%x) ({ ... "fanfold.quantize"(%a) {group_size = 128 : i64, ...} ... }) {refused = "..."}

After::

    %e = tensor.expand_shape %x [[0], [1, 2]] ... : tensor<?x1536xbf16> into tensor<?x12x128xbf16>
    %a = linalg.generic {... "reduction"} ins(%e : ...) outs(%zero : tensor<?x12xi32>)      // integer max of magnitudes
    %s = linalg.generic ins(%a : ...) outs(... : tensor<?x12xf32>)
    %c = linalg.generic ins(%e, %s : ...) outs(... : tensor<?x12x128xf8E4M3FN>)
    %q = tensor.collapse_shape %c [[0], [1, 2]] : ... into tensor<?x1536xf8E4M3FN>

It is slower, one op after another, and has the kernel's numbers: the bodies are made by the kernel generator's own
formulas. Two differences remain: the order in which a row's squares are added, and denormals, which IREE's CPU workers
flush to zero outside of our kernels. Each source op gets a line in the report with the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from fanfold.dialect.rows import is_row_wise

from .base import PassState
from .decisions import record
from .linalg import elementwise
from .linalg.quantize import quantize
from .lower_rows_to_kernel import REFUSED
from .walk import all_ops

#: Why a region that `lower-rows-to-kernel` has not seen has no kernel.
UNTRIED = "lower-rows-to-kernel did not run"

#: Why a row-wise op outside of any region has no kernel.
STRAY = "it is in no fanfold.rows: kernels are made of those alone"

#: Makes the results of an op, at the insertion point.
LOWERINGS: dict[str, Callable[[ir.OpView], list[ir.Value]]] = {
    "fanfold.absmax": elementwise.absmax,
    "fanfold.cast": elementwise.cast,
    "fanfold.columns": elementwise.columns,
    "fanfold.elementwise": elementwise.function,
    "fanfold.residual_add": elementwise.residual_add,
    "fanfold.rms_norm": elementwise.rms_norm,
    "fanfold.silu_mul": elementwise.silu_mul,
    "fanfold.quantize": quantize,
}


@dataclass(frozen=True)
class LowerRowsToLinalg:
    """The pass `lower-rows-to-linalg`."""

    name: ClassVar[str] = "lower-rows-to-linalg"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Dissolve every region that is left, then lower every row-wise op; returns how many ops it lowered."""
        count = 0
        with module.context:
            for rows in all_ops(module, "fanfold.rows"):
                reason = rows.attributes[REFUSED].value if REFUSED in rows.attributes else UNTRIED
                record(_body(rows), None, state, reason)
                for op in _dissolve(rows):
                    _lower(op)
                    count += 1
            for op in filter(is_row_wise, all_ops(module, *LOWERINGS)):
                record([op], None, state, STRAY)
                _lower(op)
                count += 1
        return count


def _body(rows: ir.Operation) -> list[ir.Operation]:
    return [view.operation for view in rows.regions[0].blocks[0].operations]


def _dissolve(rows: ir.Operation) -> list[ir.Operation]:
    """Replace the region by a copy of its body, and return the copied ops."""
    block = rows.regions[0].blocks[0]
    mapping: dict[ir.Value, ir.Value] = dict(zip(block.arguments, rows.operands, strict=True))
    *ops, terminator = _body(rows)
    copies = []
    with ir.InsertionPoint(rows):
        for op in ops:
            copy = op.clone()
            for i, value in enumerate(op.operands):
                copy.operands[i] = mapping[value]
            mapping.update(zip(op.results, copy.results, strict=True))
            copies.append(copy.operation)
    for result, value in zip(rows.results, terminator.operands, strict=True):
        result.replace_all_uses_with(mapping[value])
    rows.erase()
    return copies


def _lower(op: ir.Operation) -> None:
    with op.location, ir.InsertionPoint(op):
        results = LOWERINGS[op.name](op.opview)
    for old, new in zip(op.results, results, strict=True):
        old.replace_all_uses_with(new)
    op.erase()
