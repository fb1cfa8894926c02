# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A module on one device."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from fanfold.errors import ArtifactError, CallError

from .crossing import Crossing, share, stage
from .device import check_not_forked, open_device
from .placement import Placement

#: The scope of the weights in the compiled module.
PARAMETER_SCOPE = "model"
FUNCTION = "main"

_FAILURES = (RuntimeError, ValueError, OSError, LookupError)


class Program:
    """A module on one device, ready to be called.

    IREE's contexts must not be entered twice at a time. A call takes one that nobody is in, and waits when there is
    none. IREE lets go of Python's lock while it runs.

    Args:
        module: The ``.vmfb``; a memoryview is used where it lies, which must be on a 64-byte boundary.
        inputs: The dtype name of each input.
        outputs: The dtype name of each output.
        parameters: The weights by name.
        placement: The device.
        contexts: So many threads may be in it at a time. Each has its own copy of what the program computes at load.

    Raises:
        ArtifactError: If IREE rejects the module.
        TargetError: If there is no such device.
    """

    def __init__(
        self,
        module: bytes | memoryview,
        inputs: Sequence[str],
        outputs: Sequence[str],
        parameters: Mapping[str, torch.Tensor],
        placement: Placement,
        *,
        contexts: int = 1,
    ) -> None:
        import iree.runtime as rt

        self._device = device = open_device(placement)
        self._placement = placement
        self._shared = share(device.hal, placement, inputs, outputs)
        self._staged = stage(device.hal, inputs, outputs) if placement.driver.is_gpu else None
        self._runtime, self._list, self._view = rt, rt.VmVariantList, rt.HalBufferView
        self._result_count = len(outputs)
        try:
            with device.context:
                if isinstance(module, memoryview):
                    program = rt.VmModule.wrap_buffer(device.instance, module)
                else:
                    program = rt.VmModule.copy_buffer(device.instance, module)
                self._modules = [rt.create_hal_module(device.instance, device.hal), program]
                if parameters:
                    self._modules.insert(0, _parameters_module(device.instance, parameters))
                #: What :attr:`context` is entered with.
                self.function = program.lookup_function(FUNCTION)
                #: One of the program's contexts, for who measures IREE alone.
                self.context = rt.VmContext(device.instance, self._modules)
        except _FAILURES as error:
            raise ArtifactError(
                f"IREE cannot load the module: {_first_line(error)}",
                stage="load",
                remedy="compile the model again with the installed version of iree-base-compiler",
            ) from error
        if self.function is None:
            raise ArtifactError(f"the module has no function {FUNCTION!r}", stage="load")
        self._free: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._free.put(self.context)
        self._may_add = threading.Semaphore(contexts - 1)

    def import_tensor(self, number: int, tensor: torch.Tensor) -> Any:
        """Return a buffer view of a tensor for the input ``number``."""
        return (self._shared if self._staged is None else self._staged).importers[number](tensor)

    def call(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Run the module's function and wait for it.

        Args:
            tensors: Tensors of the dtypes and shapes that the module was compiled for, all on the program's device or
                all on the CPU; that is not checked here.

        Returns:
            Its results, each in memory of its own, on the device of the inputs; on the CPU when there are no inputs.

        Raises:
            CallError: If the execution fails.
        """
        check_not_forked()
        if self._staged is None:
            return self._run(self._shared, tensors)
        with self._device.context:
            if all(tensor.is_cpu for tensor in tensors):
                return self._run(self._staged, tensors)
            # IREE's work is on a stream of its own, which knows nothing of what torch still computes.
            torch.cuda.current_stream(self._placement.torch_device()).synchronize()
            return self._run(self._shared, tensors)

    def _run(self, crossing: Crossing, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        results = self._list(self._result_count)
        try:
            arguments = self._list(len(tensors))
            push = arguments.push_ref
            for tensor, import_tensor in zip(tensors, crossing.importers, strict=True):
                push(import_tensor(tensor))
            try:
                context = self._free.get_nowait()
            except queue.Empty:
                context = self._another_context()
            try:
                context.invoke(self.function, arguments, results)
            finally:
                self._free.put(context)
            get, view = results.get_as_object, self._view
            outputs = [export(get(index, view)) for index, export in enumerate(crossing.exporters)]
        except (*_FAILURES, MemoryError) as error:
            raise CallError(f"the execution failed: {_first_line(error)}", stage="call") from error
        _separate(outputs, tensors)
        return outputs

    def _another_context(self) -> Any:
        """Return a context for one more thread, or wait for one."""
        if not self._may_add.acquire(blocking=False):
            return self._free.get()
        try:
            return self._runtime.VmContext(self._device.instance, self._modules)
        except BaseException:
            self._may_add.release()
            raise


def _separate(outputs: list[torch.Tensor], inputs: Sequence[torch.Tensor]) -> None:
    """Copy each output that IREE put where an input or an earlier output is.

    It does so for equal results, unchanged inputs and their first rows. Eager and ``torch.compile`` never share the
    memory of results that are computed twice, so nobody expects a write to one to reach the other.
    """
    taken = {tensor.data_ptr() for tensor in inputs}
    for index, output in enumerate(outputs):
        address = output.data_ptr()
        if address in taken:
            outputs[index] = output.clone()
        else:
            taken.add(address)


def _parameters_module(instance: Any, parameters: Mapping[str, torch.Tensor]) -> Any:
    import iree.runtime as rt

    index = rt.ParameterIndex()
    for name, tensor in parameters.items():
        index.add_buffer(name, tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy())
    return rt.create_io_parameters_module(instance, index.create_provider(scope=PARAMETER_SCOPE))


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
