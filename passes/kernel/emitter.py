# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builder of vector arithmetic: short names for arith ops, constants made once at the top of the kernel."""

import struct
from collections.abc import Callable, Sequence
from math import copysign, inf

from torch_mlir import ir
from torch_mlir.dialects import arith, memref, vector


def f32_bits(value: float) -> int:
    """Return the bit pattern of `value` rounded to f32."""
    try:
        packed = struct.pack("<f", value)
    except OverflowError:
        packed = struct.pack("<f", copysign(inf, value))
    return int(struct.unpack("<i", packed)[0])


class Emitter:
    """Emits ops at the current insertion point; constants go to the top of `entry` and are shared.

    Args:
        entry: The entry block of the kernel function.
        short_nans: Whether every NaN that can occur has empty low 16 bits (all inputs are bf16): rounding such a NaN to
            bf16 like a number cannot carry into its sign.
        hardware_f16: Whether the processor converts f16 itself.
        round_to_bf16: Rounds f32 vectors by the processor's own instruction, if it has one.
        to_fp8: Makes codes (i8) of f32 vectors within the range of an 8-bit type (or NaN) by the processor's own
            instruction; None for a type that it has none for.
        fuses_fma: Whether `math.fma` rounds once; products that are exact may be given to it in any case.
    """

    def __init__(
        self,
        entry: ir.Block,
        *,
        short_nans: bool,
        hardware_f16: bool = False,
        round_to_bf16: Callable[["Emitter", ir.Value], ir.Value] | None = None,
        to_fp8: Callable[["Emitter", ir.Value, str], ir.Value | None] | None = None,
        fuses_fma: bool = True,
    ) -> None:
        self._entry = entry
        self.to_fp8 = to_fp8
        self.round_to_bf16 = round_to_bf16
        self.hardware_f16 = hardware_f16
        self.fuses_fma = fuses_fma
        self.short_nans = short_nans
        self._constants: dict[tuple[object, str], ir.Value] = {}
        self.f32 = ir.F32Type.get()
        self.i32 = ir.IntegerType.get_signless(32)
        self.i16 = ir.IntegerType.get_signless(16)
        self.i8 = ir.IntegerType.get_signless(8)
        self.index_type = ir.IndexType.get()

    def like(self, value: ir.Value, element: ir.Type) -> ir.Type:
        """Return the type of `value` with another element type."""
        if isinstance(value.type, ir.VectorType):
            return ir.VectorType.get(value.type.shape, element)
        return element

    def vector(self, width: int, element: ir.Type) -> ir.Type:
        """Return ``vector<width x element>``."""
        return ir.VectorType.get([width], element)

    def constant(self, value: float, type_: ir.Type) -> ir.Value:
        """Return a constant of `type_` (scalar, index or splat vector); integers wrap to the type's width."""
        key = (f32_bits(value) if isinstance(value, float) else value, str(type_))
        if key not in self._constants:
            element = type_.element_type if isinstance(type_, ir.VectorType) else type_
            if isinstance(element, ir.IndexType):
                attr: ir.Attribute = ir.IntegerAttr.get(element, value)
            elif isinstance(element, ir.IntegerType):
                wrapped = (int(value) + 2 ** (element.width - 1)) % 2**element.width - 2 ** (element.width - 1)
                attr = ir.IntegerAttr.get(element, wrapped)
            else:
                attr = ir.FloatAttr.get(element, value)
            if isinstance(type_, ir.VectorType):
                attr = ir.DenseElementsAttr.get_splat(type_, attr)
            with self.at_top():
                self._constants[key] = arith.constant(type_, attr)
        return self._constants[key]

    def index(self, value: int) -> ir.Value:
        """Return an index constant."""
        return self.constant(value, self.index_type)

    def bits_constant(self, value: int, like: ir.Value) -> ir.Value:
        """Return an i32 constant in the shape of `like`."""
        return self.constant(value, self.like(like, self.i32))

    def float_constant(self, value: float, like: ir.Value) -> ir.Value:
        """Return an f32 constant in the shape of `like`."""
        return self.constant(float(value), self.like(like, self.f32))

    def to_bits(self, value: ir.Value) -> ir.Value:
        """Reinterpret f32 as i32."""
        return arith.bitcast(self.like(value, self.i32), value)

    def to_float(self, bits: ir.Value) -> ir.Value:
        """Reinterpret i32 as f32."""
        return arith.bitcast(self.like(bits, self.f32), bits)

    def masked(self, bits: ir.Value, mask: int) -> ir.Value:
        """Return ``bits & mask``."""
        return arith.andi(bits, self.bits_constant(mask, bits))

    def shifted_right(self, bits: ir.Value, count: int) -> ir.Value:
        """Return ``bits >> count`` (logical)."""
        return arith.shrui(bits, self.bits_constant(count, bits))

    def offset(self, base: ir.Value, by: int) -> ir.Value:
        """Return ``base + by`` for an index."""
        return arith.addi(base, self.index(by)) if by else base

    def at_top(self) -> ir.InsertionPoint:
        """Return where what the whole of the kernel uses is made."""
        return ir.InsertionPoint.at_block_begin(self._entry)

    def on_stack(self, size: int, alignment: int) -> ir.Value:
        """Return `size` bytes on the stack, for the whole of the kernel."""
        with self.at_top():
            return memref.alloca(ir.MemRefType.get([size], self.i8), [], [], alignment=alignment)

    def spread(self, scalar: ir.Value, like: ir.Value) -> ir.Value:
        """Broadcast a scalar to the shape of `like`, which may be a scalar too."""
        if not isinstance(like.type, ir.VectorType):
            return scalar
        return vector.broadcast(self.like(like, scalar.type), scalar)

    def reduce(self, kind: str, value: ir.Value) -> ir.Value:
        """Reduce a vector to a scalar; `kind` is a vector.CombiningKind such as ``add`` or ``maxsi``."""
        fastmath = arith.FastMathFlags.reassoc if kind == "add" else None
        kind_attr = ir.Attribute.parse(f"#vector.kind<{kind}>")
        element = value.type.element_type
        return vector.reduction(element, kind_attr, value, **({"fastmath": fastmath} if fastmath else {}))


def tree(values: Sequence[ir.Value], combine: Callable[[ir.Value, ir.Value], ir.Value]) -> ir.Value:
    """Combine values pairwise, so that the dependency chain is logarithmic."""
    level = list(values)
    while len(level) > 1:
        level = [combine(*level[i : i + 2]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
    return level[0]
