# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Numbers of a model that look like the bound of its quantisations, and would have to change with it."""

import operator
from collections.abc import Callable, Iterable, Mapping
from math import isclose
from typing import TypeAlias

from torch_mlir import ir

from fanfold.errors import TargetError

from .float8_refusals import place_of
from .float8_scales import root_of
from .torch_values import constant_float, defining, repeated_element
from .walk import iterate

#: Smaller bounds than this are no largest value of a type, and too common as numbers.
SMALLEST = 128.0

#: Ops that compute with numbers; others have integers for sizes and places.
_ARITHMETIC = tuple(
    f"torch.aten.{name}" for name in ("mul", "div", "clamp", "minimum", "maximum", "full", "reciprocal", "pow", "rsub")
)

#: The numbers in a parameter, by its name.
Numbers: TypeAlias = Mapping[str, frozenset[float]]

#: What models make numbers of numbers with.
_FOLDED: dict[str, Callable[[float, float], float]] = {
    "torch.aten.mul": operator.mul,
    "torch.aten.div": operator.truediv,
    "torch.aten.add": operator.add,
    "torch.aten.sub": operator.sub,
}

#: So many combinations of numbers are computed for one op.
_MOST = 256


def refuse_left_bounds(module: ir.Module, bounds: Iterable[float], parameters: Numbers) -> None:
    """Refuse a module that computes with a bound, or its reciprocal, outside of the quantisations.

    A scale that the model computes once more beside a quantisation would stay what it was.

    Args:
        module: The module.
        bounds: The bounds.
        parameters: The numbers in parameters that have few different ones: any may be a bound, sliced out or not.

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
            known = _numbers_in(operand, parameters)
            found = next((n for n in known if any(isclose(abs(n), number, rel_tol=1e-6) for number in numbers)), None)
            if found is not None:
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


def _numbers_in(value: ir.Value, parameters: Numbers) -> frozenset[float]:
    """Return the numbers that a value or its elements can be, as far as they are known when compiling."""
    root = root_of(value)
    if isinstance(root, str):
        return parameters.get(root, frozenset())
    op = defining(root)
    if op is None:
        return frozenset()
    if op.name == "torch.prim.NumToTensor.Scalar":
        root = op.operands[0]
    elif op.name.rpartition(".")[0] in _FOLDED:
        left, right = (_numbers_in(operand, parameters) for operand in list(op.operands)[:2])
        if len(left) * len(right) > _MOST:
            return frozenset()
        compute = _FOLDED[op.name.rpartition(".")[0]]
        return frozenset(compute(a, b) for a in left for b in right if b)
    repeated = repeated_element(root)
    number = constant_float(root) if repeated is None else repeated
    return frozenset() if number is None else frozenset({number})
