# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builtin variables get the types that OpenCL gives them: positions and sizes are of 64 bits.

Before::

    spirv.GlobalVariable @id built_in("WorkgroupId") : !spirv.ptr<vector<3xi32>, Input>
    %address = spirv.mlir.addressof @id : !spirv.ptr<vector<3xi32>, Input>
    %id = spirv.Load "Input" %address : vector<3xi32>

After::

    spirv.GlobalVariable @id built_in("WorkgroupId") : !spirv.ptr<vector<3xi64>, Input>
    %address = spirv.mlir.addressof @id : !spirv.ptr<vector<3xi64>, Input>
    %wide = spirv.Load "Input" %address : vector<3xi64>
    %id = spirv.UConvert %wide : vector<3xi64> to vector<3xi32>
"""

from torch_mlir import ir
from torch_mlir.rewrite import PatternRewriter

from fanfold.dialect.context import apply_patterns_once
from fanfold.passes.walk import all_ops

from .building import make, members, name_of, producer, symbol
from .refusals import refusal
from .types import like, pointer, read_pointer

#: Those that are of 64 bits in a kernel, in each dimension.
WIDE = frozenset({"GlobalInvocationId", "LocalInvocationId", "NumWorkgroups", "WorkgroupId"})
#: Those that are an i32 there as well.
NARROW = frozenset({"NumSubgroups", "SubgroupId", "SubgroupLocalInvocationId", "SubgroupSize"})


def widen_builtins(module: ir.Operation) -> None:
    """Widen the builtins of a module, and narrow what is loaded from them.

    Raises:
        CompileError: For a variable that is no builtin of OpenCL.
    """
    wide: set[str] = set()
    for variable in members(module, "spirv.GlobalVariable"):
        type_ = ir.TypeAttr(variable.attributes["type"]).value
        pointed = read_pointer(type_)
        if pointed is None or pointed.storage != "Input":
            continue
        name = ir.StringAttr(variable.attributes["built_in"]).value if "built_in" in variable.attributes else None
        if name in NARROW and pointed.pointee == "i32":
            continue
        if name not in WIDE or pointed.pointee != "vector<3xi32>":
            raise refusal(variable, "is no builtin of OpenCL", expected=", ".join(sorted(WIDE | NARROW)))
        variable.attributes["type"] = ir.TypeAttr.get(_wide_pointer(type_))
        wide.add(name_of(variable))

    def narrow(op: ir.Operation, rewriter: PatternRewriter) -> bool:
        address = producer(op.operands[0])
        if address is None or address.name != "spirv.mlir.addressof" or symbol(address, "variable") not in wide:
            return False
        i64 = ir.IntegerType.get_signless(64)
        with rewriter.ip, op.location:
            loaded = make("Load", like(op.result.type, i64), op.operands[0])
            narrowed = make("UConvert", op.result.type, loaded)
        rewriter.replace_op(op, [narrowed])
        return True

    apply_patterns_once(module, {"spirv.Load": narrow})
    for address in all_ops(module, "spirv.mlir.addressof"):
        if symbol(address, "variable") in wide:
            for use in address.result.uses:
                if use.owner.operation.name != "spirv.Load":
                    raise refusal(use.owner.operation, "uses a builtin other than by loading all of it")
            address.result.set_type(_wide_pointer(address.result.type))


def _wide_pointer(type_: ir.Type) -> ir.Type:
    pointed = read_pointer(type_)
    if pointed is None:
        raise TypeError(f"{type_} is no pointer")
    return pointer(pointed.pointee.replace("i32", "i64"), pointed.storage)
