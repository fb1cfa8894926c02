# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The GPU kernel: a workgroup takes a row, or several short ones, and each thread some columns of it."""

from dataclasses import dataclass
from functools import partial

from torch_mlir import ir
from torch_mlir.dialects import arith, func, gpu

from fanfold.passes.kernel.emitter import Emitter
from fanfold.passes.kernel.executable import Executable
from fanfold.passes.kernel.products import keep_products
from fanfold.passes.kernel.row_buffers import pad_scales, plain_buffer, result_buffer
from fanfold.passes.kernel.scales import ScaleBuffer
from fanfold.passes.kernel.values import Buffer

from .device import GpuDevice
from .instructions import convert_to_fp8, round_to_bf16
from .integers import Fence, replace_by_integers
from .lanes import Lanes
from .replacing import replace_ops
from .schedule import Schedule, choose, groups_of, widest_computed
from .splitting import split_vectors
from .values import LaneValues, Place
from .writer import LaneWriter


@dataclass(frozen=True)
class GpuKernels:
    """Kernel vocabulary of a GPU target."""

    device: GpuDevice

    def refuse(self, rows: ir.Operation) -> str | None:
        """Return why the `fanfold.rows` op cannot become a kernel, or None if it can."""
        values = [*rows.operands, *rows.results]
        if any(value.type.shape[-1] == 0 for value in values):
            return "a row of width 0 has nothing to compute"
        schedule = choose(rows, self.device)
        widest = widest_computed(rows)
        if schedule.is_streamed(widest):
            for group in groups_of(rows):
                if not schedule.lanes_own(group, self.device.subgroup):
                    return (
                        f"a row of {widest} columns does not fit into the registers of a workgroup, "
                        f"and a group of {group} is not that of a power of two of threads"
                    )
        needed = schedule.shared_bytes(rows, self.device.subgroup)
        if self.device.meets_in_memory:
            needed += 4 * schedule.threads * schedule.rows
        if needed > self.device.shared_bytes:
            return f"its groups need {needed} bytes of shared memory, and a kernel has {self.device.shared_bytes}"
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
        schedule = choose(rows, self.device)
        lanes = None if self.device.meets_in_memory else self.device.subgroup
        shape = (schedule.threads * schedule.rows, lanes)
        executable = Executable(
            name, len(rows.operands), len(yielded), schedule.rows, workgroup=shape, parts=schedule.parts
        )
        with ir.InsertionPoint(executable.entry):
            to_bf16 = self.device.to_bf16
            e = Emitter(
                executable.entry,
                short_nans=False,
                hardware_f16=self.device.converts_f16,
                round_to_bf16=partial(round_to_bf16, to_bf16) if to_bf16 is not None else None,
                to_fp8=partial(convert_to_fp8, dict(self.device.to_fp8)),
                fuses_fma=self.device.fuses_fma,
            )
            count = executable.row_count()
            inputs = {v: plain_buffer(executable, i, v, count) for i, v in enumerate(body.arguments)}
            outputs = [(v, result_buffer(executable, i, v, count)) for i, v in enumerate(yielded, start=len(inputs))]
            place = _place(e, executable, schedule, count)
            values = LaneValues(e, place, inputs, schedule)
            writer = LaneWriter(e, values, Lanes(e, place, schedule, self.device), schedule, self.device)
            for op in body.operations:
                writer.reduce(op)
            writer.write(outputs)
            _pad(e, place, [buffer for _, buffer in outputs], count)
            func.return_([])
        self._keep_numbers(executable, e)
        return executable.op

    def _keep_numbers(self, executable: Executable, e: Emitter) -> None:
        """Rewrite what IREE, or the device's compiler, would lower to other numbers, or not at all."""
        device, function = self.device, executable.entry.owner
        replace_ops(executable.op, dict(device.replaced))
        replace_by_integers(e, function, device.by_integers)
        if device.vector_limit is None:
            if device.fuses_products:
                keep_products(executable.op)
            return
        if device.fuses_products:
            keep_products(function, Fence(e, function))
        split_vectors(function, device.vector_limit)


def _place(e: Emitter, executable: Executable, schedule: Schedule, count: ir.Value) -> Place:
    workgroup, local = executable.workgroup_id(), gpu.thread_id(gpu.Dimension.x)
    has_row, row, thread = None, workgroup, local
    if schedule.rows > 1:
        width = e.index(schedule.threads)
        thread = arith.remui(local, width)
        mine = arith.addi(arith.muli(workgroup, e.index(schedule.rows)), arith.divui(local, width))
        has_row = arith.cmpi(arith.CmpIPredicate.ult, mine, count)
        # All threads stay until the end, as shuffles and barriers want.
        row = arith.minui(mine, arith.subi(count, e.index(1)))
    column = arith.muli(thread, e.index(schedule.vector))
    if schedule.parts > 1:
        column = arith.addi(column, arith.muli(executable.part_id(), e.index(schedule.stride)))
    return Place(row, has_row, thread, column, local)


def _pad(e: Emitter, place: Place, buffers: list[Buffer | ScaleBuffer], count: ir.Value) -> None:
    last = arith.cmpi(arith.CmpIPredicate.eq, place.row, arith.subi(count, e.index(1)))
    condition = arith.andi(last, place.is_first(e))
    if place.has_row is not None:
        condition = arith.andi(condition, place.has_row)
    pad_scales(e, buffers, condition, count)
