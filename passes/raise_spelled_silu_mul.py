# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Raise SwiGLU in torch ops: ``silu(gate) * up``, of two tensors or of two slices of one.

Before (either operand order; export takes SiLU apart, in f32; the casts are absent in an f32 model)::

    %f = torch.prims.convert_element_type %gate, %int6
    %s = torch.aten.sigmoid %f
    %g = torch.aten.mul.Tensor %f, %s
    %a = torch.prims.convert_element_type %g, %int15
    %y = torch.aten.mul.Tensor %a, %up

After::

    %y = "fanfold.silu_mul"(%rows, %other_rows) {activation_type = bf16, limit = 0x7FF0000000000000 : f64}

The type that SiLU has when it meets the other operand is `activation_type`, and the type of the product is the
result's. Equal clamps of both operands become the op's limit; other clamps stay what they are, in front of it. A
sigmoid that is rounded before the gate multiplies it is another function (``x * torch.sigmoid(x)`` in bf16), and left
alone: nothing here speaks about it.
"""

from dataclasses import dataclass
from math import inf
from typing import ClassVar

from torch_mlir import ir

from .base import PassState
from .constants import rounded_to
from .matching import FLOATS, clamped, narrowed, without_widening
from .raising import Raiser, raise_all, require, required, row_tensor
from .row_form import from_rows, to_rows
from .torch_values import CASTS, known_tensor, made_by, torch_tensor, users

NAME = "silu_mul (spelled out)"
PRODUCT = "torch.aten.mul.Tensor"


@dataclass(frozen=True)
class RaiseSpelledSiluMul:
    """The pass `raise-spelled-silu-mul`."""

    name: ClassVar[str] = "raise-spelled-silu-mul"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Raise every product with a SiLU."""
        return raise_all(module, state, {NAME: _raise}, _key)


@dataclass(frozen=True)
class SwiGLU:
    """What `match` found.

    Attributes:
        gate: What goes through SiLU.
        activation: Type that SiLU is rounded to.
        up: The other operand.
    """

    gate: ir.Value
    activation: str
    up: ir.Value


def _key(op: ir.Operation) -> str | None:
    return NAME if op.name == PRODUCT and users(op.results[0]) and match(op) is not None else None


def match(product: ir.Operation) -> SwiGLU | None:
    """Match the product of a SiLU, rounded or not, and another value."""
    if _silu_of(product.results[0]) is not None:
        return None
    left, right = product.operands
    for activation, up in ((left, right), (right, left)):
        exact = without_widening(activation)
        rounding, known = narrowed(exact), torch_tensor(exact.type)
        if known is None:
            # A type that nothing here takes, such as complex.
            continue
        silu, element = (exact, known.element) if rounding is None else rounding
        gate = _silu_of(silu)
        if gate is not None:
            return SwiGLU(gate, element, without_widening(up))
    return None


def _silu_of(value: ir.Value) -> ir.Value | None:
    """Return x if `value` is ``silu(x)`` with no rounding inside, else None."""
    whole = made_by(value, "torch.aten.silu")
    if whole is not None:
        return without_widening(whole.operands[0])
    product = made_by(value, PRODUCT)
    known = torch_tensor(value.type)
    if product is None or known is None or known.element != "f32":
        return None
    left, right = product.operands
    for x, gate in ((left, right), (right, left)):
        sigmoid = made_by(gate, "torch.aten.sigmoid")
        kind = torch_tensor(gate.type)
        if sigmoid is None or kind is None or kind.element != "f32":
            continue
        inner = without_widening(sigmoid.operands[0])
        if inner == without_widening(x) and torch_tensor(x.type) == kind:
            return inner
    return None


def _raise(r: Raiser) -> None:
    found = required(match(r.source), "it is no SwiGLU")
    product = r.source.results[0]
    result = required(torch_tensor(product.type), f"the product has no known shape ({product.type})")
    require(result.element in FLOATS, f"the product is {result.element}, not one of {', '.join(FLOATS)}")
    last = _after_rounding(product) if result.element == "f32" else product
    element = known_tensor(last).element
    gate, up, limit = _limited(found.gate, found.up, element)
    known, other = row_tensor(gate, "the gate"), row_tensor(up, "the other operand")
    require(
        known.dims == other.dims == result.dims,
        f"the gate is {gate.type} and the other operand {up.type}: shapes differ",
    )
    with ir.InsertionPoint(last.owner):
        y = r.silu_mul(to_rows(gate), to_rows(up), element, activation=found.activation, limit=limit)
        last.replace_all_uses_with(from_rows(y, gate, last.type))


def _after_rounding(value: ir.Value) -> ir.Value:
    """Return the rounding of an f32 product, if that is its only use."""
    found = users(value)
    if len(found) != 1 or found[0].name not in CASTS:
        return value
    known = torch_tensor(found[0].results[0].type)
    return found[0].results[0] if known is not None and known.element in FLOATS else value


def _limited(gate: ir.Value, up: ir.Value, element: str) -> tuple[ir.Value, ir.Value, float | None]:
    """Return the operands without their clamps, and the limit, if those are the op's: else all as it is."""
    high, both = clamped(gate), clamped(up)
    if high is None or both is None:
        return gate, up, None
    limit = high.high
    same = (high.low, both.low, both.high) == (-inf, -limit, limit)
    if not same or not 0 < limit < inf or rounded_to(limit, element) != limit:
        return gate, up, None
    return without_widening(high.value), without_widening(both.value), limit
