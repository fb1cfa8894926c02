# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""SPIR-V modules in Level Zero, with their kernels."""

from __future__ import annotations

from contextlib import ExitStack
from ctypes import byref, c_size_t, c_void_p, create_string_buffer
from dataclasses import dataclass

from fanfold.errors import ArtifactError, CallError

from . import ze_structs as structs
from .ze_api import LevelZero

#: Without it a division and a root may be wrong in their last bits; PyTorch's never are.
BUILD_FLAGS = b"-ze-fp32-correctly-rounded-divide-sqrt"


@dataclass(frozen=True)
class LevelZeroKernel:
    """A kernel, see :class:`protocol.Kernel`.

    Attributes:
        name: Its entry point.
        handle: Level Zero's.
    """

    name: str
    handle: int


class LevelZeroModule:
    """Code on a device, see :class:`protocol.Module`.

    Args:
        api: Level Zero's functions.
        context: The context's handle.
        device: The device's handle.
        code: SPIR-V.

    Raises:
        ArtifactError: With the build log, if the device's compiler refuses it.
    """

    def __init__(self, api: LevelZero, context: int, device: int, code: bytes) -> None:
        self._api = api
        self._kernels: list[LevelZeroKernel] = []
        description = structs.ze_module_desc_t(
            format=structs.ZE_MODULE_FORMAT_IL_SPIRV,
            inputSize=len(code),
            pInputModule=code,
            pBuildFlags=BUILD_FLAGS,
        )
        module, log = c_void_p(), c_void_p()
        try:
            api.zeModuleCreate(context, device, byref(description), byref(module), byref(log))
        except CallError as error:
            raise ArtifactError(
                f"the device's compiler refuses a module of {len(code)} bytes of SPIR-V: {error.message}",
                stage="load",
                found=_text(api, log) or "no build log",
                remedy="compile the model again; if that does not help, report it with the build log",
            ) from error
        finally:
            if log.value:
                api.zeModuleBuildLogDestroy(log)
        self._handle = module

    def kernel(self, name: str, workgroup: tuple[int, int, int]) -> LevelZeroKernel:
        """Return a kernel with the size of its workgroups.

        Raises:
            ArtifactError: If there is no such kernel, or it does not take such workgroups.
        """
        api, handle = self._api, c_void_p()
        description = structs.ze_kernel_desc_t(pKernelName=name.encode())
        try:
            api.zeKernelCreate(self._handle, byref(description), byref(handle))
            kernel = LevelZeroKernel(name, handle.value or 0)
            self._kernels.append(kernel)
            api.zeKernelSetGroupSize(handle, *workgroup)
        except CallError as error:
            raise ArtifactError(f"kernel {name!r}: {error.message}", stage="load") from error
        return kernel

    def release(self) -> None:
        """Destroy the module and its kernels."""
        with ExitStack() as stack:
            stack.callback(self._api.zeModuleDestroy, self._handle)
            for kernel in self._kernels:
                stack.callback(self._api.zeKernelDestroy, kernel.handle)
        self._kernels.clear()


def _text(api: LevelZero, log: c_void_p) -> str:
    if not log.value:
        return ""
    size = c_size_t()
    api.zeModuleBuildLogGetString(log, byref(size), None)
    text = create_string_buffer(size.value)
    api.zeModuleBuildLogGetString(log, byref(size), text)
    return text.value.decode(errors="replace").strip()
