# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bindings and push constants become arguments of the kernel: a pointer each, then an i32 each.

Before::

    spirv.GlobalVariable @in bind(0, 1) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>
    spirv.GlobalVariable @push : !spirv.ptr<!spirv.struct<(!spirv.array<1 x i32, stride=4> [0]), Block>, PushConstant>
    spirv.func @kernel() "None" {
      %in = spirv.mlir.addressof @in : ...
      %push = spirv.mlir.addressof @push : ...
      %p = spirv.AccessChain %push[%zero, %zero] : ... -> !spirv.ptr<i32, PushConstant>
      %n = spirv.Load "PushConstant" %p : i32
      %e = spirv.AccessChain %in[%zero, %n] : ... -> !spirv.ptr<f32, StorageBuffer>

After, with two bindings, of which the kernel reads the second::

    spirv.func @kernel(%0: !spirv.ptr<i8, CrossWorkgroup>, %1: !spirv.ptr<f32, CrossWorkgroup>, %n: i32) "None" {
      %i = spirv.SConvert %n : i32 to i64
      %e = spirv.PtrAccessChain %1[%i] : !spirv.ptr<f32, CrossWorkgroup>, i64 -> !spirv.ptr<f32, CrossWorkgroup>

A binding that is seen as arrays of several types is one argument, and pointers of the other types are cast from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch_mlir import ir
from torch_mlir.rewrite import PatternRewriter

from fanfold.dialect.context import apply_patterns_once
from fanfold.errors import CompileError
from fanfold.passes.walk import all_ops

from .building import constant, integer_of, make, members, name_of, producer, symbol
from .refusals import STAGE, refusal
from .types import Block, bytes_apart, bytes_numbered, pointer, read_block, read_pointer

#: What a pointer of a binding that no kernel reads points to.
UNREAD = "i8"


@dataclass(frozen=True)
class Interface:
    """What the kernels of a module take.

    Attributes:
        bindings: How many bindings.
        constants: How many push constants.
        buffers: The binding and the element type of each global variable that is one, by symbol.
        push: The symbols of the global variables that hold push constants.
    """

    bindings: int
    constants: int
    buffers: dict[str, tuple[int, str]]
    push: frozenset[str]

    def argument_types(self) -> list[ir.Type]:
        """Return the types of a kernel's arguments."""
        elements = [UNREAD] * self.bindings
        for number, element in sorted(self.buffers.values(), reverse=True):
            elements[number] = element
        pointers = [pointer(element, "CrossWorkgroup") for element in elements]
        return [*pointers, *[ir.IntegerType.get_signless(32)] * self.constants]

    def element_bytes(self) -> tuple[int, ...]:
        """Return the bytes of what each binding's indices number, the fewest if it is several arrays, 0 if none."""
        found = [0] * self.bindings
        for number, element in self.buffers.values():
            size = bytes_numbered(element)
            found[number] = min(found[number] or size, size)
        return tuple(found)


def read_interface(module: ir.Operation, bindings: int | None, constants: int | None) -> Interface:
    """Read what the kernels of a module take.

    Args:
        module: The `spirv.module`.
        bindings: How many bindings the layout has; None for as many as the module speaks of.
        constants: How many push constants the layout has; None for as many as the module speaks of.

    Raises:
        CompileError: If a variable is not of the form that IREE gives it, or the layout has less than the module.
    """
    buffers: dict[str, tuple[int, str]] = {}
    push = set()
    found = 0
    for variable in members(module, "spirv.GlobalVariable"):
        type_ = read_pointer(ir.TypeAttr(variable.attributes["type"]).value)
        if type_ is None or type_.storage not in {"StorageBuffer", "Uniform", "PushConstant"}:
            continue
        block = read_block(type_.pointee)
        if block is None or block.stride != bytes_apart(block.element):
            raise refusal(variable, "is no buffer of one array that lies as in OpenCL's memory")
        if type_.storage == "PushConstant":
            found = max(found, _push_constants(variable, block))
            push.add(name_of(variable))
        else:
            buffers[name_of(variable)] = (_binding(variable), block.element)
    used = max((number + 1 for number, _ in buffers.values()), default=0)
    return Interface(
        _at_least("bindings", used, bindings), _at_least("push constants", found, constants), buffers, frozenset(push)
    )


def _push_constants(variable: ir.Operation, block: Block) -> int:
    if block.element != "i32" or block.length is None:
        raise refusal(variable, "has push constants that are not an array of i32")
    return block.length


def _binding(variable: ir.Operation) -> int:
    if "binding" not in variable.attributes or ir.IntegerAttr(variable.attributes["descriptor_set"]).value != 0:
        raise refusal(variable, "is a buffer without a binding in descriptor set 0")
    return int(ir.IntegerAttr(variable.attributes["binding"]).value)


def _at_least(what: str, used: int, given: int | None) -> int:
    if given is not None and given < used:
        raise CompileError(
            f"the module uses more {what} than its layout has",
            stage=STAGE,
            expected=f"at most {given} {what}",
            found=f"{used}",
        )
    return used if given is None else given


def make_arguments(module: ir.Operation, interface: Interface) -> None:
    """Give every function the arguments of the interface, and make its uses of the global variables uses of those."""
    types = interface.argument_types()
    for function in members(module, "spirv.func"):
        declared = ir.FunctionType(ir.TypeAttr(function.attributes["function_type"]).value)
        if declared.inputs or declared.results:
            raise refusal(function, "has arguments or results: only kernels are taken")
        function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(types, []))
        for type_ in types:
            function.regions[0].blocks[0].add_argument(type_, ir.Location.unknown())
    rewrites = _Rewrites(interface)
    apply_patterns_once(module, {"spirv.AccessChain": rewrites.enter_buffer, "spirv.Load": rewrites.read_constant})
    erase_unused(module, interface.buffers.keys() | interface.push)


class _Rewrites:
    def __init__(self, interface: Interface) -> None:
        self._interface = interface

    def enter_buffer(self, op: ir.Operation, rewriter: PatternRewriter) -> bool:
        """Make a chain from a binding's variable one from the argument."""
        variable = self._variable(op.operands[0])
        if variable not in self._interface.buffers:
            return False
        number, element = self._interface.buffers[variable]
        if len(op.operands) < 3 or integer_of(op.operands[1]) != 0:
            raise refusal(op, "does not go to an element of its buffer")
        base = _arguments(op)[number]
        inner = read_pointer(op.result.type)
        if inner is None:
            raise refusal(op, "has no pointer as its result")
        with rewriter.ip, op.location:
            type_ = pointer(element, "CrossWorkgroup")
            if base.type != type_:
                base = make("Bitcast", type_, base)
            indices = [_as_i64(op, index) for index in op.operands[2:]]
            chain = make("PtrAccessChain", pointer(inner.pointee, "CrossWorkgroup"), base, *indices)
        rewriter.replace_op(op, [chain])
        return True

    def read_constant(self, op: ir.Operation, rewriter: PatternRewriter) -> bool:
        """Make a load of a push constant its argument."""
        chain = producer(op.operands[0])
        if chain is None or chain.name != "spirv.AccessChain":
            return False
        if self._variable(chain.operands[0]) not in self._interface.push:
            return False
        indices = [integer_of(index) for index in list(chain.operands)[1:]]
        if len(indices) != 2 or indices[0] != 0 or indices[1] is None:
            raise refusal(chain, "does not go to a push constant of a known number")
        rewriter.replace_op(op, [_arguments(op)[self._interface.bindings + indices[1]]])
        return True

    @staticmethod
    def _variable(value: ir.Value) -> str | None:
        op = producer(value)
        return symbol(op, "variable") if op is not None and op.name == "spirv.mlir.addressof" else None


def _arguments(op: ir.Operation) -> list[ir.Value]:
    while op.name != "spirv.func":
        op = op.parent.operation
    return list(op.regions[0].blocks[0].arguments)


def _as_i64(op: ir.Operation, index: ir.Value) -> ir.Value:
    """Widen an index: SPIR-V takes indices as signed, whatever their width."""
    i64 = ir.IntegerType.get_signless(64)
    known = integer_of(index)
    if known is not None:
        return constant(i64, known)
    if index.type == i64:
        return index
    if index.type != ir.IntegerType.get_signless(32):
        raise refusal(op, "has an index that is neither i32 nor i64", found=str(index.type))
    return make("SConvert", i64, index)


def erase_unused(module: ir.Operation, variables: set[str]) -> None:
    """Erase global variables with what is left of their uses.

    Raises:
        CompileError: If a use is left that has a use itself.
    """
    for op in reversed(all_ops(module, "spirv.AccessChain", "spirv.mlir.addressof")):
        address = op if op.name == "spirv.mlir.addressof" else producer(op.operands[0])
        if address is None or address.name != "spirv.mlir.addressof" or symbol(address, "variable") not in variables:
            continue
        for use in op.result.uses:
            raise refusal(use.owner.operation, "uses a buffer or a push constant in a way that is not converted")
        op.erase()
    for op in members(module, "spirv.GlobalVariable"):
        if name_of(op) in variables:
            op.erase()
