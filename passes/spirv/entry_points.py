# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Entry points are kernels, and say what their code was made for.

Before::

    spirv.EntryPoint "GLCompute" @k, @__resource_var_0_0_, @__builtin__WorkgroupId__, @__workgroup_mem__5
    spirv.ExecutionMode @k "LocalSize", 64, 1, 1

After::

    spirv.EntryPoint "Kernel" @k, @__builtin__WorkgroupId__
    spirv.ExecutionMode @k "LocalSize", 64, 1, 1
    spirv.ExecutionMode @k "SubgroupSize", 16
    spirv.ExecutionMode @k "ContractionOff"

Without `SubgroupSize` a driver takes the size that it likes, and reductions are silently wrong. Without
`ContractionOff` it may fuse a product and a sum, which PyTorch rounds apart. Denormals need no mode: Intel's compilers
keep them unless a build option says otherwise, and the one for CPUs refuses the capability to ask for that.
"""

from torch_mlir import ir

from .arguments import Interface
from .building import members, name_of, symbol
from .converted import EntryPoint
from .refusals import refusal
from .types import read_pointer
from .workgroups import LOCAL_SIZE, local_size


def convert_entry_points(module: ir.Operation, interface: Interface, subgroup: int) -> tuple[EntryPoint, ...]:
    """Make the entry points kernels.

    Args:
        module: The `spirv.module`.
        interface: What the kernels take.
        subgroup: Lanes of a subgroup that the code was made for.

    Raises:
        CompileError: For a function that is no kernel, an execution mode that is not known, or a missing size.
    """
    sizes = _local_sizes(module)
    kernels = {symbol(op, "fn") for op in members(module, "spirv.EntryPoint")}
    for function in members(module, "spirv.func"):
        if name_of(function) not in kernels:
            raise refusal(function, "is no entry point: only kernels are taken")
        # What IREE and MLIR keep there for their own passes.
        for name in set(function.attributes) - {"function_control", "function_type", "sym_name"}:
            del function.attributes[name]
    inputs = _inputs(module)
    found = []
    for op in members(module, "spirv.EntryPoint"):
        name = symbol(op, "fn")
        if str(op.attributes["execution_model"]) != "#spirv.execution_model<GLCompute>" or name not in sizes:
            raise refusal(op, "is no compute shader with a local size")
        op.attributes["execution_model"] = ir.Attribute.parse("#spirv.execution_model<Kernel>")
        interfaces = [ir.FlatSymbolRefAttr(ref).value for ref in ir.ArrayAttr(op.attributes["interface"])]
        kept = [ir.FlatSymbolRefAttr.get(ref) for ref in interfaces if ref in inputs]
        op.attributes["interface"] = ir.ArrayAttr.get(kept)
        with ir.InsertionPoint(module.regions[0].blocks[0]), op.location:
            _execution_mode(name, "SubgroupSize", subgroup)
            _execution_mode(name, "ContractionOff")
        found.append(EntryPoint(name, sizes[name], subgroup, interface.element_bytes(), interface.constants))
    return tuple(found)


def _local_sizes(module: ir.Operation) -> dict[str, tuple[int, int, int]]:
    sizes = {}
    for op in members(module, "spirv.ExecutionMode"):
        if str(op.attributes["execution_mode"]) != LOCAL_SIZE:
            raise refusal(op, "sets a mode that is not known", expected="LocalSize")
        sizes[symbol(op, "fn")] = local_size(op)
    return sizes


def _inputs(module: ir.Operation) -> set[str]:
    """Return the builtins: up to SPIR-V 1.3 an interface lists inputs and outputs alone."""
    found = set()
    for op in members(module, "spirv.GlobalVariable"):
        type_ = read_pointer(ir.TypeAttr(op.attributes["type"]).value)
        if type_ is not None and type_.storage == "Input":
            found.add(name_of(op))
    return found


def _execution_mode(function: str, mode: str, *values: int) -> None:
    i32 = ir.IntegerType.get_signless(32)
    ir.Operation.create(
        "spirv.ExecutionMode",
        attributes={
            "fn": ir.FlatSymbolRefAttr.get(function),
            "execution_mode": ir.Attribute.parse(f"#spirv.execution_mode<{mode}>"),
            "values": ir.ArrayAttr.get([ir.IntegerAttr.get(i32, value) for value in values]),
        },
    )
