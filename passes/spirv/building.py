# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Making ops of the `spirv` dialect at the insertion point."""

from torch_mlir import ir


def make(name: str, type_: ir.Type, *operands: ir.Value) -> ir.Value:
    """Make the op ``spirv.<name>`` with one result and return that."""
    return ir.Operation.create(f"spirv.{name}", results=[type_], operands=list(operands)).result


def constant(type_: ir.Type, value: float) -> ir.Value:
    """Make a constant; for a vector, one with this value in every lane."""
    element = ir.VectorType(type_).element_type if isinstance(type_, ir.VectorType) else type_
    is_integer = isinstance(element, ir.IntegerType)
    number = ir.IntegerAttr.get(element, int(value)) if is_integer else ir.FloatAttr.get(element, value)
    attribute = ir.DenseElementsAttr.get_splat(type_, number) if isinstance(type_, ir.VectorType) else number
    return ir.Operation.create("spirv.Constant", results=[type_], attributes={"value": attribute}).result


def integer_of(value: ir.Value) -> int | None:
    """Return the integer that a value is, None if it is not a constant."""
    op = producer(value)
    if op is None or op.name != "spirv.Constant" or not isinstance(op.attributes["value"], ir.IntegerAttr):
        return None
    return int(ir.IntegerAttr(op.attributes["value"]).value)


def producer(value: ir.Value) -> ir.Operation | None:
    """Return the op whose result a value is, None for an argument of a block."""
    owner = value.owner
    return owner.operation if isinstance(owner, ir.Operation | ir.OpView) else None


def members(module: ir.Operation, name: str) -> list[ir.Operation]:
    """Return the ops of this name that stand directly in a module."""
    return [op.operation for op in module.regions[0].blocks[0].operations if op.operation.name == name]


def symbol(op: ir.Operation, attribute: str) -> str:
    """Return the name that a symbol reference of an op holds."""
    return str(ir.FlatSymbolRefAttr(op.attributes[attribute]).value)


def name_of(op: ir.Operation) -> str:
    """Return the symbol that an op defines."""
    return str(ir.StringAttr(op.attributes["sym_name"]).value)
