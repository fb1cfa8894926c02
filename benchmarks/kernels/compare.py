# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What got worse between two reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmarks.kernels.row import Row
from fanfold.backends.inspection.code import widest

#: So many more registers are no regression: both vendors hand them out in blocks of about this size.
REGISTER_SLACK = 8

#: So many more bytes of scratch memory without a spill are none either: ptxas takes 8 or 16 now and then, for a call.
SCRATCH_SLACK = 16

#: Numbers of which no more may be needed than before. Some kernels for sm_80 and sm_100 spill a register or two, around
#: the calls that the correctly rounded root and quotient make for numbers out of the ordinary.
_LIMITED = ("dispatches", "spills", "shared", "barriers", "loaded", "stored")


def regressions(found: Iterable[Row], known: Mapping[tuple[str, str, int], Row]) -> list[str]:
    """Return a line for each thing that is worse than in the known report, or is not in it."""
    lines = []
    for row in found:
        before = known.get(row.key)
        faults = ["it is not in the report"] if before is None else _worse(row, before)
        lines += [f"{row.arch}, {row.region}, {row.width} columns: {fault}" for fault in faults]
    return lines


def _worse(row: Row, before: Row) -> list[str]:
    faults = []
    for name in _LIMITED:
        old, new = getattr(before, name), getattr(row, name)
        faults += [f"{name} grew from {old} to {new}"] if new > old else []
    if row.registers > before.registers + REGISTER_SLACK:
        faults.append(f"registers grew from {before.registers} to {row.registers}, by more than {REGISTER_SLACK}")
    if row.scratch > before.scratch + SCRATCH_SLACK:
        faults.append(f"scratch grew from {before.scratch} to {row.scratch}, by more than {SCRATCH_SLACK}")
    for name in ("loads", "stores"):
        old, new = widest(getattr(before, name)), widest(getattr(row, name))
        faults += [f"the widest of the {name} shrank from {old} to {new} bytes"] if new < old else []
    return faults
