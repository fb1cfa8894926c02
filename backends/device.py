# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Opens IREE devices: each once per process, the CPU with a worker for every core that the process may use."""

from __future__ import annotations

import ctypes
import os
import re
import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from fanfold.errors import CallError, MissingDependencyError, TargetError

from .drivers import Driver
from .gpu_context import GpuContext
from .placement import Placement

_LOCK = threading.RLock()
_DRIVERS: dict[str, Any] = {}
_DEVICES: dict[Placement, Device] = {}
#: Whether this process is a child of one that had opened a device.
forked = False


@dataclass(frozen=True)
class DeviceInfo:
    """A device that is on this machine.

    Attributes:
        name: Its name, as its driver gives it.
        arch: Its architecture in the words of targets, if it is a GPU whose driver says.
    """

    name: str
    arch: str | None


@dataclass(frozen=True)
class Device:
    """An open device.

    Attributes:
        instance: The ``iree.runtime.VmInstance`` that its modules are loaded into.
        hal: The ``iree.runtime.HalDevice``.
        info: What it is.
        context: Makes it the current device of a thread, while something is done with it.
    """

    instance: Any
    hal: Any
    info: DeviceInfo
    context: AbstractContextManager[Any]


def worker_count() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def open_device(placement: Placement) -> Device:
    """Return a device, opened at the process's first call for it.

    IREE's own choice of CPU workers is one per physical core that it finds, which on a machine shared with others, or
    in a container, is often not what the process may use: calls then wait in steps of milliseconds. The number can only
    be set by a flag of the whole process, read when the driver is made. A CPU device that other code opened through
    ``iree.runtime`` before keeps its own workers, and is shared.

    Raises:
        MissingDependencyError: If the IREE runtime is not installed.
        TargetError: If it has no such driver, or the driver no such device.
        CallError: In a child of ``fork``, when the parent has opened a device.
    """
    check_not_forked()
    with _LOCK:
        if placement not in _DEVICES:
            _DEVICES[placement] = _open(placement)
        return _DEVICES[placement]


def list_devices(driver: Driver) -> list[DeviceInfo]:
    """Return a driver's devices on this machine, by index.

    Raises:
        MissingDependencyError: If the IREE runtime is not installed.
        TargetError: If it has no such driver, or the driver does not work here.
    """
    if driver.runs_images:
        from .compute.drivers import list_devices as list_compute_devices

        return [DeviceInfo(device.name, None) for device in list_compute_devices(driver.name)]
    made, entries = _query(driver)
    return [DeviceInfo(str(entry["name"]), _arch(made.dump_device_info(entry["device_id"]))) for entry in entries]


def _arch(text: str) -> str | None:
    """Return the architecture in what IREE's driver says about a device: HIP by name, CUDA by number."""
    if named := re.search(r"gpu-arch-name: (\w+)", text):
        return named[1]
    numbered = re.search(r"gpu-compute-capability: (\d+)\.(\d+)", text)
    return f"sm_{numbered[1]}{numbered[2]}" if numbered else None


def check_not_forked() -> None:
    """Refuse to use a device in a child of ``fork``: its workers live on in the parent only, so a call would never end.

    Raises:
        CallError: If a device was open when this process was forked.
    """
    if forked:
        raise CallError(
            "this process was forked after its parent opened a device",
            stage="call",
            remedy="start processes with the 'spawn' method, or load the model only in the child",
        )


def _query(driver: Driver) -> tuple[Any, list[dict[str, Any]]]:
    """Return IREE's driver, made at the first call, and its list of devices."""
    try:
        import iree.runtime as rt
        from iree.runtime import _binding
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "running a compiled model needs the IREE runtime, which is not installed",
            stage="load",
            expected="the package iree-base-runtime",
            remedy="pip install fanfold",
        ) from error
    if driver.name not in rt.query_available_drivers():
        raise TargetError(
            f"the installed IREE runtime cannot drive {driver.name!r}",
            stage="load",
            expected=f"one of {', '.join(sorted(rt.query_available_drivers()))}",
            found=driver.name,
        )
    with _LOCK:
        try:
            if driver.name not in _DRIVERS:
                rt.flags.parse_flags(f"--task_topology_group_count={worker_count()}", *driver.flags)
                # One that other code made would not have our flags; CPU workers are shared, since cores are.
                make = _binding.create_hal_driver if driver.flags else rt.get_driver
                _DRIVERS[driver.name] = make(driver.name)
            return _DRIVERS[driver.name], _DRIVERS[driver.name].query_available_devices()
        except RuntimeError as error:
            raise _no_device(driver, str(error).splitlines()[0]) from error


def _open(placement: Placement) -> Device:
    driver, entries = _query(placement.driver)
    import iree.runtime as rt
    from iree.runtime import _binding

    if not entries:
        raise _no_device(placement.driver, "it lists none")
    if placement.index >= len(entries):
        there = (f"{Placement(placement.driver, i)} ({entry['name']})" for i, entry in enumerate(entries))
        raise TargetError(
            f"there is no device {placement.driver.devices[0]}:{placement.index} on this machine",
            stage="load",
            expected=f"one of {', '.join(there)}",
            found=f"index {placement.index}",
            remedy="`fanfold targets` lists the devices of this machine",
        )
    context = GpuContext(placement.driver, placement.index) if placement.driver.contexts else nullcontext()
    try:
        with context:
            hal = driver.create_device(entries[placement.index])
    except RuntimeError as error:
        raise _no_device(placement.driver, str(error).splitlines()[0]) from error
    # The device must outlive every buffer of it: an output tensor that is alive when the device goes takes the process
    # down with it, and at interpreter exit nothing says what goes first. So it is never destroyed, and IREE's binding
    # is told not to report that.
    _binding.disable_leak_checker()
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(hal))
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_mark_forked)
    return Device(rt.VmInstance(), hal, list_devices(placement.driver)[placement.index], context)


def _no_device(driver: Driver, reason: str) -> TargetError:
    library = driver.library or "its driver"
    return TargetError(
        f"IREE's driver {driver.name!r} finds no device on this machine: {reason}",
        stage="load",
        expected=f"{library} and a device",
        found=f"no device, or no {library}",
        remedy=f"check with {driver.tool or 'its own tools'}; `fanfold targets` shows what can be run here",
    )


def _mark_forked() -> None:
    global forked  # noqa: PLW0603 - a fact about the process
    forked = True
