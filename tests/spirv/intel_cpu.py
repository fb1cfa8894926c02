# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Running kernels on Intel's OpenCL runtime for CPUs, which compiles SPIR-V as its GPU drivers do."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from fanfold.backends.compute.opencl_runtimes import load_pyopencl
from fanfold.errors import MissingDependencyError
from fanfold.passes.spirv import Converted

PLATFORM = "Intel(R) OpenCL"
#: Without it a quotient may be off by 2.5 units in the last place and a root by 3.
OPTIONS = ("-cl-fp32-correctly-rounded-divide-sqrt",)


class IntelCpu:
    """A device of the runtime.

    Raises:
        LookupError: If pyopencl or the runtime is not installed.
    """

    def __init__(self) -> None:
        try:
            self.cl: Any = load_pyopencl()
        except MissingDependencyError as error:
            raise LookupError(f"there is no OpenCL here: {error.message}") from error
        try:
            platforms = {platform.name: platform for platform in self.cl.get_platforms()}
        except self.cl.Error as error:
            raise LookupError(f"there is no OpenCL runtime here: {error}") from error
        if PLATFORM not in platforms:
            raise LookupError(f"there is no platform {PLATFORM!r}: pip install intel-opencl-rt intel-cmplr-lib-rt")
        self.device = platforms[PLATFORM].get_devices()[0]
        self._context = self.cl.Context([self.device])
        self._queue = self.cl.CommandQueue(self._context)

    def build(self, binary: bytes, options: Sequence[str] = OPTIONS) -> Any:
        """Build a module; an error has the compiler's log."""
        with warnings.catch_warnings():
            # It reports its success in the log.
            warnings.simplefilter("ignore")
            return self.cl.Program(self._context, binary).build(list(options), cache_dir=False)

    def run(
        self,
        converted: Converted,
        groups: tuple[int, int, int],
        arrays: Sequence[np.ndarray[Any, Any]],
        constants: Sequence[int] = (),
        options: Sequence[str] = OPTIONS,
    ) -> list[np.ndarray[Any, Any]]:
        """Run the one kernel of a module.

        Args:
            converted: The module.
            groups: How many workgroups.
            arrays: What its bindings hold before.
            constants: Its push constants, as unsigned numbers.
            options: How the module is built.

        Returns:
            What its bindings hold after.
        """
        (entry,) = converted.kernels
        kernel = self.cl.Kernel(self.build(converted.binary, options), entry.name)
        flags = self.cl.mem_flags.READ_WRITE | self.cl.mem_flags.COPY_HOST_PTR
        buffers = [self.cl.Buffer(self._context, flags, hostbuf=np.ascontiguousarray(array)) for array in arrays]
        kernel.set_args(*buffers, *[np.uint32(value) for value in constants])
        threads = tuple(count * size for count, size in zip(groups, entry.workgroup, strict=True))
        self.cl.enqueue_nd_range_kernel(self._queue, kernel, threads, entry.workgroup)
        results = [np.empty_like(np.ascontiguousarray(array)) for array in arrays]
        for result, buffer in zip(results, buffers, strict=True):
            self.cl.enqueue_copy(self._queue, result, buffer)
        self._queue.finish()
        return results
