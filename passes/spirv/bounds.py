# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels that read beyond what a workgroup shares are refused.

An example, in a workgroup of 32 threads::

    %i = spirv.IMul %id, %five : i32
    %p = spirv.AccessChain %shared[%zero, %i] : !spirv.ptr<!spirv.struct<(!spirv.array<128 x f32>)>, Workgroup>, ...

IREE makes rows in shared memory longer, so that threads do not wait for each other, and may forget it where they are
written: a softmax over the first dim of 128 x 128 elements was silently wrong.
"""

from __future__ import annotations

import re

from torch_mlir import ir

from .building import members, name_of, producer, symbol
from .places import Places
from .refusals import refusal
from .types import read_pointer
from .workgroups import local_size, size_modes

_SHARED = re.compile(r"!spirv\.struct<\(!spirv\.array<(\d+) x [^()]*>\)>")


def check_bounds(module: ir.Operation) -> None:
    """Check the addresses in shared memory that all threads of a workgroup compute.

    Raises:
        CompileError: For the first one that is beyond its end.
    """
    places = Places(members(module, "spirv.GlobalVariable"))
    sizes = {symbol(op, "fn"): local_size(op) for op in size_modes(module)}
    for function in members(module, "spirv.func"):
        size = sizes.get(name_of(function))
        if size is None:
            continue
        # Within a branch the condition may keep out the threads that would be beyond.
        for view in function.regions[0].blocks[0].operations:
            op = view.operation
            length = _length(op)
            place = places.of(op.result) if length is not None else None
            if place is None or length is None:
                continue
            last = place.last(size)
            if last is not None and last >= length:
                raise refusal(op, f"is at element {last} of shared memory", expected=f"less than {length}")


def _length(op: ir.Operation) -> int | None:
    """Return how many elements the shared array has that an op gives an address in, None if it does not."""
    base = producer(op.operands[0]) if op.name == "spirv.AccessChain" else None
    pointed = read_pointer(base.result.type) if base is not None and base.name == "spirv.mlir.addressof" else None
    found = _SHARED.fullmatch(pointed.pointee) if pointed is not None and pointed.storage == "Workgroup" else None
    return int(found[1]) if found else None
