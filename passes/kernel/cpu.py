# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The CPU kernel: a workgroup walks its rows one after another, each row in vectors of the target's width."""

from dataclasses import dataclass

from torch_mlir import ir
from torch_mlir.dialects import arith, func, scf

from .emitter import Emitter
from .executable import Executable
from .formulas import is_single_number
from .fpu_state import keep_denormals
from .products import keep_products
from .reductions import emit_absmax, emit_rstd
from .row_buffers import pad_scales, plain_buffer, result_buffer
from .scales import ScaleBuffer
from .values import Buffer, RowValues
from .writer import RowWriter

#: Elements that one workgroup should have at least, so that its start (about 0.1 us) does not show.
ELEMENTS_PER_WORKGROUP = 16384


@dataclass(frozen=True)
class CpuKernels:
    """Kernel vocabulary of a CPU target.

    Attributes:
        vector_bits: Width of the vector registers.
        is_x86: Whether the target is x86, where the kernel keeps denormals by setting MXCSR; IREE's workers flush them.
        hardware_f16: Whether the target converts f16 itself.
    """

    vector_bits: int
    is_x86: bool
    hardware_f16: bool = True

    @property
    def lanes(self) -> int:
        """f32 lanes of a vector register."""
        return self.vector_bits // 32

    def refuse(self, rows: ir.Operation) -> str | None:
        """Return why the `fanfold.rows` op cannot become a kernel, or None if it can."""
        for value in [*rows.operands, *rows.results]:
            if value.type.shape[-1] == 0:
                return "a row of width 0 has nothing to compute"
        return None

    def emit(self, rows: ir.Operation, name: str) -> ir.Operation:
        """Emit the executable of `rows` at the current insertion point.

        Args:
            rows: A `fanfold.rows` op that `refuse` takes.
            name: Symbol of the executable.

        Returns:
            The `hal.executable.source` op.
        """
        body = rows.regions[0].blocks[0]
        yielded = list(body.operations[len(body.operations) - 1].operands)
        widest = max(v.type.shape[-1] for v in [*rows.operands, *rows.results])
        per_workgroup = max(1, ELEMENTS_PER_WORKGROUP // widest)
        executable = Executable(name, len(rows.operands), len(yielded), per_workgroup)
        with ir.InsertionPoint(executable.entry):
            only_bf16 = _loads_only_bf16(body)
            short_nans = not any(map(_brings_long_nans, body.arguments))
            e = Emitter(executable.entry, short_nans=short_nans, hardware_f16=self.hardware_f16)
            row_count = executable.row_count()
            inputs = {v: plain_buffer(executable, i, v, row_count) for i, v in enumerate(body.arguments)}
            outputs = [
                (v, result_buffer(executable, i, v, row_count)) for i, v in enumerate(yielded, start=len(inputs))
            ]
            begin = arith.muli(executable.workgroup_id(), e.index(per_workgroup))
            end = arith.minui(arith.addi(begin, e.index(per_workgroup)), row_count)
            with keep_denormals(self.is_x86):
                loop = scf.ForOp(begin, end, e.index(1))
                with ir.InsertionPoint(loop.body):
                    values = RowValues(e, loop.induction_variable, inputs, self.lanes, paired=only_bf16)
                    _emit_row(e, body, values, outputs)
                    scf.yield_([])
            # The workgroup of the last row writes what is behind it.
            is_last = arith.cmpi(arith.CmpIPredicate.eq, end, row_count)
            pad_scales(e, [buffer for _, buffer in outputs], is_last, row_count)
            func.return_([])
        keep_products(executable.op)
        return executable.op


#: A result of the region and where it goes.
Output = tuple[ir.Value, Buffer | ScaleBuffer]


def _emit_row(e: Emitter, body: ir.Block, values: RowValues, outputs: list[Output]) -> None:
    # Ops stand in topological order, so each reduction finds the row scalars that it depends on.
    for op in body.operations:
        if op.operation.name == "fanfold.rms_norm":
            values.row_scalars[op.y] = emit_rstd(e, values, op)
        elif op.operation.name == "fanfold.absmax":
            values.row_scalars[op.y] = e.to_float(emit_absmax(e, values, op.x, (e.index(0), op.x.type.shape[1])))
    RowWriter(e, values).write(outputs)


def _loads_only_bf16(body: ir.Block) -> bool:
    """Return whether every operand that is loaded in vectors is bf16; scales and ceilings are single f32."""
    single = {v for op in body.operations for v in _single_numbers(op)}
    return all(isinstance(v.type.element_type, ir.BF16Type) for v in body.arguments if v not in single)


def _single_numbers(op: ir.OpView) -> list[ir.Value]:
    if op.operation.name == "fanfold.quantize":
        return [v for v in (op.scale, op.ceiling) if v is not None]
    return [op.other] if op.operation.name == "fanfold.elementwise" and is_single_number(op) else []


def _brings_long_nans(value: ir.Value) -> bool:
    """Return whether a NaN of this operand may have low bits and be rounded to bf16."""
    return not isinstance(value.type.element_type, ir.BF16Type) and any(_rounds(use.owner.opview) for use in value.uses)


def _rounds(op: ir.OpView) -> bool:
    """Return whether an op may round what it makes of an f32 operand to bf16; other ops may round its result."""
    if op.operation.name != "fanfold.quantize":
        return True
    return any(isinstance(type_.value, ir.BF16Type) for type_ in (op.scale_type, op.quotient_type))
