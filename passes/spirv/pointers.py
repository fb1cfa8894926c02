# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pointers into buffers change their storage class.

Before::

    %lane = spirv.AccessChain %vector[%two] :
        !spirv.ptr<vector<4xf32>, CrossWorkgroup>, i32 -> !spirv.ptr<f32, StorageBuffer>

After::

    %lane = spirv.AccessChain %vector[%two] :
        !spirv.ptr<vector<4xf32>, CrossWorkgroup>, i32 -> !spirv.ptr<f32, CrossWorkgroup>

Memory of the workgroup and of a thread keeps its class, and its arrays stay access chains.
"""

from collections.abc import Iterator

from torch_mlir import ir

from fanfold.passes.walk import iterate

from .refusals import refusal
from .types import pointer, read_pointer

#: What storage classes become; a class that is not here is refused.
STORAGE = {
    "CrossWorkgroup": "CrossWorkgroup",
    "Function": "Function",
    "Input": "Input",
    "StorageBuffer": "CrossWorkgroup",
    "Uniform": "CrossWorkgroup",
    "Workgroup": "Workgroup",
}
#: What only the layout of graphics memory has in its types.
_LAYOUT = ("stride=", ", Block>", "rtarray", "matrix", "image", "sampler")


def convert_pointers(module: ir.Operation) -> None:
    """Give every value that is a pointer its new storage class.

    Raises:
        CompileError: For a storage class or a type that a kernel cannot have.
    """
    for op, value in _values(module):
        text = str(value.type)
        if not text.startswith("!"):
            continue
        type_ = read_pointer(value.type)
        if any(mark in text for mark in _LAYOUT):
            raise refusal(op, "has a type that is not of OpenCL", found=text)
        if type_ is None:
            continue
        if type_.storage not in STORAGE:
            raise refusal(op, f"points to memory of the class {type_.storage}", expected=", ".join(sorted(STORAGE)))
        if STORAGE[type_.storage] != type_.storage:
            value.set_type(pointer(type_.pointee, STORAGE[type_.storage]))


def _values(module: ir.Operation) -> Iterator[tuple[ir.Operation, ir.Value]]:
    """Yield every value with the op that it belongs to: results, and arguments of blocks."""
    for op in iterate(module):
        for value in op.results:
            yield op, value
        for region in op.regions:
            for block in region.blocks:
                for argument in block.arguments:
                    yield op, argument
