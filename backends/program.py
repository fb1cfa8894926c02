# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A module on one device."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import torch

from fanfold.errors import ArtifactError, CallError

from . import device as devices
from .crossing import Crossing, share, stage
from .placement import Placement
from .tensors import importable

#: The scope of the weights in the compiled module.
PARAMETER_SCOPE = "model"
FUNCTION = "main"

Call = Callable[[Sequence[torch.Tensor]], list[torch.Tensor]]

#: What IREE raises.
FAILURES = (RuntimeError, ValueError, OSError, LookupError)


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
        byte_results: The numbers of the outputs that the module returns as bytes, see :mod:`.tensors`.
        results_apart: Whether the module returns each output in memory of its own for sure.
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
        byte_results: Collection[int] = (),
        results_apart: bool = False,
        contexts: int = 1,
    ) -> None:
        import iree.runtime as rt

        device = devices.open_device(placement)
        self._device, self._placement = device, placement
        try:
            with device.context:
                program = open_module(device.instance, module)
                self._modules = [rt.create_hal_module(device.instance, device.hal), program]
                if parameters:
                    self._modules.insert(0, _parameters_module(device.instance, parameters))
                #: What :attr:`context` is entered with.
                self.function = program.lookup_function(FUNCTION)
                #: One of the program's contexts, for who measures IREE alone.
                self.context = rt.VmContext(device.instance, self._modules)
        except FAILURES as error:
            raise cannot_load(error) from error
        if self.function is None:
            raise ArtifactError(f"the module has no function {FUNCTION!r}", stage="load")
        self._free: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._free.put(self.context)
        self._results_apart = results_apart
        self._may_add = threading.Semaphore(contexts - 1)
        self._shared = share(device.hal, placement, inputs, outputs, byte_results)
        #: Runs the module's function on tensors, see :meth:`LoadedModule.call`.
        self.call: Call = self._make_call(self._shared)
        if placement.driver.is_gpu:
            self.call = self._on_gpu(self.call, self._make_call(stage(device.hal, inputs, outputs)))

    def import_tensor(self, number: int, tensor: torch.Tensor) -> Any:
        """Return a buffer view of a tensor on the device for the input ``number``."""
        return self._shared.importers[number](tensor, tensor.data_ptr())

    def _on_gpu(self, shared: Call, staged: Call) -> Call:
        device = self._placement.torch_device()

        def call(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
            with self._device.context:
                if all(tensor.is_cpu for tensor in tensors):
                    return staged(tensors)
                # IREE's work is on a stream of its own, which knows nothing of what torch still does, copies included.
                dense = [importable(tensor) for tensor in tensors]
                torch.cuda.current_stream(device).synchronize()
                return shared(dense)

        return call

    def _make_call(self, crossing: Crossing) -> Call:
        # A closure, since it finds its names faster than a method does: beside small calls that counts.
        import iree.runtime as rt

        function, new_list = self.function, rt.VmVariantList
        # What `get_as_object` does in twice the time, since it asks the type for this each time.
        to_view = rt.HalBufferView.__iree_vm_cast__
        importers, exporters = crossing.importers, tuple(enumerate(crossing.exporters))
        input_count, result_count = len(importers), len(exporters)
        enter, leave, wait = self._free.get_nowait, self._free.put, self._another_context
        apart = self._results_apart

        def call(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
            if devices.forked:
                devices.check_not_forked()
            arguments, results = new_list(input_count), new_list(result_count)
            push, get = arguments.push_ref, results.get_as_ref
            outputs = []
            try:
                for tensor, import_tensor in zip(tensors, importers):  # noqa: B905 - strict takes as long as the loop
                    push(import_tensor(tensor, tensor.data_ptr()))
                try:
                    context = enter()
                except queue.Empty:
                    context = wait()
                try:
                    context.invoke(function, arguments, results)
                finally:
                    leave(context)
                for index, export in exporters:
                    outputs.append(export(to_view(get(index))))
                if not apart:
                    _take_apart(outputs, tensors)
            except (*FAILURES, MemoryError) as error:
                raise CallError(f"the execution failed: {first_line(error)}", stage="call") from error
            return outputs

        return call

    def _another_context(self) -> Any:
        """Return a context for one more thread, or wait for one."""
        import iree.runtime as rt

        if not self._may_add.acquire(blocking=False):
            return self._free.get()
        try:
            return rt.VmContext(self._device.instance, self._modules)
        except BaseException:
            self._may_add.release()
            raise


def _take_apart(outputs: list[torch.Tensor], inputs: Sequence[torch.Tensor]) -> None:
    """Replace outputs that are in the memory of an input or an earlier output by copies.

    IREE gives equal results, unchanged inputs and their first rows the same memory. Eager and torch.compile never do so
    with results that are computed twice, so nobody expects a write to one to reach the other.
    """
    addresses = {tensor.data_ptr() for tensor in inputs}
    for number, output in enumerate(outputs):
        address = output.data_ptr()
        if address in addresses:
            outputs[number] = output.clone()
        addresses.add(address)


def open_module(instance: Any, module: bytes | memoryview) -> Any:
    """Return a ``.vmfb`` as IREE's module; a memoryview is used where it lies."""
    import iree.runtime as rt

    load = rt.VmModule.wrap_buffer if isinstance(module, memoryview) else rt.VmModule.copy_buffer
    return load(instance, module)


def cannot_load(error: Exception) -> ArtifactError:
    """Return what is said when IREE rejects a module."""
    return ArtifactError(
        f"IREE cannot load the module: {first_line(error)}",
        stage="load",
        remedy="compile the model again with the installed version of iree-base-compiler",
    )


def _parameters_module(instance: Any, parameters: Mapping[str, torch.Tensor]) -> Any:
    import iree.runtime as rt

    index = rt.ParameterIndex()
    for name, tensor in parameters.items():
        index.add_buffer(name, tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy())
    return rt.create_io_parameters_module(instance, index.create_provider(scope=PARAMETER_SCOPE))


def first_line(error: Exception) -> str:
    """Return the first line of an error's text that says something."""
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
