# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What this installation compiles for, and what of that this machine runs, on which devices."""

from __future__ import annotations

from dataclasses import dataclass

from fanfold.errors import FanfoldError

from . import cpu, gpu
from .device import DeviceInfo, list_devices, worker_count
from .drivers import DRIVERS, Driver
from .placement import Placement, drivers_for
from .target import BACKENDS, Target


@dataclass(frozen=True)
class Inventory:
    """A driver on this machine.

    Attributes:
        driver: The driver.
        devices: Its devices, by index.
        lacks: What the machine lacks, when there are none.
        detail: What the driver says about that.
    """

    driver: Driver
    devices: tuple[DeviceInfo, ...]
    lacks: str = ""
    detail: str = ""

    def placements(self) -> list[tuple[str, DeviceInfo]]:
        """Return the devices by the names that :func:`fanfold.load` takes."""
        return [(str(Placement(self.driver, index)), device) for index, device in enumerate(self.devices)]


@dataclass(frozen=True)
class Listing:
    """One line of ``fanfold targets``.

    Attributes:
        target: The canonical target.
        vector_bits: Width of a vector register, or the widest access of a thread, in bits.
        missing: What this machine lacks to run it; empty when it can.
        evidence: What the project's tests did with its code: ``run``, ``run on a CPU``, ``compiled only`` or ``none``.
    """

    target: str
    vector_bits: int
    missing: tuple[str, ...]
    evidence: str


def take_inventory() -> dict[str, Inventory]:
    """Return the driver of each backend with its devices here; none that does not work is an error.

    A driver that stands in for another is there under its own name.
    """
    here = {}
    for backend, row in BACKENDS.items():
        driver, *others = drivers_for(DRIVERS[row.driver])
        here[backend] = _look(driver)
        here |= {other.name: _look(other) for other in others}
    return here


def list_targets(here: dict[str, Inventory] | None = None) -> list[Listing]:
    """Return every target that this installation compiles for, with what this machine lacks to run it.

    Args:
        here: What :func:`take_inventory` found, if it has been asked.
    """
    here = take_inventory() if here is None else here
    listings = []
    for backend, row in BACKENDS.items():
        for name in row.names():
            target = Target(backend, row.arch(name))
            drivers = [here[backend], *(here[driver.name] for driver in drivers_for(DRIVERS[row.driver])[1:])]
            lacking = [_missing(found, name) for found in drivers]
            missing = (*cpu.missing_features(target.required_cpu_features()), *min(lacking, key=len))
            listings.append(Listing(str(target), target.arch.vector_bits, missing, target.arch.evidence))
    return listings


def _look(driver: Driver) -> Inventory:
    if not driver.is_gpu:
        # Not by opening it: that starts its workers.
        return Inventory(driver, (DeviceInfo(f"{worker_count()} worker threads", None),))
    if not driver.runs_images and (missing := gpu.missing_libraries(driver.library)):
        return Inventory(driver, (), missing[0])
    try:
        devices = tuple(list_devices(driver))
    except FanfoldError as error:
        lacks = error.expected if driver.runs_images else None
        return Inventory(driver, (), lacks or "a driver that works", error.message)
    return Inventory(driver, devices, "" if devices else "a device")


def _missing(here: Inventory, arch: str) -> list[str]:
    if here.lacks:
        return [here.lacks]
    if not here.driver.is_gpu or any(here.driver.runs(arch, device.arch) for device in here.devices):
        return []
    return [f"a device of {arch}"]
