# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The kernels of a program on a device."""

from __future__ import annotations

import math

from fanfold.backends.image.program import Image
from fanfold.backends.image.program import Kernel as ImageKernel
from fanfold.errors import FanfoldError, TargetError

from .located import at
from .protocol import Context, DeviceProperties, Kernel


class Kernels:
    """All kernels of an image, built.

    Args:
        image: The program.
        context: The device.

    Raises:
        ArtifactError: With the build log, if the device's compiler refuses a module.
        TargetError: If the device cannot run them.
    """

    def __init__(self, image: Image, context: Context) -> None:
        for kernel in image.kernels:
            _check(kernel, context.properties, image.target)
        names: dict[int, list[str]] = {}
        for kernel in image.kernels:
            names.setdefault(kernel.module, []).append(kernel.name)
        modules = {}
        for number, entries in names.items():
            try:
                modules[number] = context.load(bytes(image.modules[number]))
            except FanfoldError as error:
                raise at(error, f"module {number} with {', '.join(entries)}") from error
        self._kernels: list[Kernel] = [
            modules[kernel.module].kernel(kernel.name, kernel.workgroup) for kernel in image.kernels
        ]

    def __getitem__(self, number: int) -> Kernel:
        return self._kernels[number]


def _check(kernel: ImageKernel, device: DeviceProperties, target: str) -> None:
    threads = math.prod(kernel.workgroup)
    if kernel.subgroup not in device.subgroups:
        expected = f"subgroups of {kernel.subgroup} lanes"
        found = f"subgroups of {', '.join(map(str, device.subgroups)) or 'no known size'}"
    elif threads > device.workgroup:
        expected, found = f"workgroups of {threads} threads", f"at most {device.workgroup}"
    else:
        return
    raise TargetError(
        f"{device.name} cannot run code compiled for {target!r}",
        stage="load",
        op=kernel.name,
        expected=expected,
        found=found,
        remedy="compile the model for the device that is there; `fanfold targets` lists them",
    )
