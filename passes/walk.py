# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Walking a module."""

from collections.abc import Container, Iterable, Iterator

from torch_mlir import ir

#: Holds a kernel: a module of its own, which is finished when it is made.
KERNEL = "hal.executable.source"


def iterate(module: ir.Module | ir.Operation) -> Iterator[ir.Operation]:
    """Yield every op within a module or an op, outer before inner, in program order; kernels within are passed by."""

    def inside(op: ir.Operation) -> Iterator[ir.Operation]:
        for region in op.regions:
            for block in region.blocks:
                for child in block.operations:
                    yield child.operation
                    if child.operation.name != KERNEL:
                        yield from inside(child.operation)

    yield from inside(module.operation)


def copy_ops(ops: Iterable[ir.Operation], mapping: dict[ir.Value, ir.Value]) -> None:
    """Copy ops to the current insertion point.

    Args:
        ops: The ops, producers first.
        mapping: What each operand from outside becomes; results are added as they are copied.
    """
    for op in ops:
        copy = op.clone()
        for i, value in enumerate(op.operands):
            copy.operands[i] = mapping[value]
        mapping.update(zip(op.results, copy.results, strict=True))


def all_ops(module: ir.Module | ir.Operation, *names: str) -> list[ir.Operation]:
    """Return the ops with one of these names, collected before anything is rewritten."""
    wanted: Container[str] = frozenset(names)
    return [op for op in iterate(module) if op.name in wanted]
