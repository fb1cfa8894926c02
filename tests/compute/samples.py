# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs made by hand: images of two small kernels, as the compiler would make them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from fanfold.backends.compute.executor import Argument, Executor
from fanfold.backends.compute.plan import View
from fanfold.backends.image.program import GIVING, Function, Image, Kernel, Step

#: Threads of a workgroup and of a subgroup; each has one element.
GROUP = 16

# `scale`: y = x * factor, `add`: y = a + b; `factor` is the bits of an f32.
_MODULE = """
module {
  spirv.module Physical64 OpenCL requires #spirv.vce<v1.2, [Addresses, Kernel, Int64, SubgroupDispatch], []> {
    spirv.GlobalVariable @id built_in("GlobalInvocationId") : !spirv.ptr<vector<3xi64>, Input>
    spirv.func @scale(%x: !spirv.ptr<f32, CrossWorkgroup>, %y: !spirv.ptr<f32, CrossWorkgroup>, %factor: i32) "None" {
      %ids = spirv.mlir.addressof @id : !spirv.ptr<vector<3xi64>, Input>
      %all = spirv.Load "Input" %ids : vector<3xi64>
      %i = spirv.CompositeExtract %all[0 : i32] : vector<3xi64>
      %from = spirv.PtrAccessChain %x[%i] : !spirv.ptr<f32, CrossWorkgroup>, i64 -> !spirv.ptr<f32, CrossWorkgroup>
      %to = spirv.PtrAccessChain %y[%i] : !spirv.ptr<f32, CrossWorkgroup>, i64 -> !spirv.ptr<f32, CrossWorkgroup>
      %value = spirv.Load "CrossWorkgroup" %from ["Aligned", 4] : f32
      %by = spirv.Bitcast %factor : i32 to f32
      %product = spirv.FMul %value, %by : f32
      spirv.Store "CrossWorkgroup" %to, %product ["Aligned", 4] : f32
      spirv.Return
    }
    spirv.func @add(%a: !spirv.ptr<f32, CrossWorkgroup>, %b: !spirv.ptr<f32, CrossWorkgroup>,
                    %y: !spirv.ptr<f32, CrossWorkgroup>) "None" {
      %ids = spirv.mlir.addressof @id : !spirv.ptr<vector<3xi64>, Input>
      %all = spirv.Load "Input" %ids : vector<3xi64>
      %i = spirv.CompositeExtract %all[0 : i32] : vector<3xi64>
      %pa = spirv.PtrAccessChain %a[%i] : !spirv.ptr<f32, CrossWorkgroup>, i64 -> !spirv.ptr<f32, CrossWorkgroup>
      %pb = spirv.PtrAccessChain %b[%i] : !spirv.ptr<f32, CrossWorkgroup>, i64 -> !spirv.ptr<f32, CrossWorkgroup>
      %to = spirv.PtrAccessChain %y[%i] : !spirv.ptr<f32, CrossWorkgroup>, i64 -> !spirv.ptr<f32, CrossWorkgroup>
      %va = spirv.Load "CrossWorkgroup" %pa ["Aligned", 4] : f32
      %vb = spirv.Load "CrossWorkgroup" %pb ["Aligned", 4] : f32
      %sum = spirv.FAdd %va, %vb : f32
      spirv.Store "CrossWorkgroup" %to, %sum ["Aligned", 4] : f32
      spirv.Return
    }
    spirv.EntryPoint "Kernel" @scale, @id
    spirv.ExecutionMode @scale "LocalSize", 16, 1, 1
    spirv.ExecutionMode @scale "SubgroupSize", 16
    spirv.EntryPoint "Kernel" @add, @id
    spirv.ExecutionMode @add "LocalSize", 16, 1, 1
    spirv.ExecutionMode @add "SubgroupSize", 16
  }
}
"""


#: A kernel that calls a function which is in no module.
_UNLINKED = """
module {
  spirv.module Physical64 OpenCL requires #spirv.vce<v1.2, [Addresses, Kernel, Linkage], []> {
    spirv.func @missing(f32) -> f32 "None" attributes {
      linkage_attributes = #spirv.linkage_attributes<linkage_name = "nowhere_to_be_found", linkage_type = <Import>>
    }
    spirv.func @scale(%x: !spirv.ptr<f32, CrossWorkgroup>) "None" {
      %value = spirv.Load "CrossWorkgroup" %x ["Aligned", 4] : f32
      %result = spirv.FunctionCall @missing(%value) : (f32) -> f32
      spirv.Store "CrossWorkgroup" %x, %result ["Aligned", 4] : f32
      spirv.Return
    }
    spirv.EntryPoint "Kernel" @scale
    spirv.ExecutionMode @scale "LocalSize", 16, 1, 1
  }
}
"""


def code() -> bytes:
    """Return the module of the two kernels."""
    return _serialized(_MODULE)


def unlinked_code() -> bytes:
    """Return a module that no compiler can build."""
    return _serialized(_UNLINKED)


@functools.cache
def _serialized(text: str) -> bytes:
    from torch_mlir import ir

    from fanfold.dialect.context import make_context
    from fanfold.passes.spirv.serialize import serialize

    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        return serialize(module.body.operations[0].operation)


SCALE, ADD = 0, 1
KERNELS = (
    Kernel(0, "scale", (GROUP, 1, 1), GROUP, bindings=(4, 4), constants=1),
    Kernel(0, "add", (GROUP, 1, 1), GROUP, bindings=(4, 4, 4), constants=0),
)


def bits(value: float) -> int:
    """Return the bits of an f32 as a signed integer."""
    return int(np.float32(value).view(np.int32))


class Writer:
    """Writes a function, one step a call; each returns the number of its result.

    Args:
        inputs: How many views it takes.
    """

    def __init__(self, inputs: int = 0) -> None:
        self._inputs = self._next = inputs
        self._steps: list[Step] = []

    def do(self, step: str, /, *operands: int, **attributes: Any) -> int:
        """Add a step."""
        results = (self._next,) if step in GIVING else ()
        self._next += len(results)
        self._steps.append(Step(step, operands, results, attributes))
        return results[0] if results else -1

    def index(self, value: int) -> int:
        """Add an index."""
        return self.do("integer", value=value, bits=64)

    def bytes_of(self, view: int) -> int:
        """Add the size of a vector of f32."""
        return self.do("arith", self.do("dim", view, axis=0), self.index(4), op="muli", bits=64)

    def groups_of(self, size: int) -> int:
        """Add the number of workgroups for so many bytes of f32."""
        return self.do("arith", size, self.index(4 * GROUP), op="ceildivsi", bits=64)

    def scale(self, source: int, target: int, size: int, factor: float) -> None:
        """Add a launch of `scale` on whole buffers."""
        zero, one = self.index(0), self.index(1)
        by = self.do("integer", value=bits(factor), bits=32)
        places = (source, zero, size, target, zero, size)
        self.do("dispatch", self.groups_of(size), one, one, by, *places, kernel=SCALE, constants=1)

    def add(self, a: int, b: int, target: int, size: int) -> None:
        """Add a launch of `add` on whole buffers."""
        zero, one = self.index(0), self.index(1)
        places = (a, zero, size, b, zero, size, target, zero, size)
        self.do("dispatch", self.groups_of(size), one, one, *places, kernel=ADD, constants=0)

    def view(self, buffer: int, size: int, dim: int) -> int:
        """Add a view of a whole buffer as a vector of f32."""
        return self.do("view", buffer, self.index(0), size, dim, dtype="f32")

    def function(self, *results: int) -> Function:
        """Return the function."""
        return Function(self._inputs, tuple(self._steps), results)


def image(
    main: Function,
    *,
    kernels: Sequence[Kernel] = KERNELS,
    data: Sequence[bytes] = (),
    initializers: Sequence[Function] = (),
    module: bytes | None = None,
) -> Image:
    """Return an image of the kernels above."""
    modules = (code() if module is None else module,)
    return Image("xpu", modules, tuple(kernels), tuple(data), tuple(initializers), main)


def scale_and_add() -> Function:
    """Return ``(x * 2 + x, x * 2)`` for a vector of f32 of any multiple of 16, with a temporary."""
    write = Writer(inputs=1)
    dim = write.do("dim", 0, axis=0)
    write.do("check", 0, dim, dtype="f32", name="input 0")
    size = write.bytes_of(0)
    x = write.do("contents", 0)
    doubled, total = write.do("allocate", size), write.do("allocate", size)
    write.scale(x, doubled, size, 2.0)
    write.do("barrier")
    write.add(x, doubled, total, size)
    return write.function(write.view(total, size, dim), write.view(doubled, size, dim))


def call(executor: Executor, *inputs: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    """Call a program with arrays of f32, and return its results."""
    results: list[np.ndarray[Any, Any]] = []

    def receive(_number: int, view: View) -> int:
        results.append(np.full(view.dims, np.nan, np.float32))
        return int(results[-1].ctypes.data)

    executor.call([Argument(x.ctypes.data, x.dtype.name, x.shape, x.nbytes) for x in inputs], receive)
    return results
