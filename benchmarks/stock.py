# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Stock IREE: torch-mlir's import and iree-compile for the host CPU, without fanfold's passes.

Called by the leanest way that the runtime's Python API offers: buffers and argument lists are made before the clock
starts, results stay device buffers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

FLAGS = (
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=llvm-cpu",
    "--iree-llvmcpu-target-cpu=host",
)


def compile_stock(model: nn.Module, x: Tensor, extra_flags: Sequence[str] = ()) -> bytes:
    """Return the .vmfb that torch-mlir and IREE make of ``model`` on their own."""
    import iree.compiler
    import torch_mlir.fx

    imported = torch_mlir.fx.export_and_import(model, x, output_type="raw", func_name="main")
    vmfb: bytes = iree.compiler.compile_str(str(imported), input_type="torch", extra_args=[*FLAGS, *extra_flags])
    return vmfb


class StockProgram:
    """A loaded stock program with its argument in place.

    Args:
        vmfb: What :func:`compile_stock` returned.
        x: The argument.
        workers: Threads that execute dispatches, as many as every other peer has.
    """

    def __init__(self, vmfb: bytes, x: Tensor, workers: int) -> None:
        import iree.runtime as rt

        # The default makes one worker per physical core, whatever cores the process may use.
        rt.flags.parse_flags(f"--task_topology_group_count={workers}")
        self._rt = rt
        self._config = rt.Config("local-task")
        self._module = rt.VmModule.copy_buffer(self._config.vm_instance, vmfb)
        hal = rt.create_hal_module(self._config.vm_instance, self._config.device)
        self._context = rt.VmContext(self._config.vm_instance, [hal, self._module])
        self._main = self._module.lookup_function("main")
        self._arguments = rt.VmVariantList(1)
        self._arguments.push_ref(
            self._config.device.allocator.allocate_buffer_copy(
                memory_type=rt.MemoryType.DEVICE_LOCAL,
                allowed_usage=rt.BufferUsage.DEFAULT | rt.BufferUsage.MAPPING,
                device=self._config.device,
                buffer=x.view(torch.uint16).numpy(),
                element_type=rt.HalElementType.BFLOAT_16,
            )
        )

    def function(self) -> Callable[[], object]:
        """Return the call to be timed: it blocks until every result is in its buffer."""
        invoke, main, arguments, new_list = self._context.invoke, self._main, self._arguments, self._rt.VmVariantList

        def call() -> object:
            results = new_list(4)
            invoke(main, arguments, results)
            return results

        return call

    def outputs(self) -> tuple[np.ndarray, ...]:
        """Call once and return the results on the host."""
        results = self._rt.VmVariantList(4)
        self._context.invoke(self._main, self._arguments, results)
        device = self._config.device
        views = [results.get_as_object(i, self._rt.HalBufferView) for i in range(4)]
        return tuple(np.array(self._rt.DeviceArray(device, view).to_host()) for view in views)
