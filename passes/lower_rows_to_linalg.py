# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lower what the target's generator refused."""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from .base import PassState


@dataclass(frozen=True)
class LowerRowsToLinalg:
    """The pass `lower-rows-to-linalg`."""

    name: ClassVar[str] = "lower-rows-to-linalg"

    def run(self, module: ir.Module, state: PassState) -> int:
        return 0
