# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Convert to and from fp8 by integer arithmetic, wherever the model does so outside of a quantisation.

Before::

    %q = torch.prims.convert_element_type %x, %int24 : !torch.vtensor<[?,64],bf16>, !torch.int -> ...

After::

    %b = torch_c.to_builtin_tensor %x
    %c = linalg.generic {...} ins(%b : tensor<?x64xbf16>) outs(... : tensor<?x64xf8E4M3FN>)
    %q = torch_c.from_builtin_tensor %c

IREE's own conversions on CPU lose NaN and what is next to the smallest normal numbers. Here both directions are exact:
to nearest with ties to even, NaN stays NaN, and what is beyond the range becomes what PyTorch makes of it: the largest
value in f8E4M3FN, NaN in the FNUZ types, infinity in f8E5M2. The exponents f8E8M0FNU are powers of two, to nearest too.

Integers, f64 and other fp8 types become f32 first, as in eager; so do fp8 values on the way to integers and f64::

    %f = torch.prims.convert_element_type %i, %int6 : !torch.vtensor<[?,64],si32>, !torch.int -> ...,f32>
    %b = torch_c.to_builtin_tensor %f
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir
from torch_mlir.dialects import arith, tensor

from .base import PassState
from .casts import as_f32
from .kernel.emitter import Emitter
from .kernel.float8 import FORMATS, decode, encode
from .kernel.rounding import round_to
from .linalg.build import elementwise
from .row_form import from_builtin, sizes_of, to_builtin
from .torch_values import CASTS, known_tensor, torch_tensor
from .walk import all_ops

WIDE = ("bf16", "f16", "f32")

#: The 8 bits of an exponent, without a sign; 255 is NaN.
EXPONENT = "f8E8M0FNU"

#: Formats of which we know every bit.
KNOWN = (*FORMATS, EXPONENT)


@dataclass(frozen=True)
class ConvertFloat8:
    """The pass `convert-float8`."""

    name: ClassVar[str] = "convert-float8"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Replace every conversion to or from fp8."""
        count = 0
        for op in all_ops(module, *CASTS):
            source, result = torch_tensor(op.operands[0].type), torch_tensor(op.results[0].type)
            if source is None or result is None:
                continue
            with module.context, op.location, ir.InsertionPoint(op):
                count += _converted(op, source.element, result.element)
        return count


def _converted(op: ir.Operation, source: str, result: str) -> bool:
    """Rewrite one cast between these element types; return False if there is nothing to do."""
    if source == result or not (source.startswith("f8") or result.startswith("f8")):
        return False
    value = op.operands[0]
    if source in KNOWN and result not in WIDE:
        value = _convert(value, "f32")
    elif source not in (*KNOWN, *WIDE):
        value = as_f32(value)
    if result in KNOWN or (source in KNOWN and result in WIDE):
        value = _convert(value, result)
    elif value == op.operands[0]:
        return False
    else:
        # What is left of the way, from f32, is IREE's.
        op.operands[0] = value
        return True
    op.results[0].replace_all_uses_with(value)
    op.erase()
    return True


def _convert(source: ir.Value, to: str) -> ir.Value:
    """Return a torch tensor in another element type; one is known fp8, the other is known fp8 or wide."""
    known = known_tensor(source)
    value = to_builtin(source)
    element = ir.Type.parse(to)

    def body(e: Emitter, v: list[ir.Value]) -> ir.Value:
        if to == EXPONENT:
            return _encode_exponent(e, v[0])
        if to in FORMATS:
            return encode(e, v[0], to)
        wide = _decode_exponent(e, v[0]) if known.element == EXPONENT else decode(e, v[0], known.element)
        return round_to(e, wide, element)

    init = tensor.empty(sizes_of(value, known.dims), element)
    converted = elementwise([(value, tuple(range(len(known.dims))))], init, body)
    return from_builtin(converted, known.with_element(to).vtensor())


def _encode_exponent(e: Emitter, value: ir.Value) -> ir.Value:
    """Return the exponent of any f32, as i8: to the nearest power of two, half way upwards; the sign is dropped.

    0 stands for 2^-127, of which eager rounds up only what is above it and its half.
    """
    magnitude = e.masked(e.to_bits(value), 0x7FFFFFFF)
    half = e.masked(e.shifted_right(magnitude, 22), 1)
    exponent = e.shifted_right(magnitude, 23)
    rounded = arith.addi(exponent, half)
    # 0x400000 is 2^-127 itself; from 0x7F800000 on, infinity and NaN keep their 255.
    is_least = arith.cmpi(arith.CmpIPredicate.eq, magnitude, e.bits_constant(0x00400000, magnitude))
    is_finite = arith.cmpi(arith.CmpIPredicate.slt, magnitude, e.bits_constant(0x7F800000, magnitude))
    code = arith.select(is_finite, rounded, e.bits_constant(0xFF, magnitude))
    code = arith.select(is_least, e.bits_constant(0, magnitude), code)
    return arith.trunci(e.like(code, e.i8), code)


def _decode_exponent(e: Emitter, code: ir.Value) -> ir.Value:
    """Return the power of two that an i8 exponent stands for; exact."""
    exponent = arith.extui(e.like(code, e.i32), code)
    bits = arith.shli(exponent, e.bits_constant(23, exponent))
    is_least = arith.cmpi(arith.CmpIPredicate.eq, exponent, e.bits_constant(0, exponent))
    is_nan = arith.cmpi(arith.CmpIPredicate.eq, exponent, e.bits_constant(0xFF, exponent))
    bits = arith.select(is_least, e.bits_constant(0x00400000, exponent), bits)
    return e.to_float(arith.select(is_nan, e.bits_constant(0x7FC00000, exponent), bits))
