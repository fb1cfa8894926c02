# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How kernels are launched, read from a module that our passes have lowered."""

from __future__ import annotations

from torch_mlir import ir


def rows_of_workgroups(module: ir.Module) -> dict[str, int]:
    """Return the rows of a workgroup by kernel: what the number of rows is divided by for the number of workgroups."""
    found = {}
    for view in module.body.operations:
        if view.operation.name == "hal.executable.source":
            export = view.operation.regions[0].blocks[0].operations[0].operation
            per = export.regions[0].blocks[0].operations[0].operation
            name = ir.StringAttr(view.operation.attributes["sym_name"]).value
            found[name] = ir.IntegerAttr(per.attributes["value"]).value
    return found
