# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The steps from IREE's SPIR-V for Vulkan to a binary for Level Zero and OpenCL.

`passes/convert_spirv.py` has a module before and after.
"""

from __future__ import annotations

from torch_mlir import ir

from fanfold.dialect.context import make_bare_context, parse_module
from fanfold.errors import CompileError

from .allowed_ops import check_ops
from .arguments import make_arguments, read_interface
from .barriers import add_barriers
from .bounds import check_bounds
from .builtins import widen_builtins
from .capabilities import deduce_capabilities
from .converted import Converted, EntryPoint
from .crossing import cross
from .entry_points import convert_entry_points
from .extended_ops import convert_extended_ops
from .memory_model import convert_memory_model
from .pointers import convert_pointers
from .refusals import STAGE, rejection
from .serialize import serialize
from .workgroups import flatten_workgroups


def convert(
    text: str,
    subgroup: int,
    *,
    bindings: int | None = None,
    constants: int | None = None,
    location: str | None = None,
    context: ir.Context | None = None,
) -> Converted:
    """Convert one `spirv.module` that IREE made for Vulkan into a binary for OpenCL and Level Zero.

    Args:
        text: The module, printed.
        subgroup: Lanes of a subgroup that the code was made for.
        bindings: How many bindings the layout of its kernels has; None for as many as the module speaks of.
        constants: How many push constants the layout has; None for as many as the module speaks of.
        location: Where the module is from, such as the name of its executable; errors say it.
        context: Where to do it, for the modules of a program to share: making one takes longer than a conversion.

    Raises:
        CompileError: If there is anything in the module that is not known to mean the same to OpenCL.
    """
    try:
        # The bindings free a module with the object that stands for it, whatever else refers to its ops.
        parsed = _parse(text, context or make_bare_context())
        with parsed.context, ir.Location.unknown():
            module = parsed.body.operations[0].operation
            kernels = convert_module(module, subgroup, bindings, constants)
            return Converted(serialize(module), kernels)
    except CompileError as error:
        if location is None:
            raise
        error.add_note(f"in {location}")
        raise


def convert_module(
    module: ir.Operation, subgroup: int, bindings: int | None, constants: int | None
) -> tuple[EntryPoint, ...]:
    """Convert a `spirv.module` in place; an MLIR context and a location are entered."""
    # While addresses are still chains of indices.
    check_bounds(module)
    add_barriers(module, subgroup)
    flatten_workgroups(module, subgroup)
    # Bindings and push constants before all else: the rest sees pointers that a kernel may have.
    interface = read_interface(module, bindings, constants)
    make_arguments(module, interface)
    convert_pointers(module)
    widen_builtins(module)
    convert_extended_ops(module)
    convert_memory_model(module)
    kernels = convert_entry_points(module, interface, subgroup)
    module.attributes["addressing_model"] = ir.Attribute.parse("#spirv.addressing_model<Physical64>")
    module.attributes["memory_model"] = ir.Attribute.parse("#spirv.memory_model<OpenCL>")
    # Nothing passes that is not known to be right.
    check_ops(module)
    deduce_capabilities(module)
    if not module.verify():
        raise CompileError("the converted module is not valid", stage=STAGE)
    return kernels


def _parse(text: str, context: ir.Context) -> ir.Module:
    try:
        parsed = parse_module(cross(text), context)
    except ir.MLIRError as error:
        raise rejection("the module does not parse", error) from error
    ops = [op.operation for op in parsed.body.operations]
    if len(ops) != 1 or ops[0].name != "spirv.module":
        raise CompileError(
            "this is not one spirv.module", stage=STAGE, expected="spirv.module", found=", ".join(op.name for op in ops)
        )
    model = str(ops[0].attributes["addressing_model"])
    if model != "#spirv.addressing_model<Logical>":
        raise CompileError("the module is not one for Vulkan", stage=STAGE, expected="Logical", found=model)
    return parsed
