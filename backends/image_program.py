# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A program image on one device, called with torch tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from fanfold.errors import ArtifactError, CallError, FanfoldError

from . import device as devices
from .compute.drivers import DRIVERS as COMPUTE
from .compute.executor import Argument
from .compute.plan import View
from .compute.vm_module import DeviceModule, make_module
from .drivers import DRIVERS
from .placement import Placement
from .program import FAILURES, PARAMETER_SCOPE, cannot_load, first_line, open_module
from .tensors import ALIGNMENT, torch_dtype


class ImageProgram:
    """A program image on one device, ready to be called, by several threads one after the other.

    iree-runtime loads the ``.vmfb`` and calls our module with the image in it. Calls then go straight to what came of
    that: the ``.vmfb`` would only hand the tensors through.

    Args:
        module: The ``.vmfb``; a memoryview is used where it lies, which must be on a 64-byte boundary.
        inputs: The dtype name of each input.
        outputs: The dtype name of each output.
        parameters: The weights by name.
        placement: The device.

    Raises:
        ArtifactError: If IREE rejects the module, or the device's compiler its code.
        TargetError: If there is no such device, or it does not run this code.
    """

    def __init__(
        self,
        module: bytes | memoryview,
        inputs: Sequence[str],
        outputs: Sequence[str],
        parameters: Mapping[str, torch.Tensor],
        placement: Placement,
    ) -> None:
        import iree.runtime as rt

        self._placement = placement
        self._dtypes = [torch_dtype(name) for name in outputs]
        self._inputs = inputs
        # The machine and its buffers are the processor's.
        host = devices.open_device(Placement(DRIVERS["local-sync"]))
        weights = {name: _bytes_of(tensor) for name, tensor in parameters.items()}
        device = DeviceModule(
            lambda: COMPUTE[placement.driver.name].open(placement.index), host.hal, {PARAMETER_SCOPE: weights}
        )
        modules = [
            rt.create_hal_module(host.instance, host.hal),
            make_module(device, len(inputs), len(outputs)),
        ]
        try:
            modules.append(open_module(host.instance, module))
            self._context = rt.VmContext(host.instance, modules)
        except FAILURES as error:
            if device.error is not None:
                raise device.error from error
            raise cannot_load(error) from error
        if not device.programs:
            raise ArtifactError(
                "the module has no program image",
                stage="load",
                remedy=f"compile the model again for a target that {placement.driver.name} runs",
            )
        #: Runs the image.
        self.executor = device.programs[0]

    def call(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Run the program, see :meth:`runtime.LoadedModule.call`.

        Raises:
            CallError: If the execution fails.
        """
        if devices.forked:
            devices.check_not_forked()
        on_device = not all(tensor.is_cpu for tensor in tensors)
        where = self._placement.torch_device() if on_device else None
        outputs: list[torch.Tensor] = []

        def receive(number: int, view: View) -> int:
            # Without a device torch takes its default one, whose memory may be no processor's.
            output = torch.empty(view.dims, dtype=self._dtypes[number], device=where or "cpu")
            if output.nbytes != view.span.size:
                raise CallError(
                    f"result {number} does not fit what the file says of it",
                    stage="call",
                    expected=str(output.dtype).removeprefix("torch."),
                    found=view.dtype,
                    remedy="compile the model again",
                )
            outputs.append(output)
            return output.data_ptr()

        try:
            # The tensors must live as long as the call: some are copies.
            held = [_dense(tensor) for tensor in tensors]
            if on_device:
                # What torch still computes, these copies too, is on a queue of its own. With an Intel GPU, never run.
                torch.xpu.synchronize(where)
            named = zip(held, self._inputs, strict=True)
            arguments = [self._argument(tensor, name, on_device) for tensor, name in named]
            self.executor.call(arguments, receive, to_host=not on_device)
        except FanfoldError:
            raise
        except (*FAILURES, MemoryError) as error:
            raise CallError(f"the execution failed: {first_line(error)}", stage="call") from error
        return outputs

    def _argument(self, tensor: torch.Tensor, dtype: str, on_device: bool) -> Argument:
        address, size = tensor.data_ptr(), tensor.nbytes
        if not on_device or not size:
            return Argument(address, dtype, tuple(tensor.shape), size, on_device)
        allocation = self.executor.memory.context.allocation(address)
        if allocation is None:
            raise CallError(
                f"{self._placement} cannot use the memory of a tensor on {tensor.device}",
                stage="call",
                expected=f"tensors on the device {self._placement}, or on the CPU",
                found=f"a tensor on {tensor.device}",
                remedy="pass tensors on the CPU: tensor.cpu()",
            )
        return Argument(address, dtype, tuple(tensor.shape), size, on_device, allocation)


def _dense(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor row-major, without pending negation, and where kernels may read it 16 bytes at a time."""
    tensor = tensor.detach().resolve_neg().resolve_conj().contiguous()
    return tensor.clone() if not tensor.is_cpu and tensor.data_ptr() % ALIGNMENT else tensor


def _bytes_of(tensor: torch.Tensor) -> memoryview:
    flat = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    content: Any = flat.numpy()
    return memoryview(content)
