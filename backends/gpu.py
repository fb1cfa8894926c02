# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What GPU backends have in common: a row for each device, which kernels and compiler flags are made from."""

from __future__ import annotations

import ctypes
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fanfold.passes.kernel.gpu.device import GpuDevice
    from fanfold.passes.kernel.gpu.kernel import GpuKernels


@functools.cache
def missing_libraries(name: str | None) -> list[str]:
    """Return the library, if one is named, that this machine does not have."""
    if name is None:
        return []
    try:
        ctypes.CDLL(name)
    except OSError:
        return [name]
    return []


@dataclass(frozen=True)
class GpuArch:
    """A GPU architecture.

    Attributes:
        name: The vendor's name for it, such as ``sm_90`` or ``gfx950``.
        subgroup: Lanes that run together.
        shared_bytes: Memory that a workgroup can share, in bytes.
        hardware_fp8: The fp8 types that its conversion instructions know, in MLIR's names.
        evidence: What the project's tests did with its code: ``compiled only``, or ``run on a CPU`` by the vendor's own
            compiler for them.
    """

    name: str
    subgroup: int
    shared_bytes: int
    hardware_fp8: tuple[str, ...] = ()
    evidence: str = "compiled only"

    #: No processor feature of this machine decides whether code for a GPU runs.
    features: frozenset[str] = frozenset()

    #: Widest access of a thread, in bits, on every one of them.
    vector_bits: int = 128

    @property
    def lacks(self) -> tuple[str, ...]:
        """The features of `fanfold.features` that it does not have."""
        return () if self.hardware_fp8 else ("fp8",)

    def kernels(self) -> GpuKernels:
        """Return the vocabulary in which kernels for this GPU are written."""
        # Imported here: it needs torch-mlir, which a machine that only runs models does not have.
        from fanfold.passes.kernel.gpu.kernel import GpuKernels

        return GpuKernels(self.device())

    def device(self) -> GpuDevice:
        """Return what the kernel generator has to know."""
        from fanfold.passes.kernel.gpu.device import GpuDevice

        return GpuDevice(subgroup=self.subgroup, shared_bytes=self.shared_bytes, name=self.name)
