# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The ways to devices: a row for each HAL driver of IREE's, and for each of those of our own (`backends/compute/`)."""

from __future__ import annotations

from dataclasses import dataclass

#: DLPack's code for memory that the processor reads.
_IN_HOST_MEMORY = 1


@dataclass(frozen=True)
class Driver:
    """A way to devices.

    Attributes:
        name: IREE's name for it, or ours.
        devices: What its devices are called before the index; the first is the canonical name.
        dlpack: DLPack's code for their memory.
        library: What it loads on the machine, if anything.
        tool: The program that shows whether the library finds a device.
        contexts: The prefix and suffix of the library's functions that choose a thread's device, if it has any.
        flags: IREE's process-wide flags that it is made with.
        forward: Whether code for a GPU also runs on those that came later.
        runs_images: Whether it runs program images: it is one of ours, not of IREE's.
        stand_in: The driver that runs the same code where this one has no device, if there is one.
    """

    name: str
    devices: tuple[str, ...]
    dlpack: int
    library: str | None = None
    tool: str | None = None
    contexts: tuple[str, str] | None = None
    flags: tuple[str, ...] = ()
    forward: bool = False
    runs_images: bool = False
    stand_in: str | None = None

    @property
    def is_gpu(self) -> bool:
        """Whether its devices have memory that the processor does not read."""
        return self.dlpack != _IN_HOST_MEMORY

    def runs(self, arch: str, on: str | None) -> bool:
        """Return whether code for a GPU architecture runs on a device of another; on an unknown one it may."""
        if on is None or arch == on:
            return True
        return self.forward and _generation(arch) <= _generation(on)


def _generation(arch: str) -> int:
    """Return the number in ``sm_90``."""
    return int(arch.rpartition("_")[2])


DRIVERS = {
    row.name: row
    for row in (
        Driver("local-task", ("cpu",), 1),
        Driver("local-sync", ("cpu",), 1),
        Driver(
            "cuda",
            ("cuda",),
            2,
            library="libcuda.so",
            tool="nvidia-smi",
            contexts=("cu", "_v2"),
            # IREE cannot export memory of CUDA's own pools (cuda_allocator.c, export_buffer), so that every result
            # would be copied through the host.
            flags=("--cuda_async_allocations=false",),
            forward=True,
        ),
        Driver("hip", ("rocm", "hip"), 10, library="libamdhip64.so", tool="rocminfo", contexts=("hip", "")),
        Driver(
            "level_zero",
            ("level_zero", "xpu"),
            14,
            library="libze_loader.so.1",
            tool="sycl-ls",
            runs_images=True,
            stand_in="opencl",
        ),
        Driver("opencl", ("opencl",), 4, library="pyopencl", tool="clinfo", runs_images=True),
        Driver("vulkan", ("vulkan",), 7, library="libvulkan.so.1", tool="vulkaninfo"),
    )
}
