# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How the scales of a `quantize` lie in memory, and the stores that put them there."""

from dataclasses import dataclass

from torch_mlir import ir
from torch_mlir.dialects import arith, memref, scf, vector

from .emitter import Emitter

#: Rows of a padded column-major layout come in multiples of this: 16 bytes of f32, as TMA wants its strides.
ROW_MULTIPLE = 4

#: Scales in one i32 of the packed format.
PACKED = 4


@dataclass(frozen=True)
class ScaleLayout:
    """Where the scales of a row go.

    Attributes:
        name: The `scale_layout` of the op.
        columns: Elements that a row has: one a scale, or one for four scales if `packed`.
        scales: Scales that a row has.
        packed: Whether an element holds four exponents; memory is then seen as bytes.
    """

    name: str
    columns: int
    scales: int
    packed: bool

    @staticmethod
    def of(op: ir.OpView) -> "ScaleLayout":
        """Return the layout of the `scales` result of a `quantize` op."""
        width, group = op.x.type.shape[1], op.group_size.value
        grouped = op.granularity.value == "group"
        return ScaleLayout(
            op.scale_layout.value,
            columns=op.scales.type.shape[1],
            scales=-(-width // group) if grouped else 1,
            packed=op.scale_format.value == "ue8m0_packed",
        )

    @property
    def by_column(self) -> bool:
        """Whether an element's neighbour in memory is the same element of the next row."""
        return self.name != "row"

    @property
    def padded(self) -> bool:
        """Whether zeros fill up the rows to a multiple of `ROW_MULTIPLE`."""
        return self.name == "column_padded"

    def memory(self, element: ir.Type, rows: int) -> ir.RankedTensorType:
        """Return the tensor that is in memory, for a number of rows (or dynamically many)."""
        if not self.by_column:
            return ir.RankedTensorType.get([rows, self.columns], element)
        dynamic = rows == ir.ShapedType.get_dynamic_size()
        pitch = -(-rows // ROW_MULTIPLE) * ROW_MULTIPLE if self.padded and not dynamic else rows
        return ir.RankedTensorType.get([self.columns, pitch], element)

    def pitch(self, rows: ir.Value) -> ir.Value:
        """Return the rows that memory has room for, given their number (an index)."""
        if not self.padded:
            return rows
        multiple = arith.constant(ir.IndexType.get(), ROW_MULTIPLE)
        return arith.muli(arith.ceildivui(rows, multiple), multiple)


@dataclass(frozen=True)
class ScaleBuffer:
    """Scales in memory.

    Attributes:
        memref: columns x pitch or rows x columns of f32; of bytes, four times as wide, if packed.
        layout: What the indices mean.
    """

    memref: ir.Value
    layout: ScaleLayout

    def store(self, e: Emitter, scale: ir.Value, row: ir.Value, index: ir.Value) -> None:
        """Store the scale of a row (an f32) that has the given index among the row's scales."""
        if not self.layout.packed:
            memref.store(scale, self.memref, [index, row] if self.layout.by_column else [row, index])
            return
        exponent = arith.shrui(e.to_bits(scale), e.constant(23, e.i32))
        # 2^-127 is a denormal: its exponent bits are those of UE8M0's 0, as are infinity's and NaN's those of its NaN.
        self._store_byte(e, arith.trunci(e.i8, exponent), row, index)

    def store_run(self, e: Emitter, scales: ir.Value, row: ir.Value, first: ir.Value) -> None:
        """Store a vector of neighbouring scales of a row, the first of which has index `first`."""
        if not self.layout.packed and not self.layout.by_column:
            vector.store(scales, self.memref, [row, first])
            return
        for i in range(scales.type.shape[0]):
            self.store(e, vector.extract(scales, [], [i]), row, e.offset(first, i))

    def store_rest(self, e: Emitter, row: ir.Value) -> None:
        """Store zero for the groups that the last packed element of a row has room for."""
        if self.layout.packed:
            for index in range(self.layout.scales, PACKED * self.layout.columns):
                self._store_byte(e, e.constant(0, e.i8), row, e.index(index))

    def _store_byte(self, e: Emitter, byte: ir.Value, row: ir.Value, index: ir.Value) -> None:
        if not self.layout.by_column:
            memref.store(byte, self.memref, [row, index])
            return
        element, place = arith.divui(index, e.index(PACKED)), arith.remui(index, e.index(PACKED))
        memref.store(byte, self.memref, [element, arith.addi(arith.muli(row, e.index(PACKED)), place)])

    def pad(self, e: Emitter, rows: ir.Value) -> None:
        """Emit the zeros behind the last row."""
        if not self.layout.padded:
            return
        per, element = (PACKED, e.i8) if self.layout.packed else (1, e.f32)
        zero = e.constant(0 if self.layout.packed else 0.0, element)
        begin = arith.muli(rows, e.index(per))
        end = arith.muli(self.layout.pitch(rows), e.index(per))
        columns = scf.ForOp(e.index(0), e.index(self.layout.columns), e.index(1))
        with ir.InsertionPoint(columns.body):
            padding = scf.ForOp(begin, end, e.index(1))
            with ir.InsertionPoint(padding.body):
                memref.store(zero, self.memref, [columns.induction_variable, padding.induction_variable])
                scf.yield_([])
            scf.yield_([])
