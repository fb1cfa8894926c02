# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes a GPU the current one of a thread, and gives the thread back as it was.

IREE's CUDA driver allocates in whatever context the calling thread has: none at all in a thread that has used no GPU,
and another device's where torch works on that. Both its GPU drivers leave a thread that opens a device on that device,
where torch would go on without knowing.
"""

from __future__ import annotations

import ctypes
from typing import Self

from fanfold.errors import CallError, TargetError

from .drivers import Driver


class GpuContext:
    """The primary context of a GPU, which torch uses too, as a context manager. Nests, and works in several threads.

    Args:
        driver: A driver of GPUs.
        index: Which of its devices.

    Raises:
        TargetError: If the library is not there, or has no such device.
    """

    def __init__(self, driver: Driver, index: int) -> None:
        if driver.contexts is None or driver.library is None:
            raise ValueError(f"{driver.name} has no contexts")
        self._prefix, suffix = driver.contexts
        self._tool = driver.tool
        try:
            library = ctypes.CDLL(driver.library)
        except OSError as error:
            raise self._unusable(f"cannot load {driver.library}: {error}") from error
        self._push = getattr(library, f"{self._prefix}CtxPushCurrent{suffix}")
        self._pop = getattr(library, f"{self._prefix}CtxPopCurrent{suffix}")
        device = ctypes.c_int()
        self._context = ctypes.c_void_p()
        steps = (
            ("Init", (0,)),
            ("DeviceGet", (ctypes.byref(device), index)),
            # Never released: like the device, it lives as long as the process.
            ("DevicePrimaryCtxRetain", (ctypes.byref(self._context), device)),
        )
        for name, arguments in steps:
            code = getattr(library, f"{self._prefix}{name}")(*arguments)
            if code != 0:
                raise self._unusable(f"{self._prefix}{name} failed with code {code}")

    def __enter__(self) -> Self:
        code = self._push(self._context)
        if code != 0:
            raise CallError(f"{self._prefix}CtxPushCurrent failed with code {code}", stage="call")
        return self

    def __exit__(self, *error: object) -> None:
        # What it would report is an earlier failure of the device, which the call itself reports.
        self._pop(ctypes.byref(ctypes.c_void_p()))

    def _unusable(self, message: str) -> TargetError:
        return TargetError(message, stage="load", remedy=f"check the device with {self._tool}")
