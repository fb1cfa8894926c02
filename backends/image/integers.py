# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The integer arithmetic of programs: that of MLIR's arith dialect, on Python's integers.

The compiler folds with it what it knows, and the executor computes the rest with it, so both agree.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

#: The widths that integers of a program have.
WIDTHS = (1, 8, 16, 32, 64)


def wrap(value: int, bits: int) -> int:
    """Return the signed value of the low bits of an integer."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def unsigned(value: int, bits: int) -> int:
    """Return the unsigned value of the low bits of an integer."""
    return value & ((1 << bits) - 1)


def _truncated_quotient(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _remainder(a: int, b: int) -> int:
    return a - _truncated_quotient(a, b) * b


def _ceiling(a: int, b: int) -> int:
    return -(-a // b)


_SIGNED: dict[str, Callable[[int, int], int]] = {
    "addi": operator.add,
    "subi": operator.sub,
    "muli": operator.mul,
    "andi": operator.and_,
    "ori": operator.or_,
    "xori": operator.xor,
    "divsi": _truncated_quotient,
    "remsi": _remainder,
    "ceildivsi": _ceiling,
    "floordivsi": operator.floordiv,
    "minsi": min,
    "maxsi": max,
}
_UNSIGNED: dict[str, Callable[[int, int], int]] = {
    "divui": operator.floordiv,
    "remui": operator.mod,
    "ceildivui": _ceiling,
    "minui": min,
    "maxui": max,
}
_SHIFTS = ("shli", "shrui", "shrsi")

#: Every op of two operands.
ARITH = frozenset({*_SIGNED, *_UNSIGNED, *_SHIFTS})

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}

#: Every predicate of a comparison, in the order of MLIR's numbers.
PREDICATES = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")

#: Every conversion.
CONVERSIONS = ("extsi", "extui", "trunci")


def arith(op: str, bits: int, a: int, b: int) -> int:
    """Compute an op of two operands of a width.

    Raises:
        ZeroDivisionError: If it divides by zero.
        KeyError: If there is no such op.
    """
    if op in _SHIFTS:
        return _shift(op, bits, a, unsigned(b, bits))
    if op in _UNSIGNED:
        return wrap(_UNSIGNED[op](unsigned(a, bits), unsigned(b, bits)), bits)
    return wrap(_SIGNED[op](a, b), bits)


def _shift(op: str, bits: int, a: int, by: int) -> int:
    # Further than the width is undefined in MLIR; here it shifts everything out.
    by = min(by, bits)
    if op == "shli":
        return wrap(a << by, bits)
    return wrap(unsigned(a, bits) >> by, bits) if op == "shrui" else a >> by


def compare(predicate: str, bits: int, a: int, b: int) -> int:
    """Compare two integers of a width; true is -1, the signed value of one set bit.

    Raises:
        KeyError: If there is no such predicate.
    """
    if predicate.startswith("u"):
        a, b, predicate = unsigned(a, bits), unsigned(b, bits), predicate[1:]
    elif predicate.startswith("s"):
        predicate = predicate[1:]
    return -int(_COMPARE[predicate](a, b))


def convert(op: str, bits: int, source: int, a: int) -> int:
    """Convert an integer of `source` bits to one of `bits`.

    Raises:
        KeyError: If there is no such conversion.
    """
    if op not in CONVERSIONS:
        raise KeyError(op)
    return wrap(unsigned(a, source) if op == "extui" else a, bits)


def align(value: int, to: int) -> int:
    """Return an index rounded up to a multiple of another.

    Raises:
        ZeroDivisionError: If that is zero.
    """
    return wrap(_ceiling(value, to) * to, 64)
