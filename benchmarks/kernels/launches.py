# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How kernels are launched, read from a module that our passes have lowered."""

from __future__ import annotations

from dataclasses import dataclass

from torch_mlir import ir


@dataclass(frozen=True)
class Launch:
    """The workgroups of a kernel.

    Attributes:
        rows: Rows of a workgroup.
        parts: Workgroups that share a row.
    """

    rows: int
    parts: int


def launches(module: ir.Module) -> dict[str, Launch]:
    """Return how each kernel is launched, by its name: what the count of its workgroups is made of."""
    found = {}
    for view in module.body.operations:
        if view.operation.name == "hal.executable.source":
            export = view.operation.regions[0].blocks[0].operations[0].operation
            block = export.regions[0].blocks[0]
            along_rows, parts, _ = block.operations[len(block.operations) - 1].operation.operands
            # The number of rows, divided by those of a workgroup.
            launch = Launch(_constant(along_rows.owner.operands[1]), _constant(parts))
            found[ir.StringAttr(view.operation.attributes["sym_name"]).value] = launch
    return found


def _constant(value: ir.Value) -> int:
    return int(ir.IntegerAttr(value.owner.attributes["value"]).value)
