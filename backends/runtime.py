# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs IREE modules: loads one with its weights, and calls it with torch tensors."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence

import torch

from .device import worker_count
from .drivers import DRIVERS
from .image_program import ImageProgram
from .placement import Placement
from .program import Program

#: Bytes of inputs and weights that a row kernel works through on one core while a worker wakes up and is waited for,
#: which takes some 70 us. Anything else may compute much more per byte, so its number is lower.
WAKING_BYTES_OF_ROW_KERNELS = 640 * 1024
WAKING_BYTES = 16 * 1024


def inline_limit(waking_bytes: int, workers: int) -> float:
    """Return the size in bytes below which a call is faster on the caller's thread.

    With ``n`` workers, a call that takes ``t`` on one core takes ``wake + t / n``; the two meet at
    ``t = wake * n / (n - 1)``.
    """
    return float("inf") if workers == 1 else waking_bytes * workers / (workers - 1)


class LoadedModule:
    """A module on its devices, ready to be called, by several threads at once too.

    With a driver for small calls, the program is loaded twice, once for the workers and once for the caller's own
    thread; both compute the same bits from the same memory, and each call takes the one that is faster for its size.

    Args:
        module: The ``.vmfb``; a memoryview is used where it lies, which must be on a 64-byte boundary.
        driver: The HAL driver.
        inputs: The dtype name of each input.
        outputs: The dtype name of each output.
        parameters: The weights by name, used where they lie if contiguous and on a 64-byte boundary, else copied.
        index: Which of the driver's devices.
        inline_driver: The HAL driver that runs on the caller's thread, if there is one for small calls.
        byte_results: The numbers of the outputs that the module returns as bytes, see :mod:`fanfold.backends.tensors`.
        results_apart: Whether the module returns each output in memory of its own for sure.
        only_row_kernels: Whether the program has no other dispatches.

    Raises:
        ArtifactError: If IREE rejects the module.
        TargetError: If there is no such device.
    """

    def __init__(
        self,
        module: bytes | memoryview,
        driver: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        parameters: Mapping[str, torch.Tensor],
        *,
        index: int = 0,
        inline_driver: str | None = None,
        byte_results: Collection[int] = (),
        results_apart: bool = False,
        only_row_kernels: bool = False,
    ) -> None:
        placement = Placement(DRIVERS[driver], index)
        load = functools.partial(Program, module, inputs, outputs, parameters)
        load = functools.partial(load, byte_results=byte_results, results_apart=results_apart)
        self._program: Program | ImageProgram
        if placement.driver.runs_images:
            self._program = ImageProgram(module, inputs, outputs, parameters, placement)
        else:
            self._program = load(placement)
        limit = inline_limit(WAKING_BYTES_OF_ROW_KERNELS if only_row_kernels else WAKING_BYTES, worker_count())
        self._inline_input_bytes = limit - sum(tensor.nbytes for tensor in parameters.values())
        self._inline: Program | None = None
        if inline_driver is not None and self._inline_input_bytes > 0:
            # Each thread that finds the others busy gets a context of its own, up to one a core.
            self._inline = load(Placement(DRIVERS[inline_driver]), contexts=worker_count())

    def program_for(self, input_bytes: int) -> Program | ImageProgram:
        """Return the program that is faster for inputs of this size in all."""
        if self._inline is not None and input_bytes < self._inline_input_bytes:
            return self._inline
        return self._program

    def call(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Run the module's function and wait for it.

        Args:
            tensors: Tensors of the dtypes and shapes that the module was compiled for, all on the program's device or
                all on the CPU; that is not checked here.

        Returns:
            Its results, each in memory of its own, on the device of the inputs.

        Raises:
            CallError: If the execution fails.
        """
        return self.program_for(sum(tensor.nbytes for tensor in tensors)).call(tensors)
