# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Opens IREE devices: once per process, with a worker for every core that the process may use."""

from __future__ import annotations

import ctypes
import os
import threading
from dataclasses import dataclass
from typing import Any

from fanfold.errors import CallError, MissingDependencyError, TargetError

#: The library that a HAL driver loads, and how to see whether it works.
_NEEDS = {"cuda": ("libcuda.so.1", "nvidia-smi"), "hip": ("libamdhip64.so", "rocminfo")}

_LOCK = threading.Lock()
_DEVICES: dict[str, Device] = {}
_forked = False


@dataclass(frozen=True)
class Device:
    """An open device.

    Attributes:
        instance: The ``iree.runtime.VmInstance`` that its modules are loaded into.
        hal: The ``iree.runtime.HalDevice``.
    """

    instance: Any
    hal: Any


def worker_count() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def open_device(driver: str) -> Device:
    """Return the process's device of a HAL driver, opened at the first call.

    IREE's own choice of workers is one per physical core that it finds, which on a machine shared with others, or in a
    container, is often not what the process may use: calls then wait in steps of milliseconds. The number can only be
    set by a flag of the whole process, read when the driver is made. A device that other code opened through
    ``iree.runtime`` before keeps its own workers, and is shared.

    Raises:
        MissingDependencyError: If the IREE runtime is not installed.
        TargetError: If this installation of it has no such driver.
        CallError: In a child of ``fork``, when the parent has opened a device.
    """
    check_not_forked()
    with _LOCK:
        if driver not in _DEVICES:
            _DEVICES[driver] = _open(driver)
        return _DEVICES[driver]


def check_not_forked() -> None:
    """Refuse to use a device in a child of ``fork``: its workers live on in the parent only, so a call would never end.

    Raises:
        CallError: If a device was open when this process was forked.
    """
    if _forked:
        raise CallError(
            "this process was forked after its parent opened a device",
            stage="call",
            remedy="start processes with the 'spawn' method, or load the model only in the child",
        )


def _open(driver: str) -> Device:
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
    if driver not in rt.query_available_drivers():
        raise TargetError(
            f"the installed IREE runtime cannot drive {driver!r}",
            stage="load",
            expected=f"one of {', '.join(sorted(rt.query_available_drivers()))}",
            found=driver,
        )
    rt.flags.parse_flags(f"--task_topology_group_count={worker_count()}")
    try:
        hal = rt.get_driver(driver).create_default_device()
    except RuntimeError as error:
        library, tool = _NEEDS.get(driver, ("its driver", "the driver's own tools"))
        raise TargetError(
            f"IREE's driver {driver!r} finds no device on this machine: {str(error).splitlines()[0]}",
            stage="load",
            expected=f"{library} and a device",
            found=f"no device, or no {library}",
            remedy=f"check with {tool}; `fanfold targets` shows what can be run here",
        ) from error
    # The device must outlive every buffer of it: an output tensor that is alive when the device goes takes the process
    # down with it, and at interpreter exit nothing says what goes first. So it is never destroyed, and IREE's binding
    # is told not to report that.
    _binding.disable_leak_checker()
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(hal))
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_mark_forked)
    return Device(rt.VmInstance(), hal)


def _mark_forked() -> None:
    global _forked  # noqa: PLW0603 - a fact about the process
    _forked = True
