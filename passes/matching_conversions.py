# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The end of a spelled-out quantisation: clamps, roundings and views between the scaled value and its 8-bit form.

`fanfold.quantize` rounds to a float type, clamps, and rounds to the 8-bit type, in this order. A model may have another
one: it is read as this one when the numbers are the same, and refused otherwise.
"""

from dataclasses import dataclass
from math import inf, isinf

from torch_mlir import ir

from .constants import rounded_to
from .fold_views import VIEWS
from .matching import clamped, narrowed, without_widening
from .raising import require
from .torch_values import made_by

#: Up to which magnitude a type has all integers.
_INTEGERS = {"bf16": 2.0**8, "f16": 2.0**11}


@dataclass(frozen=True)
class Conversion:
    """What leads from a scaled value to its 8-bit form: clamps, roundings and views, in any order.

    Attributes:
        scaled: The value at the start.
        low: Lower clamp; -inf is none.
        high: Upper clamp; inf is none.
        rounds: Whether there is a `round` to integers.
        narrow: Float type that the value is rounded to before any `round`, if that is narrower than its own.
        narrow_behind: Float types that it is rounded to behind a `round`.
        ends_behind: Ends of the clamps behind a `round`.
        ends_before: Ends of the clamps before the rounding to `narrow`.
        views: Ops in between that change the shape, the first one first.
    """

    scaled: ir.Value
    low: float
    high: float
    rounds: bool
    narrow: str | None
    narrow_behind: tuple[str, ...]
    ends_behind: tuple[float, ...]
    ends_before: tuple[float, ...]
    views: tuple[ir.Operation, ...]


def read_conversion(op: ir.Operation) -> Conversion:
    """Read backwards from the conversion itself."""
    value, low, high, rounds, narrow = op.operands[0], -inf, inf, False, None
    views: list[ir.Operation] = []
    narrow_behind: list[str] = []
    # Of the clamps that were met since the last `round`, and since the narrowing.
    ends: list[float] = []
    ends_behind: list[float] = []
    ends_before: list[float] = []
    while True:
        view, integral = made_by(value, *VIEWS), made_by(value, "torch.aten.round")
        limits, rounding = clamped(value), narrowed(value)
        if view is not None:
            views.insert(0, view)
            value = view.operands[0]
        elif integral is not None:
            narrow_behind += [narrow] if narrow is not None else []
            ends_behind += ends
            rounds, narrow, ends, ends_before = True, None, [], []
            value = integral.operands[0]
        elif limits is not None:
            low, high, value = max(low, limits.low), min(high, limits.high), limits.value
            ends += [limits.low, limits.high]
            ends_before += [limits.low, limits.high] if narrow is not None else []
        elif rounding is not None and narrow in (None, rounding[1]):
            value, narrow = rounding
        elif without_widening(value) != value and narrow is None:
            value = without_widening(value)
        else:
            kept = tuple(narrow_behind), tuple(ends_behind), tuple(ends_before)
            return Conversion(value, low, high, rounds, narrow, *kept, tuple(views))


def require_order(conversion: Conversion) -> None:
    """Refuse a conversion whose steps give other numbers in the order of `fanfold.quantize`."""
    low, high, narrow = conversion.low, conversion.high, conversion.narrow
    for element in conversion.narrow_behind:
        most = _INTEGERS[element]
        require(
            -most <= low and high <= most,
            f"the value is rounded to integers and then to {element}, which has no integers beyond {most:g} one apart, "
            f"and no clamp keeps it within them",
        )
    for end in conversion.ends_behind:
        require(
            isinf(end) or end.is_integer(),
            f"the value is rounded to integers and then clamped to {end:g}, which is none; clamp first",
        )
    for end in conversion.ends_before:
        require(
            narrow is None or rounded_to(end, narrow) == end,
            f"the value is clamped to {end:g} and then rounded to {narrow}, which does not have that number",
        )
