# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A vocabulary without words: every region goes to linalg."""

import os
from dataclasses import dataclass
from typing import NoReturn

from torch_mlir import ir

from fanfold.errors import CompileError

from .vocabulary import Kernels

#: The environment variable that switches kernels off.
SWITCH = "FANFOLD_KERNELS"


@dataclass(frozen=True)
class NoKernels:
    """Kernel vocabulary that refuses everything, to tell whether a fault lies in a kernel (``FANFOLD_KERNELS=off``)."""

    def refuse(self, rows: ir.Operation) -> str:  # noqa: ARG002 - the protocol's signature
        """Refuse."""
        return "kernels are switched off"

    def emit(self, rows: ir.Operation, name: str) -> NoReturn:
        """Never called: `refuse` takes nothing."""
        raise NotImplementedError(f"no kernels, so none for {name} ({rows.name})")


def switched(kernels: Kernels) -> Kernels:
    """Return `kernels`, or none if the environment variable ``FANFOLD_KERNELS`` is ``off``.

    Raises:
        CompileError: If the variable is neither ``on`` nor ``off``.
    """
    value = os.environ.get(SWITCH) or "on"
    if value not in {"on", "off"}:
        raise CompileError(
            f"the environment variable {SWITCH} has no such value", stage="passes", expected="on or off", found=value
        )
    return kernels if value == "on" else NoKernels()
