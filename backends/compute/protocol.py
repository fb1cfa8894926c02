# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What running a program image needs of a device: the protocol of drivers, which Level Zero and OpenCL implement.

Memory is addressed by plain numbers, so that a kernel can be given any place inside an allocation. Work is recorded
once, as a :class:`Recording`, and submitted as often as it is wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

#: Alignment of every allocation, in bytes; IREE's offsets within them count on 64.
ALIGNMENT = 128


@dataclass(frozen=True)
class DeviceProperties:
    """A device, as its driver describes it.

    Attributes:
        name: Its name.
        subgroups: Numbers of lanes that a kernel may ask for.
        workgroup: Most threads of a workgroup.
        largest_bytes: Largest single allocation, in bytes.
    """

    name: str
    subgroups: tuple[int, ...]
    workgroup: int
    largest_bytes: int


class Kernel(Protocol):
    """A kernel of a module, with the size of its workgroups."""

    @property
    def name(self) -> str:
        """Its entry point."""
        ...


class Module(Protocol):
    """Code on a device."""

    def kernel(self, name: str, workgroup: tuple[int, int, int]) -> Kernel:
        """Return a kernel, which lives as long as the module.

        Raises:
            ArtifactError: If there is no such kernel, or the device does not run it with such workgroups.
        """
        ...


class Recording(Protocol):
    """A list of commands. Those between two barriers may run side by side, in any order.

    Addresses are kept, not what is there: the memory must live as long as the recording is submitted.
    """

    def launch(
        self, kernel: Kernel, groups: tuple[int, int, int], addresses: Sequence[int], constants: Sequence[int]
    ) -> None:
        """Append a launch.

        Args:
            kernel: What to launch.
            groups: How many workgroups in x, y and z, none of them 0.
            addresses: Its first arguments, pointers.
            constants: Its other arguments, of 32 bits, as signed or unsigned numbers.
        """
        ...

    def copy(self, target: int, source: int, size: int) -> None:
        """Append a copy of ``size`` bytes, not 0, between places that do not overlap, on the device or the host."""
        ...

    def fill(self, target: int, pattern: bytes, size: int) -> None:
        """Append a fill of ``size`` bytes, not 0 and a multiple of the pattern's 1, 2 or 4."""
        ...

    def barrier(self) -> None:
        """Let all that comes after wait for all before."""
        ...

    def close(self) -> None:
        """End it: from now on it can be submitted."""
        ...

    def submit(self) -> None:
        """Start it. It must be waited for before it is submitted again."""
        ...

    def wait(self) -> None:
        """Return when what was submitted is done; its results are then in memory, for the host too."""
        ...

    def release(self) -> None:
        """Give it back; it must not run."""
        ...


class Context(Protocol):
    """A device, with memory and code of one user. Not for several threads at a time."""

    @property
    def properties(self) -> DeviceProperties:
        """The device."""
        ...

    def load(self, code: bytes) -> Module:
        """Build a SPIR-V module.

        Raises:
            ArtifactError: With the build log, if the device's compiler refuses it.
        """
        ...

    def allocate(self, size: int) -> int:
        """Return the address of ``size`` bytes, not 0, on the device; their content is undefined.

        Raises:
            CallError: If there is not so much.
        """
        ...

    def allocate_host(self, size: int) -> int:
        """Return the address of ``size`` bytes, not 0, that the host reads and writes and the device copies fast."""
        ...

    def free(self, address: int) -> None:
        """Free what one of the two returned; nothing that runs must use it."""
        ...

    def allocation(self, address: int) -> int | None:
        """Return the number of the allocation that an address is in, if a kernel on this device may be given it.

        It may be memory of others. What is allocated at the same address later has another number.
        """
        ...

    def record(self) -> Recording:
        """Return an empty recording."""
        ...

    def close(self) -> None:
        """Wait for the device, and give back all that this context has."""
        ...


class ComputeDriver(Protocol):
    """A way to a machine's devices."""

    def devices(self) -> list[DeviceProperties]:
        """Return its devices; the place of each in this list is its index.

        Raises:
            TargetError: If the driver does not work here.
        """
        ...

    def open(self, index: int) -> Context:
        """Return a new context on a device.

        Raises:
            TargetError: If there is no such device, or the driver does not work here.
        """
        ...
