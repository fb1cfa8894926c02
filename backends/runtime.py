# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs IREE modules: loads one with its weights, and calls it with torch tensors."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from fanfold.errors import ArtifactError, CallError

from .device import check_not_forked, open_device, worker_count
from .tensors import make_exporter, make_importer, torch_dtype

#: The scope of the weights in the compiled module.
PARAMETER_SCOPE = "model"
FUNCTION = "main"


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
    """A module on its devices, ready to be called.

    With a driver for small calls, the program is loaded twice, once for the workers and once for the caller's own
    thread; both compute the same bits from the same memory, and each call takes the one that is faster for its size.

    Args:
        module: The ``.vmfb``; a memoryview is used where it lies, which must be on a 64-byte boundary.
        driver: The HAL driver.
        inputs: The dtype name of each input.
        outputs: The dtype name of each output.
        parameters: The weights by name, used where they lie if contiguous and on a 64-byte boundary, else copied.
        inline_driver: The HAL driver that runs on the caller's thread, if there is one for small calls.
        only_row_kernels: Whether the program has no other dispatches.

    Raises:
        ArtifactError: If IREE rejects the module.
    """

    def __init__(
        self,
        module: bytes | memoryview,
        driver: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        parameters: Mapping[str, torch.Tensor],
        *,
        inline_driver: str | None = None,
        only_row_kernels: bool = False,
    ) -> None:
        load = functools.partial(_Program, module, inputs, outputs, parameters)
        self._program = load(driver)
        limit = inline_limit(WAKING_BYTES_OF_ROW_KERNELS if only_row_kernels else WAKING_BYTES, worker_count())
        self._inline_input_bytes = limit - sum(tensor.nbytes for tensor in parameters.values())
        self._inline: _Program | None = None
        if inline_driver is not None and self._inline_input_bytes > 0:
            self._inline = load(inline_driver)

    def call(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Run the module's function and wait for it.

        Args:
            tensors: CPU tensors of the dtypes and shapes that the module was compiled for; that is not checked here.

        Returns:
            Its results, each in memory of its own.

        Raises:
            CallError: If the execution fails.
        """
        if self._inline is not None and sum(tensor.nbytes for tensor in tensors) < self._inline_input_bytes:
            return self._inline.call(tensors)
        return self._program.call(tensors)


class _Program:
    """A module on one device."""

    def __init__(
        self,
        module: bytes | memoryview,
        inputs: Sequence[str],
        outputs: Sequence[str],
        parameters: Mapping[str, torch.Tensor],
        driver: str,
    ) -> None:
        import iree.runtime as rt

        device = open_device(driver)
        self._importers = [make_importer(device.hal, torch_dtype(name)) for name in inputs]
        self._exporters = [make_exporter(device.hal, torch_dtype(name)) for name in outputs]
        self._list, self._view = rt.VmVariantList, rt.HalBufferView
        try:
            if isinstance(module, memoryview):
                program = rt.VmModule.wrap_buffer(device.instance, module)
            else:
                program = rt.VmModule.copy_buffer(device.instance, module)
            modules = [rt.create_hal_module(device.instance, device.hal), program]
            if parameters:
                modules.insert(0, _parameters_module(device.instance, parameters))
            self._context = rt.VmContext(device.instance, modules)
            self._function = program.lookup_function(FUNCTION)
        except (RuntimeError, ValueError, OSError, LookupError) as error:
            raise ArtifactError(
                f"IREE cannot load the module: {_first_line(error)}",
                stage="load",
                remedy="compile the model again with the installed version of iree-base-compiler",
            ) from error
        if self._function is None:
            raise ArtifactError(f"the module has no function {FUNCTION!r}", stage="load")
        # IREE's contexts must not be entered twice at a time. A call uses every core anyway.
        self._lock = threading.Lock()

    def call(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        check_not_forked()
        arguments = self._list(len(tensors))
        results = self._list(len(self._exporters))
        try:
            for tensor, import_tensor in zip(tensors, self._importers, strict=True):
                arguments.push_ref(import_tensor(tensor))
            with self._lock:
                self._context.invoke(self._function, arguments, results)
        except (RuntimeError, ValueError, OSError, LookupError, MemoryError) as error:
            raise CallError(f"the execution failed: {_first_line(error)}", stage="call") from error
        view, get = self._view, results.get_as_object
        outputs = [export(get(index, view)) for index, export in enumerate(self._exporters)]
        _separate(outputs, tensors)
        return outputs


def _separate(outputs: list[torch.Tensor], inputs: Sequence[torch.Tensor]) -> None:
    """Copy each output that IREE put where an input or an earlier output is.

    It does so for equal results, unchanged inputs and their first rows. Eager and ``torch.compile`` never share the
    memory of results that are computed twice, so nobody expects a write to one to reach the other.
    """
    addresses = [tensor.data_ptr() for tensor in (*inputs, *outputs)]
    if len(set(addresses)) == len(addresses):
        return
    for index, output in enumerate(outputs):
        if addresses[len(inputs) + index] in addresses[: len(inputs) + index]:
            outputs[index] = output.clone()


def _parameters_module(instance: Any, parameters: Mapping[str, torch.Tensor]) -> Any:
    import iree.runtime as rt

    index = rt.ParameterIndex()
    for name, tensor in parameters.items():
        index.add_buffer(name, tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy())
    return rt.create_io_parameters_module(instance, index.create_provider(scope=PARAMETER_SCOPE))


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
