# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What became of row-wise ops: the lines of the report that the two lowerings write."""

from collections.abc import Iterable

from torch_mlir import ir

from fanfold.report import Decision

from .base import PassState
from .clustering import APART
from .origins import origins_of, split


def record(ops: Iterable[ir.Operation], kernel: str | None, state: PassState, reason: str = "") -> None:
    """Record one decision for each source op behind the row-wise `ops` of one region.

    Args:
        ops: The ops; terminators and columns, which compute nothing, are skipped.
        kernel: The kernel that computes them, or None when they have none.
        state: Takes the decisions.
        reason: Why they have no kernel. With a kernel, the reason is why an op is not with its producer.
    """
    reasons: dict[str, str] = {}
    for op in ops:
        if op.name in ("fanfold.yield", "fanfold.columns"):
            continue
        apart = op.attributes[APART].value if APART in op.attributes else ""
        # A source op may have become several ops: it is one line in the report all the same.
        for text in origins_of(op):
            reasons[text] = reason or reasons.get(text) or apart
    for text, why in reasons.items():
        source, where = split(text)
        mates = tuple(split(other)[0] for other in reasons if other != text) if kernel else ()
        state.decisions.append(Decision(source, where, kernel, mates, why))
