# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Workgroups whose subgroups are not rows of threads are made one row.

Before::

    %ids = spirv.Load "Input" %local : vector<3xi32>
    spirv.ExecutionMode @k "LocalSize", 4, 8, 1

After::

    %loaded = spirv.Load "Input" %local : vector<3xi32>
    %id = spirv.CompositeExtract %loaded[0 : i32] : vector<3xi32>
    %x = spirv.UMod %id, %4 : i32
    %yz = spirv.UDiv %id, %4 : i32
    %y = spirv.UMod %yz, %8 : i32
    %z = spirv.UDiv %yz, %8 : i32
    %ids = spirv.CompositeConstruct %x, %y, %z : (i32, i32, i32) -> vector<3xi32>
    spirv.ExecutionMode @k "LocalSize", 32, 1, 1

IREE counts on subgroups of consecutive threads, x first; there are even kernels whose workgroup is one subgroup that
write to shared memory and read it without a barrier between. OpenCL leaves open how threads are cut into subgroups, and
Intel's runtime for CPUs cuts each row of threads along x. So this is done where a kernel works with subgroups or shares
memory and its rows are not made of whole subgroups.
"""

from torch_mlir import ir
from torch_mlir.rewrite import PatternRewriter

from fanfold.dialect.context import apply_patterns_once
from fanfold.passes.walk import all_ops, iterate

from .building import constant, make, members, name_of, producer, symbol
from .refusals import refusal
from .types import read_pointer

LOCAL_SIZE = "#spirv.execution_mode<LocalSize>"
_SUBGROUP_BUILTINS = ("NumSubgroups", "SubgroupId", "SubgroupLocalInvocationId", "SubgroupSize")


def flatten_workgroups(module: ir.Operation, subgroup: int) -> None:
    """Make the workgroups of a module's kernels one row where their subgroups would not be consecutive threads.

    Raises:
        CompileError: If that cannot be done.
    """
    modes = size_modes(module)
    sizes = {symbol(op, "fn"): local_size(op) for op in modes}
    ragged = {name: (x, y, z) for name, (x, y, z) in sizes.items() if x % subgroup and y * z > 1}
    if not ragged or not _depends_on_subgroups(module):
        return
    local = {name_of(op) for op in members(module, "spirv.GlobalVariable") if _built_in(op) == "LocalInvocationId"}
    for op in members(module, "spirv.GlobalVariable"):
        if _built_in(op) == "GlobalInvocationId":
            raise refusal(op, "cannot be had in a workgroup that is made one row")

    def split(op: ir.Operation, rewriter: PatternRewriter) -> bool:
        address = producer(op.operands[0])
        if address is None or address.name != "spirv.mlir.addressof" or symbol(address, "variable") not in local:
            return False
        function = op
        while function.name != "spirv.func":
            function = function.parent.operation
        if name_of(function) not in ragged:
            return False
        width, height, _ = ragged[name_of(function)]
        i32 = ir.IntegerType.get_signless(32)
        with rewriter.ip, op.location:
            loaded = make("Load", op.result.type, op.operands[0])
            first = ir.ArrayAttr.get([ir.IntegerAttr.get(i32, 0)])
            extract = ir.Operation.create(
                "spirv.CompositeExtract", results=[i32], operands=[loaded], attributes={"indices": first}
            )
            number, columns, rows = extract.result, constant(i32, width), constant(i32, height)
            row = make("UDiv", i32, number, columns)
            parts = make("UMod", i32, number, columns), make("UMod", i32, row, rows), make("UDiv", i32, row, rows)
            ids = make("CompositeConstruct", op.result.type, *parts)
        rewriter.replace_op(op, [ids])
        return True

    apply_patterns_once(module, {"spirv.Load": split})
    for op in modes:
        if symbol(op, "fn") in ragged:
            x, y, z = ragged[symbol(op, "fn")]
            i32 = ir.IntegerType.get_signless(32)
            op.attributes["values"] = ir.ArrayAttr.get([ir.IntegerAttr.get(i32, n) for n in (x * y * z, 1, 1)])


def drop_repetitions(module: ir.Operation, function: ir.Operation, mode: ir.Operation) -> None:
    """Leave out the threads of a kernel that would do what others do, with the same memory.

    IREE has such threads where it finds nothing to do for them: a sum that they all add to comes out right if they are
    in step, and only then.
    """
    # What has to do with how many threads there are.
    counting = ("spirv.Group", "spirv.Atomic", "spirv.EXT.Atomic")
    if any(op.name.startswith(counting) for op in iterate(function)):
        return
    builtins = {name_of(op): _built_in(op) for op in members(module, "spirv.GlobalVariable")}
    used: set[int] = set()
    for address in all_ops(function, "spirv.mlir.addressof"):
        builtin = builtins.get(symbol(address, "variable"))
        if builtin in _SUBGROUP_BUILTINS or builtin == "GlobalInvocationId":
            return
        if builtin != "LocalInvocationId":
            continue
        for load in address.result.uses:
            for use in load.owner.operation.result.uses:
                op = use.owner.operation
                if op.name != "spirv.CompositeExtract":
                    return
                used.add(int(ir.IntegerAttr(ir.ArrayAttr(op.attributes["indices"])[0]).value))
    i32 = ir.IntegerType.get_signless(32)
    size = [n if dimension in used else 1 for dimension, n in enumerate(local_size(mode))]
    mode.attributes["values"] = ir.ArrayAttr.get([ir.IntegerAttr.get(i32, n) for n in size])


def size_modes(module: ir.Operation) -> list[ir.Operation]:
    """Return the ops of a module that set the sizes of workgroups."""
    return [op for op in members(module, "spirv.ExecutionMode") if str(op.attributes["execution_mode"]) == LOCAL_SIZE]


def local_size(mode: ir.Operation) -> tuple[int, int, int]:
    """Return the size of a workgroup that an op sets."""
    x, y, z = (int(ir.IntegerAttr(value).value) for value in ir.ArrayAttr(mode.attributes["values"]))
    return x, y, z


def _depends_on_subgroups(module: ir.Operation) -> bool:
    for op in members(module, "spirv.GlobalVariable"):
        type_ = read_pointer(ir.TypeAttr(op.attributes["type"]).value)
        if _built_in(op) in _SUBGROUP_BUILTINS or (type_ is not None and type_.storage == "Workgroup"):
            return True
    return any(op.name.startswith("spirv.Group") for op in iterate(module))


def _built_in(variable: ir.Operation) -> str | None:
    return ir.StringAttr(variable.attributes["built_in"]).value if "built_in" in variable.attributes else None
