# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Building casts between torch tensors, and the integers that torch ops take."""

from torch_mlir import ir

from .torch_values import ELEMENT_OF_DTYPE, known_tensor

#: torch.dtype numbers by MLIR element types.
_DTYPE_OF_ELEMENT = {name: number for number, name in ELEMENT_OF_DTYPE.items()} | {"i16": 2, "i32": 3, "i64": 4}


def integer(value: int) -> ir.Value:
    """Return a constant ``!torch.int``."""
    attribute = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), value)
    return ir.Operation.create(
        "torch.constant.int", results=[ir.Type.parse("!torch.int")], attributes={"value": attribute}
    ).result


def cast_to(value: ir.Value, element: str) -> ir.Value:
    """Return a torch tensor in another type."""
    type_ = known_tensor(value).with_element(element).vtensor()
    return ir.Operation.create(
        "torch.prims.convert_element_type", results=[type_], operands=[value, integer(_DTYPE_OF_ELEMENT[element])]
    ).result


def as_f32(value: ir.Value) -> ir.Value:
    """Return a torch tensor cast to f32, or itself."""
    return value if known_tensor(value).element == "f32" else cast_to(value, "f32")
