# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is measured: programs, each compiled once, at many numbers of tokens."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

WIDTHS = (1536, 2048, 4096, 7168, 8192, 16384)
OPS = ("norm", "add_norm", "silu_mul")
QUANTS = ("static", "token", "group")
FAN_OUTS = (1, 2, 3)
TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384)

GROUP = 128


@dataclass(frozen=True)
class Program:
    """A cluster of row-wise ops.

    Attributes:
        op: What makes the values: one of `OPS`.
        quant: How they are quantised to fp8: one of `QUANTS`.
        fan_out: How many readers quantise them, each through a view of its own.
        width: Columns of the values.
    """

    op: str
    quant: str
    fan_out: int
    width: int

    @property
    def name(self) -> str:
        """Its name, which is that of its file."""
        return f"{self.op}-{self.quant}-x{self.fan_out}-{self.width}"

    def bytes_moved(self, tokens: int) -> int:
        """Return the bytes that any implementation must load and store: each operand and each result once."""
        rows = {"norm": 1, "add_norm": 3, "silu_mul": 2}[self.op]  # with the sum, which is a result
        scales = {"static": 0, "token": 1, "group": -(-self.width // GROUP)}[self.quant]
        weight = 0 if self.op == "silu_mul" else 2 * self.width
        given = 4 * self.fan_out if self.quant == "static" else 0
        return tokens * (rows * 2 * self.width + self.fan_out * (self.width + 4 * scales)) + weight + given

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-serialisable data."""
        return {"op": self.op, "quant": self.quant, "fan_out": self.fan_out, "width": self.width}


def programs(
    ops: Iterable[str] = OPS,
    quants: Iterable[str] = QUANTS,
    fan_outs: Iterable[int] = FAN_OUTS,
    widths: Iterable[int] = WIDTHS,
) -> list[Program]:
    """Return the programs of a grid, shuffled but always in the same order: the first ones are a fair sample."""
    found = [Program(*axes) for axes in itertools.product(ops, quants, fan_outs, widths)]
    random.Random(0).shuffle(found)
    return found
