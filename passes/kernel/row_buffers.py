# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operands and results of a region as memory."""

from collections.abc import Sequence

from torch_mlir import ir
from torch_mlir.dialects import arith, scf

from .emitter import Emitter
from .executable import Executable
from .rounding import storage_type
from .scales import PACKED, ScaleBuffer, ScaleLayout
from .values import Buffer

DYNAMIC = ir.ShapedType.get_dynamic_size()


def plain_buffer(executable: Executable, index: int, value: ir.Value, rows: ir.Value) -> Buffer:
    """Return binding `index` as the rows (or the vector that all rows share) of `value`."""
    element = value.type.element_type
    # The row count is always dynamic in the kernel: one kernel serves every batch, with the same bits.
    shape = [DYNAMIC, value.type.shape[1]] if value.type.rank == 2 else list(value.type.shape)
    memref_type = ir.MemRefType.get(shape, storage_type(element))
    return Buffer(executable.binding(index, memref_type, [rows] if value.type.rank == 2 else []), element)


def result_buffer(executable: Executable, index: int, value: ir.Value, rows: ir.Value) -> Buffer | ScaleBuffer:
    """Return binding `index` as what holds a result: scales have a layout."""
    op = None if isinstance(value, ir.BlockArgument) else value.owner.opview
    if op is None or op.operation.name != "fanfold.quantize" or value == op.q:
        return plain_buffer(executable, index, value, rows)
    layout = ScaleLayout.of(op)
    shape = list(layout.memory(value.type.element_type, DYNAMIC).shape)
    pitch = layout.pitch(rows) if layout.by_column else rows
    element = value.type.element_type
    if layout.packed:
        # Seen as bytes: each group's exponent is stored on its own.
        element = ir.IntegerType.get_signless(8)
        shape[1] = DYNAMIC if layout.by_column else PACKED * shape[1]
        pitch = arith.muli(pitch, arith.constant(ir.IndexType.get(), PACKED)) if layout.by_column else pitch
    return ScaleBuffer(executable.binding(index, ir.MemRefType.get(shape, element), [pitch]), layout)


def pad_scales(e: Emitter, buffers: Sequence[Buffer | ScaleBuffer], condition: ir.Value, rows: ir.Value) -> None:
    """Write the zeros behind the last row where `condition` (i1) holds: for one thread."""
    padded = [buffer for buffer in buffers if isinstance(buffer, ScaleBuffer) and buffer.layout.padded]
    if not padded:
        return
    branch = scf.IfOp(condition)
    with ir.InsertionPoint(branch.then_block):
        for buffer in padded:
            buffer.pad(e, rows)
        scf.yield_([])
