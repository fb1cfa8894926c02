# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How a run of columns is cut into vectors."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """Static part of a piece: `width` columns from `offset`."""

    offset: int
    width: int


def cut(begin: int, end: int, vector_width: int) -> list[Span]:
    """Cut columns ``begin`` to ``end`` into full vectors and a tail of ever smaller powers of two.

    Args:
        begin: First column.
        end: One past the last column.
        vector_width: Lanes of a full vector, a power of two.
    """
    spans = []
    at, width = begin, vector_width
    while at < end:
        while width > end - at:
            width //= 2
        spans.append(Span(at, width))
        at += width
    return spans
