# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the pipeline asks of a target's kernel generator."""

from typing import Protocol

from torch_mlir import ir


class Kernels(Protocol):
    """Makes kernels of `fanfold.rows` ops for one target."""

    def refuse(self, rows: ir.Operation) -> str | None:
        """Return why a `fanfold.rows` op cannot become a kernel, or None if it can."""
        ...

    def emit(self, rows: ir.Operation, name: str) -> ir.Operation:
        """Emit the executable `name` for a `fanfold.rows` op at the current insertion point, and return it."""
        ...
