# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reductions over the threads that share a row, in an order that is always the same."""

from torch_mlir import ir
from torch_mlir.dialects import arith, gpu, memref, scf, vector

from fanfold.passes.kernel.emitter import Emitter, tree
from fanfold.passes.kernel.intrinsics import call_intrinsic

from .device import LANE, VALUE, GpuDevice, LaneCall, LaneMoves
from .schedule import Schedule
from .values import Place

WORKGROUP_SPACE = "#gpu.address_space<workgroup>"

_COMBINE = {"add": arith.addf, "maxsi": arith.maxsi}


class Lanes:
    """Combines a number of each thread: ``add`` of f32 or ``maxsi`` of i32.

    Args:
        e: The emitter.
        place: Where the current thread is.
        schedule: The shape of the workgroup.
        device: The device.
    """

    def __init__(self, e: Emitter, place: Place, schedule: Schedule, device: GpuDevice) -> None:
        self._e = e
        self._place = place
        self._schedule = schedule
        self._subgroup = device.subgroup
        self._moves = device.moves
        self._device = device
        self._meeting_place: ir.Value | None = None

    def over_row(self, value: ir.Value, kind: str) -> ir.Value:
        """Return the combination over all threads of a row, in each of them."""
        threads = self._schedule.threads
        within = self.over_neighbours(value, min(threads, self._subgroup), kind)
        return within if threads <= self._subgroup else self._over_subgroups(within, kind)

    def over_neighbours(self, value: ir.Value, count: int, kind: str) -> ir.Value:
        """Return the combination over each `count` neighbouring threads, a power of two within a subgroup.

        Of ``a b c d`` it is ``(a + b) + (c + d)`` in each thread, whoever holds which, and by whatever instructions.
        """
        if self._device.meets_in_memory and count > 1:
            return self._through_memory(value, count, kind)
        if self._moves is not None:
            return self._without_memory(value, count, kind, self._moves)
        e, distance = self._e, 1
        width = e.constant(self._subgroup, e.i32)
        while distance < count:
            other = gpu.shuffle(value, e.constant(distance, e.i32), width, gpu.ShuffleMode.XOR)[0]
            value = _COMBINE[kind](value, other)
            distance *= 2
        return value

    def _through_memory(self, value: ir.Value, count: int, kind: str) -> ir.Value:
        """Let each thread read the numbers of all its neighbours."""
        e, is_float = self._e, isinstance(value.type, ir.F32Type)
        if self._meeting_place is None:
            with e.at_top():
                self._meeting_place = shared_memory(self._schedule.threads * self._schedule.rows, e.i32)
        local = self._place.local
        memref.store(e.to_bits(value) if is_float else value, self._meeting_place, [local])
        gpu.barrier()
        first = arith.subi(local, arith.remui(local, e.index(count)))
        numbers = [memref.load(self._meeting_place, [e.offset(first, i)]) for i in range(count)]
        # It is written to again, by the next one or in the next round of a loop.
        gpu.barrier()
        return tree([e.to_float(number) if is_float else number for number in numbers], _COMBINE[kind])

    def _without_memory(self, value: ir.Value, count: int, kind: str, moves: LaneMoves) -> ir.Value:
        reach = 1
        for exchange in moves.exchanges:
            if reach < count:
                value = _COMBINE[kind](value, self._call(exchange, value))
                reach *= 2
        if reach >= count:
            return value
        # Each `reach` lanes have the same number: one of them stands for all.
        e = self._e
        parts = [self._call(moves.read, value, lane) for lane in range(0, self._subgroup, reach)]
        size = count // reach
        totals = [tree(parts[i : i + size], _COMBINE[kind]) for i in range(0, len(parts), size)]
        mine = totals.pop()
        lane = arith.remui(self._place.local, e.index(self._subgroup)) if totals else None
        while totals:
            below = arith.cmpi(arith.CmpIPredicate.ult, lane, e.index(len(totals) * count))
            mine = arith.select(below, totals.pop(), mine)
        return mine

    def _call(self, call: LaneCall, value: ir.Value, lane: int = 0) -> ir.Value:
        e, is_float = self._e, isinstance(value.type, ir.F32Type)
        truth = ir.IntegerType.get_signless(1)
        named = {VALUE: e.to_bits(value) if is_float else value, LANE: e.constant(lane, e.i32)}
        operands = [
            named[argument]
            if isinstance(argument, str)
            else e.constant(int(argument), truth if isinstance(argument, bool) else e.i32)
            for argument in call.arguments
        ]
        bits = call_intrinsic(call.name, e.i32, operands)
        return e.to_float(bits) if is_float else bits

    def _over_subgroups(self, value: ir.Value, kind: str) -> ir.Value:
        """Combine over subgroups, which all have their own result: one number each, through shared memory."""
        e = self._e
        count = self._schedule.threads // self._subgroup
        element = value.type
        shared = shared_memory(count, element)
        lane = arith.remui(self._place.thread, e.index(self._subgroup))
        number = arith.divui(self._place.thread, e.index(self._subgroup))
        first = scf.IfOp(arith.cmpi(arith.CmpIPredicate.eq, lane, e.index(0)))
        with ir.InsertionPoint(first.then_block):
            memref.store(value, shared, [number])
            scf.yield_([])
        gpu.barrier()
        every = vector.load(e.vector(count, element), shared, [e.index(0)])
        return tree([vector.extract(every, [], [i]) for i in range(count)], _COMBINE[kind])


def shared_memory(count: int, element: ir.Type) -> ir.Value:
    """Return new memory for `count` numbers that the threads of the workgroup share."""
    space = ir.Attribute.parse(WORKGROUP_SPACE)
    return memref.alloc(ir.MemRefType.get([count], element, memory_space=space), [], [])
