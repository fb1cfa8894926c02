# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How a region is spread over the threads of a workgroup.

A thread holds `vector` neighbouring columns, the next thread the next ones; `threads` of them hold a stride of columns,
and a row is as many strides as it needs. The choice depends on the region and the device, never on the number of rows:
a row gives the same bits alone and among others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from math import gcd

from torch_mlir import ir

from fanfold.dialect.rows import is_number_of_rows

from .device import GpuDevice

#: Strides of a row that a thread keeps in registers, at most: 8 of 8 columns are 64 f32.
MAX_STRIDES = 8

#: Strides that are aimed for: two loads in flight for each thread, in few enough registers for full occupancy.
WANTED_STRIDES = 2

#: Threads of a workgroup that computes several short rows.
SHORT_ROWS_THREADS = 256


@dataclass(frozen=True)
class Schedule:
    """The shape of a workgroup.

    Attributes:
        vector: Columns that a thread loads at a time.
        threads: Threads that share a row.
        rows: Rows of a workgroup; more than one only where `threads` is within a subgroup.
    """

    vector: int
    threads: int
    rows: int

    @property
    def stride(self) -> int:
        """Columns that the threads of a row hold with one load each."""
        return self.vector * self.threads

    def strides(self, width: int) -> int:
        """Return the number of loads of a thread for a row of `width` columns."""
        return -(-width // self.stride)

    def lanes_own(self, group: int, subgroup: int) -> bool:
        """Return whether neighbouring lanes own a group: a power of two of them, and a stride begins with a group."""
        owners = group // self.vector
        return owners & (owners - 1) == 0 and owners <= min(subgroup, self.threads) and self.stride % group == 0

    def shared_bytes(self, rows: ir.Operation, subgroup: int) -> int:
        """Return the shared memory, in bytes, that the kernel of a `fanfold.rows` op may take."""
        numbers = 0
        for view in rows.regions[0].blocks[0].operations:
            op = view.operation
            # A reduction over the row: one number a subgroup.
            numbers += self.threads // subgroup
            if op.name == "fanfold.quantize" and op.opview.granularity.value == "group":
                group, width = op.opview.group_size.value, op.opview.x.type.shape[1]
                if group < width and not self.lanes_own(group, subgroup):
                    numbers += self.rows * -(-width // group)
        return 4 * numbers


def choose(rows: ir.Operation, device: GpuDevice) -> Schedule:
    """Return the schedule of a `fanfold.rows` op.

    The vector is the widest that all rows are aligned to and that divides every group. Rows of up to four vectors a
    lane are left to one subgroup, or a part of it, and need no shared memory. Wider ones take as many subgroups as make
    `WANTED_STRIDES` loads a thread, or as many as there are.
    """
    widths = list(_widths(rows))
    widest = max(width for width, _ in widths)
    element_bytes = 4 if all(size == 4 for _, size in widths) else 2
    vector = reduce(gcd, (width for width, _ in widths), device.load_bytes // element_bytes)
    vector = reduce(gcd, _cuts(rows), vector)
    vectors = -(-widest // vector)
    if vectors <= 4 * device.subgroup:
        threads = 1
        while threads < min(vectors, device.subgroup):
            threads *= 2
        return Schedule(vector, threads, max(1, SHORT_ROWS_THREADS // threads))
    subgroups = -(-vectors // (WANTED_STRIDES * device.subgroup))
    return Schedule(vector, min(subgroups * device.subgroup, device.max_threads), 1)


def _widths(rows: ir.Operation) -> Iterable[tuple[int, int]]:
    """Yield the width and the bytes of an element of all rows that are computed, loaded or stored in columns."""
    block = rows.regions[0].blocks[0]
    for value in (*block.arguments, *(r for view in block.operations for r in view.operation.results)):
        if value.type.rank == 2 and not is_number_of_rows(value):
            yield value.type.shape[1], 4 if isinstance(value.type.element_type, ir.F32Type) else 2


def _cuts(rows: ir.Operation) -> Iterable[int]:
    """Yield the columns between which a vector must not reach: slices, groups, and the end of what is averaged."""
    for view in rows.regions[0].blocks[0].operations:
        op = view.operation
        if op.name == "fanfold.columns":
            yield op.opview.offset.value
        elif op.name == "fanfold.quantize" and op.opview.granularity.value == "group":
            if op.opview.group_size.value < op.opview.x.type.shape[1]:
                yield op.opview.group_size.value
        elif op.name == "fanfold.rms_norm":
            yield op.opview.variance_size.value
