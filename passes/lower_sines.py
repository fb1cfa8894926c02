# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lower sines, cosines and tangents to arithmetic that is right for every angle.

Before::

    %y = torch.aten.cos %angles : !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>

After::

    %a = torch_c.to_builtin_tensor %angles
    %b = linalg.generic ins(%a : tensor<?x64xf32>) outs(%e : tensor<?x64xf32>)
    %y = torch_c.from_builtin_tensor %b

IREE subtracts a rounded multiple of pi from the angle. The error grows with it: rotary embeddings are off by 3e-5 at
position 1000 and by 4e-3 at position 131071, and from 1e30 on a sine is infinite.

Here the angle, an integer `m` of 24 bits times a power of two, is multiplied with as many bits of 2/pi as its product
needs: Payne and Hanek, Radian Reduction for Trigonometric Functions, SIGNUM Newsletter 18 (1983). Those before them
make multiples of whole turns. What is left is a quadrant and a fraction of one within pi/4 around it, for which the
series in `_SINE` and `_COSINE` are exact to the last bit or two.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir
from torch_mlir.dialects import arith, tensor

from .base import PassState
from .kernel.emitter import Emitter
from .linalg.build import elementwise
from .row_form import from_builtin, sizes_of, to_builtin
from .torch_values import TorchTensor, torch_tensor
from .walk import all_ops

_SIN, _COS, _TAN = "torch.aten.sin", "torch.aten.cos", "torch.aten.tan"

#: 32 zeros and the first 224 bits of 2/pi: angles of at least pi/4 start with bit 6, the largest one with bit 134.
_TWO_OVER_PI = (0, 0xA2F9836E, 0x4E441529, 0xFC2757D1, 0xF534DDC0, 0xDB629599, 0x3C439041, 0xFE5163AB)

#: sin(r) = r + r^3 (..) and cos(r) = 1 - r^2/2 + r^4 (..) within pi/4, lowest power first: S. Moshier's Cephes, sinf.c.
_SINE = (-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4)
_COSINE = (4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5)


@dataclass(frozen=True)
class LowerSines:
    """The pass `lower-sines`."""

    name: ClassVar[str] = "lower-sines"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Lower every function of f32; `keep-roundings` computes those of bf16 and f16 in f32."""
        count = 0
        for op in all_ops(module, _SIN, _COS, _TAN):
            known, given = torch_tensor(op.operands[0].type), torch_tensor(op.results[0].type)
            if known is None or given is None or known.element != "f32":
                continue
            with module.context, op.location, ir.InsertionPoint(op):
                op.results[0].replace_all_uses_with(_lowered(op, known))
            op.erase()
            count += 1
        return count


def _lowered(op: ir.Operation, known: TorchTensor) -> ir.Value:
    angles = to_builtin(op.operands[0])
    init = tensor.empty(sizes_of(angles, known.dims), ir.F32Type.get())
    inputs = [(angles, tuple(range(len(known.dims))))]
    return from_builtin(elementwise(inputs, init, lambda e, v: _function(e, op.name, v[0])), op.results[0].type)


def _function(e: Emitter, name: str, angle: ir.Value) -> ir.Value:
    bits = e.to_bits(angle)
    magnitude = e.masked(bits, 0x7FFFFFFF)
    quadrant, rest = _reduced(e, magnitude)
    sine, cosine = _series(e, rest)
    one = e.constant(1, e.i32)
    is_odd = arith.cmpi(arith.CmpIPredicate.ne, arith.andi(quadrant, one), e.constant(0, e.i32))
    # From one quadrant to the next, sine becomes cosine and cosine becomes -sine.
    first, second = arith.select(is_odd, cosine, sine), arith.select(is_odd, sine, cosine)
    sign = e.masked(bits, -(2**31))
    negated_sine = _in_sign(e, quadrant)
    negated_cosine = _in_sign(e, arith.addi(quadrant, one))
    if name == _COS:
        value, flips = second, negated_cosine
    elif name == _SIN:
        value, flips = first, arith.xori(sign, negated_sine)
    else:
        value, flips = arith.divf(first, second), arith.xori(sign, arith.xori(negated_sine, negated_cosine))
    signed = e.to_float(arith.xori(e.to_bits(value), flips))
    is_finite = arith.cmpi(arith.CmpIPredicate.ult, magnitude, e.constant(0x7F800000, e.i32))
    return arith.select(is_finite, signed, e.constant(math.nan, e.f32))


def _in_sign(e: Emitter, quadrant: ir.Value) -> ir.Value:
    """Return the second bit of a quadrant in the place of the sign."""
    return e.masked(arith.shli(quadrant, e.constant(30, e.i32)), -(2**31))


def _series(e: Emitter, rest: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return the sine and the cosine of a `rest` within pi/4."""
    square = arith.mulf(rest, rest)
    cubed = arith.mulf(square, rest)
    sine = arith.addf(rest, arith.mulf(cubed, _polynomial(e, square, _SINE)))
    fourth = arith.mulf(square, square)
    half = arith.mulf(square, e.constant(0.5, e.f32))
    less = arith.subf(e.constant(1.0, e.f32), half)
    return sine, arith.addf(less, arith.mulf(fourth, _polynomial(e, square, _COSINE)))


def _polynomial(e: Emitter, x: ir.Value, coefficients: Sequence[float]) -> ir.Value:
    *others, value = (e.constant(c, e.f32) for c in coefficients)
    for coefficient in reversed(others):
        value = arith.addf(arith.mulf(value, x), coefficient)
    return value


def _reduced(e: Emitter, magnitude: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return the quadrant (i32, modulo 4) that a finite angle is next to and what it is off by (f32, within pi/4)."""
    i64 = ir.IntegerType.get_signless(64)
    start = arith.subi(e.shifted_right(magnitude, 23), e.constant(120, e.i32))
    mantissa = arith.ori(e.masked(magnitude, 0x7FFFFF), e.constant(0x800000, e.i32))
    m = arith.extui(i64, mantissa)
    high, middle, low = (arith.extui(i64, word) for word in _window(e, start))
    by = e.constant(32, i64)
    # In quarter turns, of which four are nothing: 2 bits for the quadrant and 62 for the fraction.
    turns = arith.addi(
        arith.shli(arith.muli(m, high), by), arith.addi(arith.muli(m, middle), arith.shrui(arith.muli(m, low), by))
    )
    quadrant = arith.trunci(e.i32, arith.shrui(arith.addi(turns, e.constant(1 << 61, i64)), e.constant(62, i64)))
    fraction = arith.shli(turns, e.constant(2, i64))
    # f32 takes the upper half with an error in its last bit, and, where that is small, the lower half as well.
    upper = arith.sitofp(e.f32, arith.trunci(e.i32, arith.shrui(fraction, by)))
    lower = arith.sitofp(e.f32, e.shifted_right(arith.trunci(e.i32, fraction), 8))
    quarter = math.pi / 2
    scaled = arith.mulf(upper, e.constant(quarter / 2**32, e.f32))
    rest = arith.addf(scaled, arith.mulf(lower, e.constant(quarter / 2**56, e.f32)))
    is_small = arith.cmpi(arith.CmpIPredicate.ult, magnitude, e.bits_constant(_QUARTER_PI, magnitude))
    return (
        arith.select(is_small, e.constant(0, e.i32), quadrant),
        arith.select(is_small, e.to_float(magnitude), rest),
    )


#: The bits of pi/4. Angles below are taken as they are: their bits of 2/pi would start before those of the table.
_QUARTER_PI = 0x3F490FDB


def _window(e: Emitter, start: ir.Value) -> list[ir.Value]:
    """Return the 96 bits of 2/pi from bit `start` of the table on, as three words."""
    words = [e.constant(word, e.i32) for word in _TWO_OVER_PI]
    index = e.shifted_right(start, 5)
    for step in (4, 2, 1):
        is_set = arith.cmpi(arith.CmpIPredicate.ne, e.masked(index, step), e.constant(0, e.i32))
        # What three words and their neighbour can still need after this step and the smaller ones.
        moved = [arith.select(is_set, words[i + step], words[i]) for i in range(len(words) - step)]
        words = [*moved, *words[len(moved) :]][: 3 + step]
    by = e.masked(start, 31)
    back = arith.subi(e.constant(31, e.i32), by)
    return [arith.ori(arith.shli(words[i], by), arith.shrui(e.shifted_right(words[i + 1], 1), back)) for i in range(3)]
