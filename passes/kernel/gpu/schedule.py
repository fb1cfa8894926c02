# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How a region is spread over the threads of a workgroup.

A thread holds `vector` neighbouring columns, the next thread the next ones; `threads` of them hold a stride of columns,
and a row is as many strides as it needs. A row is one of four forms:

- **short**: part of a subgroup, or one, holds the row, and a workgroup has several rows;
- **resident**: the threads of a workgroup hold the row in registers, from its one load to its last store;
- **split**: nothing in the region needs the whole row, so that a row is shared by workgroups: few wide rows keep the
  whole device busy;
- **streamed**: the row does not fit into registers. It is read again for each reduction and for the results, which
  finds it in a cache.

The choice depends on the region and the device, never on the number of rows: a row gives the same bits alone and among
others.
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

#: Threads of a workgroup that computes several short rows, or a part of a wide one.
SMALL_WORKGROUP = 256


@dataclass(frozen=True)
class Schedule:
    """The shape of a workgroup.

    Attributes:
        vector: Columns that a thread loads at a time.
        threads: Threads that share a row.
        rows: Rows of a workgroup; more than one only where `threads` is within a subgroup.
        parts: Workgroups that share a row, a stride each; more than one only where no number is made of a whole row.
    """

    vector: int
    threads: int
    rows: int
    parts: int = 1

    @property
    def stride(self) -> int:
        """Columns that the threads of a row hold with one load each."""
        return self.vector * self.threads

    def strides(self, width: int) -> int:
        """Return the number of strides that a workgroup takes of a row of `width` columns."""
        return 1 if self.parts > 1 else -(-width // self.stride)

    def is_streamed(self, width: int) -> bool:
        """Return whether a row of `width` columns does not fit into registers."""
        return self.strides(width) > MAX_STRIDES

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
    widest = widest_computed(rows)
    element_bytes = 4 if all(size == 4 for _, size in widths) else 2
    vector = reduce(gcd, (width for width, _ in widths), device.load_bytes // element_bytes)
    vector = reduce(gcd, _cuts(rows), vector)
    vectors = -(-widest // vector)
    if vectors <= 4 * device.subgroup:
        threads = 1
        while threads < min(vectors, device.subgroup):
            threads *= 2
        return Schedule(vector, threads, max(1, SMALL_WORKGROUP // threads))
    part = Schedule(vector, SMALL_WORKGROUP, 1, parts=-(-vectors // SMALL_WORKGROUP))
    if part.parts > 1 and _can_split(rows, part, device.subgroup):
        return part
    subgroups = -(-vectors // (WANTED_STRIDES * device.subgroup))
    return Schedule(vector, min(subgroups * device.subgroup, device.max_threads), 1)


def widest_computed(rows: ir.Operation) -> int:
    """Return the width of the widest row that a `fanfold.rows` op computes or loads whole: not just some columns of."""
    block = rows.regions[0].blocks[0]
    loaded = (a for a in block.arguments if any(use.owner.name != "fanfold.columns" for use in a.uses))
    computed = (r for view in block.operations for r in view.operation.results)
    return int(max(v.type.shape[1] for v in (*loaded, *computed) if v.type.rank == 2 and not is_number_of_rows(v)))


def is_of_whole_row(op: ir.OpView) -> bool:
    """Return whether an op needs a number that is made of a whole row."""
    if op.operation.name in ("fanfold.rms_norm", "fanfold.absmax"):
        return True
    if op.operation.name != "fanfold.quantize":
        return False
    is_one_group = op.granularity.value == "group" and op.group_size.value >= op.x.type.shape[1]
    return bool(op.granularity.value == "token" or is_one_group)


def _can_split(rows: ir.Operation, part: Schedule, subgroup: int) -> bool:
    """Return whether a part of a row can be computed without the others: its groups are within it."""
    needs_row = any(map(is_of_whole_row, rows.regions[0].blocks[0].operations))
    return not needs_row and all(part.lanes_own(group, subgroup) for group in groups_of(rows))


def groups_of(rows: ir.Operation) -> list[int]:
    """Return the sizes of the groups of a `fanfold.rows` op that are less than a row."""
    quantizes = [v for v in rows.regions[0].blocks[0].operations if v.operation.name == "fanfold.quantize"]
    return [op.group_size.value for op in quantizes if op.granularity.value == "group" and not is_of_whole_row(op)]


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
        elif op.name == "fanfold.rms_norm":
            yield op.opview.variance_size.value
    yield from groups_of(rows)
