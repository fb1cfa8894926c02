# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compute matrix products of bf16 from f32 copies, for targets that lack the feature `bf16 products`.

Before::

    %y = torch.aten.mm %x, %w : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64,96],bf16> -> !torch.vtensor<[?,96],bf16>

After::

    %xf = torch.prims.convert_element_type %x, %int6 : ... -> !torch.vtensor<[?,64],f32>         // %wf likewise
    %xb = util.optimization_barrier %xf
    %yf = torch.aten.mm %xb, %wb : ... -> !torch.vtensor<[?,96],f32>
    %yb = util.optimization_barrier %yf
    %y = torch.prims.convert_element_type %yb, %int15 : ... -> !torch.vtensor<[?,96],bf16>

IREE's SPIR-V code generation loads what a matrix product reads 16 bytes at a time, and has no vector of bf16 to make of
them: a dispatch with a product must not see bf16. The barriers keep the conversions out of it. The numbers are the same:
the product of two bf16 is exact in f32, sums are f32 in any case, and the result is rounded once. Copies of weights are
made once, when the program is loaded.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from .base import PassState
from .casts import as_f32, cast_to
from .row_form import from_builtin, to_builtin
from .torch_values import known_tensor, torch_tensor
from .walk import all_ops

#: Ops that IREE lowers to matrix products.
PRODUCTS = tuple(
    f"torch.aten.{name}"
    for name in "mm bmm matmul mv dot addmm addmv addbmm baddbmm linear convolution conv1d conv2d conv3d einsum".split()
)


@dataclass(frozen=True)
class WidenProducts:
    """The pass `widen-products`."""

    name: ClassVar[str] = "widen-products"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Rewrite every product with an operand of bf16."""
        count = 0
        for op in all_ops(module, *PRODUCTS):
            if any(_is_bf16(value) for value in (*op.operands, *op.results)):
                with module.context, op.location:
                    _widen(op)
                count += 1
        return count


def _widen(op: ir.Operation) -> None:
    with ir.InsertionPoint(op):
        operands = [_apart(as_f32(value)) if _is_bf16(value) else value for value in op.operands]
        types = [known_tensor(r).with_element("f32").vtensor() if _is_bf16(r) else r.type for r in op.results]
        attributes = {name: op.attributes[name] for name in op.attributes}
        wide = ir.Operation.create(op.name, types, operands, attributes)
        for old, new in zip(op.results, wide.results, strict=True):
            old.replace_all_uses_with(cast_to(_apart(new), "bf16") if _is_bf16(old) else new)
    op.erase()


def _apart(value: ir.Value) -> ir.Value:
    """Return a torch tensor that is computed in other dispatches than what reads it."""
    builtin = to_builtin(value)
    barrier = ir.Operation.create("util.optimization_barrier", [builtin.type], [builtin])
    return from_builtin(barrier.result, value.type)


def _is_bf16(value: ir.Value) -> bool:
    known = torch_tensor(value.type)
    return known is not None and known.element == "bf16"
