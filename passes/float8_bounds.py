# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Numbers of a model that look like the bound of its quantisations, and would have to change with it."""

from collections.abc import Iterable
from math import isclose

from torch_mlir import ir

from fanfold.errors import TargetError

from .float8_refusals import place_of
from .float8_scales import root_of
from .torch_values import constant_float, made_by, repeated_element
from .walk import iterate

#: Smaller bounds than this are no largest value of a type, and too common as numbers.
SMALLEST = 128.0

#: Ops that compute with numbers; others have integers for sizes and places.
_ARITHMETIC = tuple(
    f"torch.aten.{name}" for name in ("mul", "div", "clamp", "minimum", "maximum", "full", "reciprocal", "pow", "rsub")
)


def refuse_left_bounds(module: ir.Module, bounds: Iterable[float]) -> None:
    """Refuse a module that computes with a bound, or its reciprocal, outside of the quantisations.

    A scale that the model computes once more beside a quantisation would stay what it was.

    Raises:
        TargetError: If there is such a number.
    """
    numbers = {n for bound in bounds if bound >= SMALLEST for n in (bound, 1 / bound)}
    if not numbers:
        return
    for op in iterate(module):
        if not op.name.startswith(_ARITHMETIC):
            continue
        for operand in op.operands:
            found = _number(operand)
            if found is not None and any(isclose(abs(found), number, rel_tol=1e-6) for number in numbers):
                name, where = place_of(op)
                raise TargetError(
                    f"the number {found:g} may be the bound of a quantisation that is converted",
                    stage="target",
                    op=name,
                    location=where,
                    expected="no such number outside of the quantisations that were recognised",
                    found=f"{op.name} computes with it",
                    remedy="take the scale that the quantisation returns, or write the model with the target's dtype",
                )


def _number(value: ir.Value) -> float | None:
    """Return the number that a value is, or that all elements of the constant are that it was made of."""
    root = root_of(value)
    if isinstance(root, str):
        return None
    made = made_by(root, "torch.prim.NumToTensor.Scalar")
    if made is not None:
        return constant_float(made.operands[0])
    return constant_float(root) if (repeated := repeated_element(root)) is None else repeated
