# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a pass is: a frozen dataclass whose fields are its options, with a name and one method."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from torch_mlir import ir

from fanfold.report import Decision

from .kernel.vocabulary import Kernels


@dataclass
class PassState:
    """What passes share in one run of the pipeline.

    Attributes:
        kernels: Kernel vocabulary of the target.
        decisions: What became of each row-wise op; passes append.
        accounts: Where in `decisions` the source ops are that the lowerings have accounted for, by origin; None for
            those on which nothing is to be added.
        raised: How many source ops were raised so far: their serial numbers.
        result_layouts: The `scale_layout` of the results of the module's main function that are returned as memory.
        byte_results: The numbers of the results of the module's main function that are returned as bytes.
        numbers: The numbers in parameters that have few different ones, by name; empty where values do not matter.
    """

    kernels: Kernels
    decisions: list[Decision] = field(default_factory=list)
    accounts: dict[str, int | None] = field(default_factory=dict)
    raised: int = 0
    result_layouts: dict[int, str] = field(default_factory=dict)
    byte_results: set[int] = field(default_factory=set)
    numbers: Mapping[str, frozenset[float]] = field(default_factory=dict)


class Pass(Protocol):
    """A rewrite of a whole module."""

    name: ClassVar[str]

    def run(self, module: ir.Module, state: PassState) -> int:
        """Rewrite `module` in place and return the number of rewrites."""
        ...
