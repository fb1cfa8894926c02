# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A vocabulary without words: every region goes to linalg."""

from dataclasses import dataclass
from typing import NoReturn

from torch_mlir import ir


@dataclass(frozen=True)
class NoKernels:
    """Kernel vocabulary that refuses everything, to tell whether a fault lies in a kernel (``FANFOLD_KERNELS=off``)."""

    def refuse(self, rows: ir.Operation) -> str:  # noqa: ARG002 - the protocol's signature
        """Refuse."""
        return "kernels are switched off"

    def emit(self, rows: ir.Operation, name: str) -> NoReturn:
        """Never called: `refuse` takes nothing."""
        raise NotImplementedError(f"no kernels, so none for {name} ({rows.name})")
