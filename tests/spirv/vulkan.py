# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small modules as IREE generates them for Vulkan: text around the body of one kernel."""

from __future__ import annotations

from collections.abc import Sequence


def module(
    body: str,
    buffers: Sequence[str] = ("f32",),
    *,
    constants: int = 0,
    workgroup: tuple[int, int, int] = (16, 1, 1),
    members: str = "",
    interface: str = "",
    name: str = "kernel",
) -> str:
    """Return a module with one kernel.

    Args:
        body: Its ops. ``%zero`` is 0, ``%id`` the first local invocation id, ``%global`` the first global one,
            ``%bN`` the variable of binding N, ``%c`` that of the push constants.
        buffers: The element type of each binding.
        constants: How many push constants it has.
        workgroup: Its local size.
        members: What else stands in the module.
        interface: What else is in the interface, each with a comma before it.
        name: The kernel.
    """
    pointers = [
        f"!spirv.ptr<!spirv.struct<(!spirv.rtarray<{element}, stride={_stride(element)}> [0])>, StorageBuffer>"
        for element in buffers
    ]
    pushed = f"!spirv.ptr<!spirv.struct<(!spirv.array<{constants} x i32, stride=4> [0]), Block>, PushConstant>"
    variables = [f"spirv.GlobalVariable @b{n} bind(0, {n}) : {type_}" for n, type_ in enumerate(pointers)]
    addresses = [f"%b{n} = spirv.mlir.addressof @b{n} : {type_}" for n, type_ in enumerate(pointers)]
    if constants:
        variables.append(f"spirv.GlobalVariable @c : {pushed}")
        addresses.append(f"%c = spirv.mlir.addressof @c : {pushed}")
    used = "".join(f", @b{n}" for n in range(len(buffers))) + (", @c" if constants else "")
    builtin = "!spirv.ptr<vector<3xi32>, Input>"
    lines = "\n".join
    return f"""
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], [SPV_KHR_storage_buffer_storage_class]> {{
  spirv.GlobalVariable @local built_in("LocalInvocationId") : {builtin}
  spirv.GlobalVariable @group built_in("WorkgroupId") : {builtin}
  {lines(variables)}
  {members}
  spirv.func @{name}() "None" {{
    %zero = spirv.Constant 0 : i32
    %size = spirv.Constant {workgroup[0]} : i32
    %local = spirv.mlir.addressof @local : {builtin}
    %ids = spirv.Load "Input" %local : vector<3xi32>
    %id = spirv.CompositeExtract %ids[0 : i32] : vector<3xi32>
    %group = spirv.mlir.addressof @group : {builtin}
    %groups = spirv.Load "Input" %group : vector<3xi32>
    %number = spirv.CompositeExtract %groups[0 : i32] : vector<3xi32>
    %begin = spirv.IMul %number, %size : i32
    %global = spirv.IAdd %begin, %id : i32
    {lines(addresses)}
    {body}
    spirv.Return
  }}
  spirv.EntryPoint "GLCompute" @{name}{used}, @local, @group{interface}
  spirv.ExecutionMode @{name} "LocalSize", {workgroup[0]}, {workgroup[1]}, {workgroup[2]}
}}
"""


def element(name: str, binding: int, index: str, type_: str = "f32") -> str:
    """Return the op that makes ``%name`` a pointer to an element of a binding."""
    block = f"!spirv.ptr<!spirv.struct<(!spirv.rtarray<{type_}, stride={_stride(type_)}> [0])>, StorageBuffer>"
    return (
        f"%{name} = spirv.AccessChain %b{binding}[%zero, {index}] : {block}, i32, i32 "
        f"-> !spirv.ptr<{type_}, StorageBuffer>\n"
    )


def elementwise(op: str, types: Sequence[str], result: str) -> str:
    """Return a module that applies one op to its bindings, element by element, and writes the last one.

    Args:
        op: The op as text, in which ``{0}``, ``{1}`` are its operands.
        types: The types of its operands.
        result: The type of its result.
    """
    body = ""
    for number, type_ in enumerate(types):
        body += element(f"p{number}", number, "%global", type_)
        body += f'%x{number} = spirv.Load "StorageBuffer" %p{number} : {type_}\n'
    body += element("q", len(types), "%global", result)
    body += f"%y = {op.format(*[f'%x{n}' for n in range(len(types))])}\n"
    return module(body + f'spirv.Store "StorageBuffer" %q, %y : {result}', [*types, result])


def _stride(type_: str) -> int:
    lanes, _, scalar = type_.removeprefix("vector<").removesuffix(">").rpartition("x")
    return int(lanes or 1) * int(scalar[1:]) // 8
