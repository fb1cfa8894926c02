# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Let the kernel write a result as often as the model returns it: what it returns twice is two tensors to the caller.

Before::

    %q, %s = "fanfold.rows"(%x, %w) ({ ...
      "fanfold.yield"(%c, %d)
    })
    return %q, %s, %q, %s

After::

    %q, %s, %q2, %s2 = "fanfold.rows"(%x, %w) ({ ...
      "fanfold.yield"(%c, %d, %c, %d)
    })
    return %q, %s, %q2, %s2

Equal consumers were folded, and are computed once. Eager gives each of them memory of its own, so the caller may write
to one in place; a second store in the kernel is cheaper than a copy of the result.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from fanfold.dialect.rows import MAX_VALUES, RowsOp, YieldOp

from .base import PassState
from .row_form import FROM_BUILTIN
from .torch_values import defining
from .walk import all_ops, copy_ops

#: Ops between a region's result and the value that is returned; each has one operand that carries data, the first.
CARRIERS = (FROM_BUILTIN, "tensor.expand_shape", "tensor.collapse_shape", "tensor.cast")


@dataclass(frozen=True)
class SeparateResults:
    """The pass `separate-results`."""

    name: ClassVar[str] = "separate-results"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Separate repeated results, as far as the regions have room for more results."""
        count = 0
        for terminator in all_ops(module, "func.return"):
            with module.context, terminator.location:
                # One at a time: each replaces a region, and with it the values that other results are made of.
                while (repeated := next(_repeated(terminator), None)) is not None:
                    _separate(terminator, repeated)
                    count += 1
        return count


def _repeated(terminator: ir.Operation) -> Iterator[int]:
    """Yield the operands that share a result with an earlier one, of a region that can have one more."""
    seen: set[ir.Value] = set()
    for i, value in enumerate(terminator.operands):
        result = _carried(value)
        if result in seen:
            rows = defining(result)
            if rows is not None and rows.name == RowsOp.OPERATION_NAME and len(rows.results) < MAX_VALUES:
                yield i
        seen.add(result)


def _carried(value: ir.Value) -> ir.Value:
    op = defining(value)
    while op is not None and op.name in CARRIERS:
        value = op.operands[0]
        op = defining(value)
    return value


def _separate(terminator: ir.Operation, index: int) -> None:
    result = _carried(terminator.operands[index])
    again = _store_again(result.owner, ir.OpResult(result).result_number)
    terminator.operands[index] = _carry(terminator.operands[index], again)


def _store_again(rows: ir.Operation, number: int) -> ir.Value:
    """Replace a region by one that yields result `number` once more, and return the new result."""
    types = [result.type for result in rows.results]
    with ir.InsertionPoint(rows):
        new = RowsOp.build(list(rows.operands), [*types, types[number]])
    body, new_body = rows.regions[0].blocks[0], new.regions[0].blocks[0]
    mapping = dict(zip(body.arguments, new_body.arguments, strict=True))
    with ir.InsertionPoint(new_body):
        *members, yielded = [view.operation for view in body.operations]
        copy_ops(members, mapping)
        values = [mapping[value] for value in yielded.operands]
        YieldOp.build([*values, values[number]])
    for old, replacement in zip(rows.results, new.results, strict=False):
        old.replace_all_uses_with(replacement)
    rows.erase()
    return new.results[len(types)]


def _carry(value: ir.Value, again: ir.Value) -> ir.Value:
    """Repeat, on `again`, the ops that lead from a region's result to `value`."""
    op = defining(value)
    if op is None or op.name not in CARRIERS:
        return again
    source = _carry(op.operands[0], again)
    copy = op.clone(ir.InsertionPoint.after(op))
    copy.operands[0] = source
    return copy.results[0]
