# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A GPU in NumPy: runs a generated kernel, all threads of all workgroups in lockstep, and watches what they do.

It holds what no compiler checks: that no access is out of bounds, that no two threads meet at one place of shared
memory without a barrier between them, that every byte of a result is written, and written once. Shuffles read only
lanes that take part. The floats are NumPy's, so the numbers are those of a device that rounds as IEEE 754 says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch_mlir import ir
from torch_mlir.dialects import arith

from simt import amd
from simt.arithmetic import INSTRUCTIONS, NUMPY, PURE, Array, element_size


class KernelFaultError(Exception):
    """The kernel did what it must not do."""


@dataclass
class Memory:
    """Memory of a binding, or of all workgroups' shared memory, flat.

    Attributes:
        data: The elements.
        shape: The shape; the first dim of shared memory is the workgroup.
        lanes: Numbers of an element that is a vector.
        written: For a binding, how often each element was written; for shared memory, who wrote it since the last
            barrier (-1: nobody; -2: atomics).
        read: For shared memory, who read it since the last barrier (-1: nobody, -3: several).
    """

    data: Array
    shape: tuple[int, ...]
    is_shared: bool
    lanes: int = 1
    written: Array = field(init=False)
    read: Array = field(init=False)

    def __post_init__(self) -> None:
        self.written = np.full(self.data.size, -1 if self.is_shared else 0, np.int64)
        self.read = np.full(self.data.size, -1, np.int64)

    def settle(self) -> None:
        """Forget who was where: a barrier has passed."""
        self.written[:] = -1
        self.read[:] = -1


@dataclass
class Counters:
    """What the threads that ran did.

    Attributes:
        loaded: Bytes that they loaded from bindings.
        stored: Bytes that they stored to bindings.
        barriers: Barriers that each passed.
    """

    loaded: int = 0
    stored: int = 0
    barriers: int = 0


class Machine:
    """Runs one kernel.

    Args:
        executable: The `hal.executable.source` op.
        constants: Push constants.
        bindings: NumPy arrays of the storage types, operands and results, in order; results are overwritten.
        workgroups: How many workgroups run, in each of the two dims of the grid.
        threads: Threads of each.
        subgroup: Lanes that exchange values.
        arch: The vendor's name of the processor, where it matters.
        inexact: Ops whose results are some steps off.
    """

    def __init__(
        self,
        executable: ir.Operation,
        constants: Sequence[int],
        bindings: Sequence[Array],
        *,
        workgroups: tuple[int, int],
        threads: int,
        subgroup: int,
        arch: str = "",
        inexact: Collection[str] = (),
    ) -> None:
        self._inexact = inexact
        self._constants = constants
        self._bindings = [Memory(b.reshape(-1), b.shape, is_shared=False) for b in bindings]
        self._grid = workgroups
        self._workgroups, self._threads, self._subgroup = workgroups[0] * workgroups[1], threads, subgroup
        self._lanes = self._workgroups * threads
        self._arch = arch
        self._values: dict[ir.Value, Any] = {}
        self._shared: list[Memory] = []
        self._active = np.ones(self._lanes, np.bool_)
        self.counters = Counters()
        module = next(op for op in executable.regions[0].blocks[0].operations if op.operation.name == "builtin.module")
        (self._function,) = module.operation.regions[0].blocks[0].operations

    def run(self) -> Counters:
        """Run to the end.

        Raises:
            KernelFaultError: If the kernel does what it must not do.
        """
        if self._lanes:
            with np.errstate(all="ignore"):
                self._block(self._function.operation.regions[0].blocks[0])
        return self.counters

    def write_counts(self, binding: int) -> Array:
        """Return how often each element of a binding was written."""
        return self._bindings[binding].written

    def _block(self, block: ir.Block) -> list[Any]:
        for view in block.operations:
            op = view.operation
            if op.name in ("scf.yield", "func.return"):
                return [self._values[v] for v in op.operands]
            self._execute(op)
        return []

    def _execute(self, op: ir.Operation) -> None:
        special = getattr(self, "_" + op.name.replace(".", "_"), None)
        if special is not None:
            results = special(op)
        elif op.name in PURE:
            results = PURE[op.name](op, *(self._values[v] for v in op.operands))
            if op.name in self._inexact:
                results = _some_steps_off(results)
        else:
            raise NotImplementedError(str(op))
        results = results if isinstance(results, tuple) else () if results is None else (results,)
        for value, result in zip(op.results, results, strict=True):
            self._values[value] = result

    # Where a thread is

    def _hal_interface_constant_load(self, op: ir.Operation) -> Array:
        return self._all(self._constants[ir.IntegerAttr(op.attributes["ordinal"]).value], np.int32)

    def _hal_interface_workgroup_id(self, op: ir.Operation) -> Array:
        number = np.arange(self._lanes, dtype=np.int64) // self._threads
        y, x = np.divmod(number, max(1, self._grid[0]))
        return y if ir.IntegerAttr(op.attributes["dimension"]).value else x

    def _gpu_thread_id(self, _: ir.Operation) -> Array:
        return np.arange(self._lanes, dtype=np.int64) % self._threads

    def _all(self, value: float, dtype: Any) -> Array:
        return np.full(self._lanes, value, dtype)

    def _arith_constant(self, op: ir.Operation) -> Array:
        type_ = op.results[0].type
        attribute = op.attributes["value"]
        if isinstance(type_, ir.VectorType):
            element = ir.DenseElementsAttr(attribute).get_splat_value()
            number = ir.FloatAttr(element).value if str(type_.element_type) == "f32" else ir.IntegerAttr(element).value
            return np.full((self._lanes, *type_.shape), number, NUMPY[str(type_.element_type)])
        if str(type_) == "i1":
            return self._all(ir.BoolAttr(attribute).value, np.bool_)
        number = ir.FloatAttr(attribute).value if str(type_) == "f32" else ir.IntegerAttr(attribute).value
        return self._all(number, NUMPY[str(type_)])

    # Memory

    def _hal_interface_binding_subspan(self, op: ir.Operation) -> Memory:
        memory = self._bindings[ir.IntegerAttr(op.attributes["binding"]).value]
        sizes = iter(self._uniform(v) for v in op.operands[1:])
        type_ = ir.MemRefType(op.results[0].type)
        word = type_.element_type
        number, lanes = (word.element_type, word.shape[0]) if isinstance(word, ir.VectorType) else (word, 1)
        shape = tuple(next(sizes) if type_.is_dynamic_dim(i) else type_.shape[i] for i in range(type_.rank))
        if int(np.prod(shape)) * lanes * element_size(number) != memory.data.nbytes:
            raise KernelFaultError(
                f"{op}: the kernel sees {shape}, the binding is {memory.shape} of {memory.data.dtype}"
            )
        data = memory.data.view(NUMPY[str(number)])
        if data.size != memory.data.size or lanes > 1:
            memory = Memory(data, shape, is_shared=False, lanes=lanes)
            self._bindings[ir.IntegerAttr(op.attributes["binding"]).value] = memory
        memory.shape = shape
        return memory

    def _uniform(self, value: ir.Value) -> int:
        numbers = np.unique(self._values[value][self._active])
        if numbers.size != 1:
            raise KernelFaultError(f"{value} differs between threads")
        return int(numbers[0])

    def _memref_alloc(self, op: ir.Operation) -> Memory:
        type_ = ir.MemRefType(op.results[0].type)
        count = int(np.prod(type_.shape))
        # Shared memory starts with rubbish.
        data = np.full(self._workgroups * count, 0x5A, NUMPY[str(type_.element_type)])
        self._shared.append(Memory(data, (self._workgroups, count), is_shared=True))
        return self._shared[-1]

    def _gpu_barrier(self, op: ir.Operation) -> None:
        if not self._active.all():
            raise KernelFaultError(f"{op}: not all threads come to the barrier")
        self.counters.barriers += 1
        for memory in self._shared:
            memory.settle()

    def _places(self, op: ir.Operation, memory: Memory, indices: Sequence[ir.Value], count: int) -> Array:
        """Return the flat places, (active lanes, count), that an access of `count` elements touches."""
        lanes = np.flatnonzero(self._active)
        at = np.zeros(lanes.size, np.int64)
        shape = memory.shape[1:] if memory.is_shared else memory.shape
        for size, index in zip(shape, indices, strict=True):
            here = self._values[index][lanes]
            last = here + (count - 1 if size == shape[-1] and index == indices[-1] else 0)
            if lanes.size and (here.min() < 0 or last.max() >= size):
                raise KernelFaultError(f"{op}: index {here.min()} to {last.max()} in a dim of {size}")
            at = at * size + here
        if memory.is_shared:
            at = at + (lanes // self._threads) * memory.shape[1]
        return at[:, None] * memory.lanes + np.arange(count * memory.lanes)

    def _loaded(self, op: ir.Operation, count: int, dtype: Any) -> Array:
        memory: Memory = self._values[op.operands[0]]
        places = self._places(op, memory, list(op.operands)[1:], count)
        lanes = np.flatnonzero(self._active)
        if memory.is_shared:
            writers = memory.written[places]
            if ((writers != -1) & (writers != lanes[:, None])).any():
                raise KernelFaultError(f"{op}: reads shared memory that another thread wrote since the last barrier")
            known = memory.read[places]
            memory.read[places] = np.where((known == -1) | (known == lanes[:, None]), lanes[:, None], -3)
        else:
            self.counters.loaded += places.size * memory.data.itemsize
        result = np.zeros((self._lanes, places.shape[1]), dtype)
        result[lanes] = memory.data[places]
        return result

    def _stored(self, op: ir.Operation, value: Array, count: int) -> None:
        memory: Memory = self._values[op.operands[1]]
        places = self._places(op, memory, list(op.operands)[2:], count)
        lanes = np.flatnonzero(self._active)
        if memory.is_shared:
            self._refuse_meeting(op, memory, places, lanes)
            memory.written[places] = lanes[:, None]
        else:
            np.add.at(memory.written, places, 1)
            self.counters.stored += places.size * memory.data.itemsize
        memory.data[places] = value[lanes].reshape(places.shape)

    def _refuse_meeting(self, op: ir.Operation, memory: Memory, places: Array, lanes: Array) -> None:
        flat = places.reshape(-1)
        others = memory.written[places]
        readers = memory.read[places]
        met = ((others != -1) & (others != lanes[:, None])) | ((readers != -1) & (readers != lanes[:, None]))
        if met.any() or np.unique(flat).size != flat.size:
            raise KernelFaultError(f"{op}: two threads meet at one place of shared memory without a barrier")

    def _vector_load(self, op: ir.Operation) -> Array:
        type_ = ir.VectorType(op.results[0].type)
        return self._loaded(op, type_.shape[0], NUMPY[str(type_.element_type)])

    def _memref_load(self, op: ir.Operation) -> Array:
        type_ = op.results[0].type
        if isinstance(type_, ir.VectorType):
            return self._loaded(op, 1, NUMPY[str(type_.element_type)])
        return self._loaded(op, 1, NUMPY[str(type_)])[:, 0]

    def _vector_store(self, op: ir.Operation) -> None:
        value = self._values[op.operands[0]]
        self._stored(op, value, value.shape[1])

    def _memref_store(self, op: ir.Operation) -> None:
        self._stored(op, self._values[op.operands[0]], 1)

    def _memref_atomic_rmw(self, op: ir.Operation) -> Array:
        if ir.IntegerAttr(op.attributes["kind"]).value != arith.AtomicRMWKind.maxs.value:
            raise NotImplementedError(str(op))
        memory: Memory = self._values[op.operands[1]]
        places = self._places(op, memory, list(op.operands)[2:], 1)[:, 0]
        lanes = np.flatnonzero(self._active)
        others, readers = memory.written[places], memory.read[places]
        if ((others >= 0) & (others != lanes)).any() or ((readers != -1) & (readers != lanes)).any():
            raise KernelFaultError(f"{op}: an atomic meets a plain access without a barrier")
        memory.written[places] = -2
        np.maximum.at(memory.data, places, self._values[op.operands[0]][lanes])
        # What an atomic returns depends on the order of threads: nothing may read it.
        if any(True for _ in op.results[0].uses):
            raise KernelFaultError(f"{op}: the result of an atomic is used")
        return np.zeros(self._lanes, memory.data.dtype)

    # Other threads

    def _gpu_shuffle(self, op: ir.Operation) -> tuple[Array, Array]:
        value, offset, width = (self._values[v] for v in op.operands)
        if "xor" not in str(op.attributes["mode"]):
            raise NotImplementedError(str(op))
        if not self._active.all():
            raise KernelFaultError(f"{op}: not all threads come to the shuffle")
        if not (width == self._subgroup).all():
            raise KernelFaultError(f"{op}: another width than the subgroup's {self._subgroup}")
        lanes = np.arange(self._lanes)
        local = lanes % self._threads
        partner = (local // self._subgroup) * self._subgroup + ((local % self._subgroup) ^ offset)
        if partner.max() >= self._threads:
            raise KernelFaultError(f"{op}: reads a lane that is not there")
        return value[lanes - local + partner], np.ones(self._lanes, np.bool_)

    # The device's own instructions

    def _llvm_inline_asm(self, op: ir.Operation) -> Array:
        text = ir.StringAttr(op.attributes["asm_string"]).value
        for name, run in INSTRUCTIONS.items():
            if text.startswith(name):
                # `$1` is the first operand, wherever it stands.
                order = [int(number) - 1 for number in re.findall(r"\$([1-9])", text)]
                sources = [self._values[op.operands[number]] for number in order]
                return run(*sources).astype(NUMPY[str(op.results[0].type)])
        raise NotImplementedError(text)

    def _llvm_call_intrinsic(self, op: ir.Operation) -> Array:
        name = ir.StringAttr(op.attributes["intrin"]).value
        if name not in amd.INTRINSICS:
            raise NotImplementedError(name)
        if name in amd.CROSS_LANE and not self._active.all():
            raise KernelFaultError(f"{op}: not all threads come to where lanes read each other")
        wave = amd.Wave(self._lanes, self._subgroup, self._arch)
        # Of lanes that are off, nothing is known and nothing is used.
        values = [self._values[v] for v in op.operands]
        if not self._active.all():
            values = [np.where(self._active.reshape(-1, *(1,) * (v.ndim - 1)), v, np.zeros_like(v)) for v in values]
        try:
            return amd.INTRINSICS[name](wave, *values)
        except amd.UndefinedError as error:
            raise KernelFaultError(f"{op}: {error}") from error

    # Control

    def _scf_if(self, op: ir.Operation) -> tuple[Any, ...]:
        condition = self._values[op.operands[0]]
        before = self._active
        results: list[Any] = []
        for region, taken in zip(op.regions, (condition, ~condition), strict=True):
            self._active = before & taken
            made = self._block(region.blocks[0]) if len(region.blocks) and self._active.any() else []
            if made and results:
                for i, value in enumerate(made):
                    chosen = taken.reshape(-1, *(1,) * (value.ndim - 1))
                    results[i] = np.where(chosen, value, results[i])
            elif made:
                results = made
        self._active = before
        return tuple(results)

    def _scf_for(self, op: ir.Operation) -> tuple[Any, ...]:
        begin, end, step = (self._uniform(v) for v in op.operands[:3])
        carried = [self._values[v] for v in op.operands[3:]]
        block = op.regions[0].blocks[0]
        for at in range(begin, end, step):
            self._values[block.arguments[0]] = self._all(at, np.int64)
            for argument, value in zip(list(block.arguments)[1:], carried, strict=True):
                self._values[argument] = value
            carried = self._block(block)
        return tuple(carried)


def _some_steps_off(value: Array) -> Array:
    """Return f32 numbers that are up to three steps off, as Vulkan and OpenCL allow for quotients and roots."""
    steps = np.arange(value.size, dtype=np.int32).reshape(value.shape) % 7 - 3
    return np.where(value == 0, value, (value.view(np.int32) + steps).view(np.float32))
