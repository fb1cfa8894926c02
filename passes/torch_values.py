# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reading the `torch` dialect, which has no Python classes: types by their text, constants by their ops."""

import re
from dataclasses import dataclass

from torch_mlir import ir

_VTENSOR = re.compile(r"!torch\.vtensor<\[([^\]]*)\],(\w+)>")

#: Ops that convert a tensor to another dtype, as decompositions of any table leave them.
CASTS = ("torch.prims.convert_element_type", "torch.aten._to_copy", "torch.aten.to.dtype")

#: torch.dtype numbers, as they stand in torch-mlir's op operands, to MLIR element types.
ELEMENT_OF_DTYPE = {
    1: "i8",
    5: "f16",
    6: "f32",
    15: "bf16",
    23: "f8E5M2",
    24: "f8E4M3FN",
    25: "f8E5M2FNUZ",
    26: "f8E4M3FNUZ",
}


@dataclass(frozen=True)
class TorchTensor:
    """A ``!torch.vtensor`` with known rank.

    Attributes:
        dims: Sizes; None for a dynamic one.
        element: MLIR element type by name, such as ``bf16`` (torch's ``si8`` is ``i8``).
    """

    dims: tuple[int | None, ...]
    element: str

    def with_element(self, element: str) -> "TorchTensor":
        """Return the same shape with another element type."""
        return TorchTensor(self.dims, element)

    def vtensor(self) -> ir.Type:
        """Return the ``!torch.vtensor`` type."""
        dims = ",".join("?" if d is None else str(d) for d in self.dims)
        # torch's integers are signed, its bools are not.
        element = f"s{self.element}" if self.element.startswith("i") and self.element != "i1" else self.element
        return ir.Type.parse(f"!torch.vtensor<[{dims}],{element}>")

    def builtin(self) -> ir.RankedTensorType:
        """Return the builtin tensor type of the same shape."""
        dynamic = ir.ShapedType.get_dynamic_size()
        shape = [dynamic if d is None else d for d in self.dims]
        return ir.RankedTensorType.get(shape, ir.Type.parse(self.element))


def torch_tensor(type_: ir.Type) -> TorchTensor | None:
    """Return what a type says if it is a ranked ``!torch.vtensor`` of a dtype, else None."""
    match = _VTENSOR.fullmatch(str(type_))
    if match is None:
        return None
    dims = tuple(None if d == "?" else int(d) for d in match[1].split(",") if d)
    element = match[2]
    return TorchTensor(dims, element.replace("si", "i") if element.startswith("si") else element)


def known_tensor(value: ir.Value) -> TorchTensor:
    """Return what is known of a torch tensor whose type was checked before.

    Raises:
        TypeError: If its rank or dtype is not known after all.
    """
    known = torch_tensor(value.type)
    if known is None:
        raise TypeError(f"expected a ranked torch tensor, found {value.type}")
    return known


def defining(value: ir.Value) -> ir.Operation | None:
    """Return the op that makes `value`, None for a block argument."""
    return value.owner.operation if isinstance(value, ir.OpResult) else None


def made_by(value: ir.Value, *names: str) -> ir.Operation | None:
    """Return the op that makes `value` if it has one of these names."""
    op = defining(value)
    return op if op is not None and op.name in names else None


def is_none(value: ir.Value) -> bool:
    """Return whether `value` is torch's None."""
    return made_by(value, "torch.constant.none") is not None


def constant_int(value: ir.Value) -> int | None:
    """Return the value of a ``torch.constant.int``, else None."""
    op = made_by(value, "torch.constant.int")
    return None if op is None else ir.IntegerAttr(op.attributes["value"]).value


def constant_float(value: ir.Value) -> float | None:
    """Return the value of a ``torch.constant.float`` (or int), else None."""
    op = made_by(value, "torch.constant.float")
    if op is None:
        whole = constant_int(value)
        return None if whole is None else float(whole)
    return float(ir.FloatAttr(op.attributes["value"]).value)


def constant_bool(value: ir.Value) -> bool | None:
    """Return the value of a ``torch.constant.bool``, else None."""
    op = made_by(value, "torch.constant.bool")
    return None if op is None else bool(ir.IntegerAttr(op.attributes["value"]).value)


def constant_str(value: ir.Value) -> str | None:
    """Return the value of a ``torch.constant.str``, else None."""
    op = made_by(value, "torch.constant.str")
    return None if op is None else str(ir.StringAttr(op.attributes["value"]).value)


def constant_ints(value: ir.Value) -> list[int] | None:
    """Return the values of a ``torch.prim.ListConstruct`` of constant ints, else None."""
    op = made_by(value, "torch.prim.ListConstruct")
    if op is None:
        return None
    items = [constant_int(v) for v in op.operands]
    return None if None in items else [i for i in items if i is not None]


def constant_splat(value: ir.Value) -> float | None:
    """Return the one element of a ``torch.vtensor.literal`` of floats or ints of any rank, else None."""
    known = torch_tensor(value.type)
    return None if known is None or set(known.dims) - {1} else repeated_element(value)


def repeated_element(value: ir.Value) -> float | None:
    """Return what all elements of a ``torch.vtensor.literal`` of floats or ints are, if they are equal, else None."""
    op = made_by(value, "torch.vtensor.literal")
    if op is None:
        return None
    elements = op.attributes["value"]
    if not isinstance(elements, ir.DenseElementsAttr) or not elements.is_splat:
        return None
    splat = elements.get_splat_value()
    return float(splat.value) if isinstance(splat, ir.FloatAttr | ir.IntegerAttr) else None


def users(value: ir.Value) -> list[ir.Operation]:
    """Return the ops that use `value`, each as often as it does."""
    return [use.owner.operation for use in value.uses]
