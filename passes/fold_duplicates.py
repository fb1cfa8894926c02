# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fold equal `fanfold` ops on equal operands into one, and MLIR's own duplicates around them.

Before::

    %q0, %s0 = "fanfold.quantize"(%y) {group_size = 128 : i64, ...}
    %q1, %s1 = "fanfold.quantize"(%y) {group_size = 128 : i64, ...}

After::

    %q0, %s0 = "fanfold.quantize"(%y) {group_size = 128 : i64, ...}

MLIR's `cse` alone would do, but for ``origins``: they differ, and both source ops have to appear in the report.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from fanfold.dialect.context import run_mlir_pipeline
from fanfold.dialect.rows import ROW_OPS

from .base import PassState
from .origins import ATTRIBUTE, origins_of, stamp
from .walk import iterate


@dataclass(frozen=True)
class FoldDuplicates:
    """The pass `fold-duplicates`."""

    name: ClassVar[str] = "fold-duplicates"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Fold duplicates in program order, so that chains of them fold in one walk, until there are none."""
        count = 0
        while folded := _fold(module):
            count += folded
        return count


def _fold(module: ir.Module) -> int:
    # Casts to and from rows must be unique first: equal ops are recognised by equal operands. What stands between row
    # ops that were folded is equal only now.
    run_mlir_pipeline(module, "func.func(cse)")
    first: dict[tuple[object, ...], ir.Operation] = {}
    count = 0
    for op in list(iterate(module)):
        if op.name not in ROW_OPS or op.parent.name == "fanfold.rows":
            continue
        with module.context:
            key = _key(op)
            kept = first.setdefault(key, op)
            if kept == op:
                continue
            stamp(kept, [*origins_of(kept), *origins_of(op)])
        for old, new in zip(op.results, kept.results, strict=True):
            old.replace_all_uses_with(new)
        op.erase()
        count += 1
    return count


def _key(op: ir.Operation) -> tuple[object, ...]:
    attributes = tuple(sorted((name, str(op.attributes[name])) for name in op.attributes if name != ATTRIBUTE))
    # One block holds a function's ops, so an equal op before this one dominates it.
    return (op.name, op.block, tuple(op.operands), attributes, tuple(str(r.type) for r in op.results))
