# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An OpenCL context: shared virtual memory, SPIR-V programs, and recordings that a queue is given anew each time."""

from __future__ import annotations

import ctypes
import functools
import itertools
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fanfold.errors import ArtifactError, CallError, TargetError

from .protocol import ALIGNMENT, DeviceProperties, Kernel

#: Without it a division and a root may be wrong in their last bits; PyTorch's never are.
BUILD_FLAGS = ["-cl-fp32-correctly-rounded-divide-sqrt"]

#: Python's filters of warnings are the whole process's: two threads that build would take each other's away.
_WARNINGS = threading.Lock()


@dataclass(frozen=True)
class OpenClKernel:
    """A kernel, see :class:`protocol.Kernel`.

    Attributes:
        name: Its entry point.
        workgroup: Threads of a workgroup in x, y and z.
        program: The program that it is in.
    """

    name: str
    workgroup: tuple[int, int, int]
    program: Any


class OpenClModule:
    """Code on a device, see :class:`protocol.Module`.

    Args:
        cl: pyopencl.
        context: Its context.
        code: SPIR-V.

    Raises:
        ArtifactError: With the build log, if the device's compiler refuses it.
    """

    def __init__(self, cl: Any, context: Any, code: bytes) -> None:
        self._cl = cl
        try:
            with _WARNINGS, warnings.catch_warnings():
                # Intel's compiler writes a log of its success too.
                warnings.simplefilter("ignore", cl.CompilerWarning)
                self._program = cl.Program(context, code).build(BUILD_FLAGS)
        except cl.Error as error:
            raise ArtifactError(
                f"the device's compiler refuses a module of {len(code)} bytes of SPIR-V",
                stage="load",
                found=str(error),
                remedy="compile the model again; if that does not help, report it with the build log",
            ) from error

    def kernel(self, name: str, workgroup: tuple[int, int, int]) -> OpenClKernel:
        """Return a kernel with the size of its workgroups.

        Raises:
            ArtifactError: If there is no such kernel.
        """
        try:
            self._cl.Kernel(self._program, name)
        except self._cl.Error as error:
            raise ArtifactError(f"kernel {name!r}: {error}", stage="load") from error
        return OpenClKernel(name, workgroup, self._program)


class OpenClRecording:
    """Commands, see :class:`protocol.Recording`. The queue keeps their order, so that barriers are nothing to do.

    Args:
        cl: pyopencl.
        queue: Where they go.
    """

    def __init__(self, cl: Any, queue: Any) -> None:
        self._cl, self._queue = cl, queue
        self._commands: list[Callable[[], object]] = []
        self._closed = self._running = False

    def launch(
        self, kernel: Kernel, groups: tuple[int, int, int], addresses: Sequence[int], constants: Sequence[int]
    ) -> None:
        """Append a launch, with a kernel object of its own that keeps its arguments."""
        if not isinstance(kernel, OpenClKernel):
            raise TypeError(f"{kernel!r} is not a kernel of OpenCL")
        try:
            made = self._cl.Kernel(kernel.program, kernel.name)
            for index, address in enumerate(addresses):
                made.set_arg(index, self._memory(address, 1))
            for index, value in enumerate(constants, len(addresses)):
                made.set_arg(index, np.uint32(value & 0xFFFFFFFF))
        except self._cl.Error as error:
            raise CallError(f"kernel {kernel.name!r} does not take its arguments: {error}", stage="call") from error
        threads = tuple(count * size for count, size in zip(groups, kernel.workgroup, strict=True))
        self._append(self._cl.enqueue_nd_range_kernel, self._queue, made, threads, kernel.workgroup)

    def copy(self, target: int, source: int, size: int) -> None:
        """Append a copy of ``size`` bytes."""
        places = self._memory(target, size), self._memory(source, size)
        self._append(self._cl.enqueue_copy, self._queue, *places, is_blocking=False)

    def fill(self, target: int, pattern: bytes, size: int) -> None:
        """Append a fill of ``size`` bytes."""
        self._append(self._cl.enqueue_svm_memfill, self._queue, self._memory(target, size), pattern)

    def barrier(self) -> None:
        """Do nothing: each command waits for those before."""

    def close(self) -> None:
        """End it."""
        self._closed = True

    def submit(self) -> None:
        """Give the commands to the queue."""
        self._running = True
        try:
            for command in self._commands:
                command()
            self._queue.flush()
        except self._cl.Error as error:
            raise CallError(f"OpenCL does not take a command: {error}", stage="call") from error

    def wait(self) -> None:
        """Return when they are done."""
        try:
            self._queue.finish()
        except self._cl.Error as error:
            raise CallError(f"OpenCL failed to run the commands: {error}", stage="call") from error
        self._running = False

    def release(self) -> None:
        """Let the commands go; if nobody waited for them, when they are done."""
        if self._running:
            self.wait()
        self._commands.clear()

    def _append(self, function: Callable[..., object], *arguments: object, **options: object) -> None:
        if self._closed:
            raise CallError("the recording is closed", stage="call")
        self._commands.append(functools.partial(function, *arguments, **options))

    def _memory(self, address: int, size: int) -> Any:
        """Return what pyopencl takes for memory: an array there, whose bytes it never reads."""
        content = (ctypes.c_uint8 * size).from_address(address)
        return self._cl.SVM(np.ctypeslib.as_array(content))


class OpenClContext:
    """A device with memory and code of one user, see :class:`protocol.Context`.

    Args:
        cl: pyopencl.
        device: The device.
        properties: What it is.

    Raises:
        TargetError: If it does not open.
    """

    def __init__(self, cl: Any, device: Any, properties: DeviceProperties) -> None:
        self._cl, self.properties = cl, properties
        try:
            self._context: Any = cl.Context([device])
            self._queue = cl.CommandQueue(self._context)
        except cl.Error as error:
            raise TargetError(
                f"OpenCL cannot open {properties.name}: {error}",
                stage="load",
                remedy="check that it is free and works; `fanfold targets` lists the devices of this machine",
            ) from error
        #: What lies at an address, and the number of that allocation.
        self._memory: dict[int, tuple[Any, int]] = {}
        self._count = itertools.count(1)

    def load(self, code: bytes) -> OpenClModule:
        """Build a SPIR-V module.

        Raises:
            ArtifactError: With the build log, if the device's compiler refuses it.
        """
        return OpenClModule(self._cl, self._context, code)

    def allocate(self, size: int) -> int:
        """Return the address of ``size`` bytes that kernels read and write.

        Raises:
            CallError: If there is not so much.
        """
        try:
            memory = self._cl.SVMAllocation(self._context, size, ALIGNMENT, self._cl.svm_mem_flags.READ_WRITE)
        except (self._cl.Error, MemoryError) as error:
            raise CallError(
                f"cannot allocate {size} bytes on {self.properties.name}: {error}",
                stage="call",
                expected=f"at most {self.properties.largest_bytes} bytes in one piece",
                remedy="free other memory of the device, or call the model with smaller inputs",
            ) from error
        return self._keep(int(memory.svm_ptr), memory)

    def allocate_host(self, size: int) -> int:
        """Return the address of ``size`` bytes of the host: OpenCL copies from and to any.

        Raises:
            CallError: If there is not so much.
        """
        try:
            memory = np.empty(size, np.uint8)
        except MemoryError as error:
            raise CallError(
                f"cannot allocate {size} bytes of the host: {error}",
                stage="call",
                remedy="free other memory, or call the model with smaller inputs",
            ) from error
        return self._keep(int(memory.ctypes.data), memory)

    def free(self, address: int) -> None:
        """Free what one of the two returned."""
        memory, _ = self._memory.pop(address)
        if isinstance(memory, self._cl.SVMAllocation):
            memory.release()

    def allocation(self, address: int) -> int | None:
        """Return the number of memory of this context's own: OpenCL cannot be asked about others'."""
        return self._memory[address][1] if address in self._memory else None

    def _keep(self, address: int, memory: Any) -> int:
        self._memory[address] = memory, next(self._count)
        return address

    def record(self) -> OpenClRecording:
        """Return an empty recording."""
        return OpenClRecording(self._cl, self._queue)

    def close(self) -> None:
        """Wait for the device, and give back all that this context has."""
        try:
            self._queue.finish()
        finally:
            for address in tuple(self._memory):
                self.free(address)
