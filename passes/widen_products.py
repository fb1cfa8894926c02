# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compute matrix products of bf16 and small integers from wide copies, for targets that lack `narrow products`.

Before::

    %y = torch.aten.mm %x, %w : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64,96],bf16> -> !torch.vtensor<[?,96],bf16>

After::

    %xf = torch.prims.convert_element_type %x, %int6 : ... -> !torch.vtensor<[?,64],f32>         // %wf likewise
    %xb = iree_tensor_ext.compute_barrier.start %xf
    %yf = torch.aten.mm %xb, %wb : ... -> !torch.vtensor<[?,96],f32>
    %yb = iree_tensor_ext.compute_barrier.start %yf
    %y = torch.prims.convert_element_type %yb, %int15 : ... -> !torch.vtensor<[?,96],bf16>

IREE's SPIR-V code generation loads what a matrix product reads 16 bytes at a time. It has no vector of bf16 to make of
them, and makes of int8 and int16 the integers without their sign. So a dispatch with a product must see neither: the
barriers keep the conversions out of it, those that the model has around its products of f32 too. The numbers are the
same: the product of two bf16 is exact in f32, sums are f32 in any case, and the result is rounded once. Copies of
weights are made once, when the program is loaded.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir
from torch_mlir.dialects import arith, tensor

from .base import PassState
from .casts import cast_to
from .row_form import from_builtin, to_builtin
from .torch_values import known_tensor, torch_tensor
from .walk import all_ops, iterate

#: Ops that IREE lowers to matrix products.
PRODUCTS = (
    *("torch.aten._int_mm", "torch.aten.mm", "torch.aten.bmm", "torch.aten.matmul", "torch.aten.mv", "torch.aten.dot"),
    *("torch.aten.addmm", "torch.aten.addmv", "torch.aten.addbmm", "torch.aten.baddbmm", "torch.aten.linear"),
    *("torch.aten.convolution", "torch.aten.conv1d", "torch.aten.conv2d", "torch.aten.conv3d", "torch.aten.einsum"),
)

#: What a product computes with, by the types of its operands and results; products of others are left alone.
WIDE = {"bf16": "f32", "f16": "f16", "f32": "f32", "i8": "i32", "i16": "i32", "i32": "i32", "i64": "i64"}

#: Types of which a dispatch with a product must see nothing; those of fp8 are bytes, too.
NARROW = ("bf16", "i8", "i16", "ui8", "f8E4M3FN", "f8E4M3FNUZ", "f8E5M2", "f8E5M2FNUZ")


@dataclass(frozen=True)
class WidenProducts:
    """The pass `widen-products`."""

    name: ClassVar[str] = "widen-products"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Rewrite every product, in a module with narrow tensors anywhere: who knows what IREE would fuse with it."""
        if not any(_element(value) in NARROW for op in iterate(module) for value in _defined(op)):
            return 0
        products = [op for op in all_ops(module, *PRODUCTS) if _element(op.results[0]) in WIDE]
        for op in products:
            with module.context, op.location:
                _widen(op)
        return len(products)


def _defined(op: ir.Operation) -> list[ir.Value]:
    return [*op.results, *(a for region in op.regions for block in region.blocks for a in block.arguments)]


def _widen(op: ir.Operation) -> None:
    with ir.InsertionPoint(op):
        operands = [_apart(_cast(v, WIDE[_element(v)])) if _element(v) in WIDE else v for v in op.operands]
        types = [known_tensor(r).with_element(WIDE[_element(r)]).vtensor() for r in op.results]
        attributes = {name: op.attributes[name] for name in op.attributes}
        # The product of int8 alone has a name of its own.
        name = op.name.replace("_int_mm", "mm")
        wide = ir.Operation.create(name, types, operands, attributes)
        for old, new in zip(op.results, wide.results, strict=True):
            old.replace_all_uses_with(_cast(_apart(new), _element(old)))
    op.erase()


def _apart(value: ir.Value) -> ir.Value:
    """Return a torch tensor that is computed in other dispatches than what reads it."""
    builtin = to_builtin(value)
    type_ = ir.RankedTensorType(builtin.type)
    index = ir.IndexType.get()
    sizes = [tensor.dim(builtin, arith.constant(index, i)) for i in range(type_.rank) if type_.is_dynamic_dim(i)]
    barrier = ir.Operation.create("iree_tensor_ext.compute_barrier.start", [type_], [builtin, *sizes])
    return from_builtin(barrier.result, value.type)


def _element(value: ir.Value) -> str:
    """Return the element type of a torch tensor, nothing for anything else."""
    known = torch_tensor(value.type)
    return "" if known is None else known.element


def _cast(value: ir.Value, element: str) -> ir.Value:
    """Return a torch tensor of an element type, or itself."""
    return value if _element(value) == element else cast_to(value, element)
