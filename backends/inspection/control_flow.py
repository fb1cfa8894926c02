# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which parts of a function every thread runs, and which may run more than once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Block:
    """Instructions without a jump in or out of their middle.

    Attributes:
        label: Its name, if anything jumps to it.
        lines: The instructions.
        targets: The labels that it may jump to.
        falls: Whether it may go on with the next block.
    """

    label: str | None = None
    lines: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    falls: bool = True


def run_by_all(blocks: Sequence[Block]) -> set[int]:
    """Return the numbers of the blocks that are on every path from the first to an end."""
    after = _successors(blocks)
    ends = {number for number, following in enumerate(after) if not following}
    return {number for number in range(len(blocks)) if not _reachable(after, 0, without=number) & (ends - {number})}


def in_loops(blocks: Sequence[Block]) -> set[int]:
    """Return the numbers of the blocks that may run again after they have run."""
    after = _successors(blocks)
    return {
        number
        for number in range(len(blocks))
        if any(number in _reachable(after, following) for following in after[number])
    }


def _successors(blocks: Sequence[Block]) -> list[list[int]]:
    labels = {block.label: number for number, block in enumerate(blocks) if block.label}
    found = []
    for number, block in enumerate(blocks):
        following = [labels[target] for target in block.targets]
        if block.falls and number + 1 < len(blocks):
            following.append(number + 1)
        found.append(following)
    return found


def _reachable(after: list[list[int]], start: int, without: int | None = None) -> set[int]:
    seen: set[int] = set()
    todo = [start]
    while todo:
        number = todo.pop()
        if number != without and number not in seen:
            seen.add(number)
            todo += after[number]
    return seen
