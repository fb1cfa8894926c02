# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One line of the report: a region of one width, compiled for one architecture."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from fanfold.backends.inspection.code import Access


@dataclass(frozen=True)
class Row:
    """What is known of a kernel without running it.

    Attributes:
        arch: The architecture.
        region: The name of the region.
        width: Columns of a row.
        dispatches: Dispatches of a call.
        threads: Threads of a workgroup.
        rows: Rows of a workgroup.
        parts: Workgroups that share a row.
        subgroup: Lanes of a subgroup.
        registers: Registers of a thread; on AMD's GPUs, vector registers.
        spills: Bytes (NVIDIA) or registers (AMD) that are kept in memory for want of registers.
        scratch: Memory of its own that a thread takes, in bytes.
        shared: Memory that a workgroup shares, in bytes.
        barriers: Barriers in the text.
        loops: Whether there are loops, so that some of it may run more than once.
        loads: Accesses in the text, the widest first.
        stores: The same.
        loaded: Bytes loaded for a row, when every thread runs every load once.
        stored: The same for stores.
        fewest_loaded: Bytes of the operands of a row.
        fewest_stored: Bytes of its results.
    """

    arch: str
    region: str
    width: int
    dispatches: int
    threads: int
    rows: int
    parts: int
    subgroup: int
    registers: int
    spills: int
    scratch: int
    shared: int
    barriers: int
    loops: bool
    loads: tuple[Access, ...]
    stores: tuple[Access, ...]
    loaded: int
    stored: int
    fewest_loaded: int
    fewest_stored: int

    @property
    def key(self) -> tuple[str, str, int]:
        """What it is the line of."""
        return self.arch, self.region, self.width

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-serialisable data."""
        return asdict(self) | {name: [[a.width, a.count, a.guarded] for a in getattr(self, name)] for name in _ACCESSES}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Row:
        """Return what :meth:`to_json` made the data of."""
        return cls(**data | {name: tuple(Access(*access) for access in data[name]) for name in _ACCESSES})


_ACCESSES = ("loads", "stores")
