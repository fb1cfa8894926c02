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

from collections.abc import Sequence
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
                for rows, repeats in _repeats(terminator).items():
                    _separate(terminator, rows, repeats)
                    count += len(repeats)
        return count


@dataclass(frozen=True)
class _Repeat:
    """An operand of the return that shares result `number` of a region with an earlier one."""

    operand: int
    number: int


def _repeats(terminator: ir.Operation) -> dict[ir.Operation, list[_Repeat]]:
    """Return the repeats by region, as many as the region can have more results."""
    seen: set[ir.Value] = set()
    found: dict[ir.Operation, list[_Repeat]] = {}
    for i, value in enumerate(terminator.operands):
        result = _carried(value)
        rows = defining(result)
        if result in seen and rows is not None and rows.name == RowsOp.OPERATION_NAME:
            repeats = found.setdefault(rows, [])
            if len(rows.results) + len(repeats) < MAX_VALUES:
                repeats.append(_Repeat(i, ir.OpResult(result).result_number))
        seen.add(result)
    return found


def _carried(value: ir.Value) -> ir.Value:
    op = defining(value)
    while op is not None and op.name in CARRIERS:
        value = op.operands[0]
        op = defining(value)
    return value


def _separate(terminator: ir.Operation, rows: ir.Operation, repeats: Sequence[_Repeat]) -> None:
    """Replace a region by one that yields each repeated result once more, and return that."""
    types = [result.type for result in rows.results]
    with ir.InsertionPoint(rows):
        new = RowsOp.build(list(rows.operands), [*types, *(types[repeat.number] for repeat in repeats)])
    body, new_body = rows.regions[0].blocks[0], new.regions[0].blocks[0]
    mapping = dict(zip(body.arguments, new_body.arguments, strict=True))
    with ir.InsertionPoint(new_body):
        *members, yielded = [view.operation for view in body.operations]
        copy_ops(members, mapping)
        values = [mapping[value] for value in yielded.operands]
        YieldOp.build([*values, *(values[repeat.number] for repeat in repeats)])
    for old, replacement in zip(rows.results, new.results, strict=False):
        old.replace_all_uses_with(replacement)
    rows.erase()
    for repeat, again in zip(repeats, list(new.results)[len(types) :], strict=True):
        terminator.operands[repeat.operand] = _carry(terminator.operands[repeat.operand], again)


def _carry(value: ir.Value, again: ir.Value) -> ir.Value:
    """Repeat, on `again`, the ops that lead from a region's result to `value`."""
    op = defining(value)
    if op is None or op.name not in CARRIERS:
        return again
    source = _carry(op.operands[0], again)
    copy = op.clone(ir.InsertionPoint.after(op))
    copy.operands[0] = source
    return copy.results[0]
