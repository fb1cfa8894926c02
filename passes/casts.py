# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Building casts between torch tensors."""

from torch_mlir import ir

from .torch_values import known_tensor


def as_f32(value: ir.Value) -> ir.Value:
    """Return a torch tensor cast to f32."""
    known = known_tensor(value)
    if known.element == "f32":
        return value
    f32_dtype = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), 6)
    number = ir.Operation.create(
        "torch.constant.int", results=[ir.Type.parse("!torch.int")], attributes={"value": f32_dtype}
    )
    cast = ir.Operation.create(
        "torch.prims.convert_element_type",
        results=[known.with_element("f32").vtensor()],
        operands=[value, number.result],
    )
    return cast.result
