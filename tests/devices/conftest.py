# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Two GPUs that are none: IREE's driver and the vendor's library are replaced, and the memory is the processor's.

What stays real is all of ours between them, and IREE's copies to and from a device.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import iree.runtime as rt
import pytest
from iree.runtime import _binding

from fanfold.backends import device, gpu


class FakeLibrary:
    """``libcuda.so``: keeps a stack of current devices."""

    devices = 2

    def __init__(self) -> None:
        self.stack: list[int] = []
        self.deepest = 0

    def cuInit(self, _: int) -> int:  # noqa: N802 - CUDA's name
        """Return success."""
        return 0

    def cuDeviceGet(self, device: Any, index: int) -> int:  # noqa: N802
        """Number the devices."""
        device._obj.value = index
        return 0 if index < self.devices else 101

    def cuDevicePrimaryCtxRetain(self, context: Any, device: ctypes.c_int) -> int:  # noqa: N802
        """Number the contexts, from 1."""
        context._obj.value = device.value + 1
        return 0

    def cuCtxPushCurrent_v2(self, context: ctypes.c_void_p) -> int:  # noqa: N802
        """Make a device the current one."""
        self.stack.append((context.value or 0) - 1)
        self.deepest = max(self.deepest, len(self.stack))
        return 0

    def cuCtxPopCurrent_v2(self, _: Any) -> int:  # noqa: N802
        """Give the thread back."""
        self.stack.pop()
        return 0


class FakeDriver:
    """IREE's CUDA driver, with devices that it creates only while they are the current ones."""

    def __init__(self, library: FakeLibrary) -> None:
        self.library = library
        self.created: list[int] = []

    def query_available_devices(self) -> list[dict[str, Any]]:
        """List them as the real one does."""
        names = ("NVIDIA H200", "NVIDIA A100")[: self.library.devices]
        return [{"device_id": number + 1, "path": f"GPU-{number}", "name": name} for number, name in enumerate(names)]

    def dump_device_info(self, device_id: int) -> str:
        """Describe one as the real one does."""
        return f"\n- gpu-compute-capability: {('9.0', '8.0')[device_id - 1]}\n- driver-max-cuda-version: 13.0"

    def create_device(self, entry: dict[str, Any]) -> Any:
        """Open one."""
        index = entry["device_id"] - 1
        assert self.library.stack[-1] == index
        self.created.append(index)
        return rt.get_driver("local-sync").create_default_device()


@pytest.fixture
def fake_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDriver]:
    """A machine with two NVIDIA devices, the first an sm_90 and the second an sm_80."""
    library = FakeLibrary()
    driver = FakeDriver(library)
    monkeypatch.setattr(device, "_DRIVERS", {})
    monkeypatch.setattr(device, "_DEVICES", {})
    monkeypatch.setattr(gpu, "missing_libraries", lambda _: [])
    load = ctypes.CDLL
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library if name == "libcuda.so" else load(name))
    monkeypatch.setattr(_binding, "create_hal_driver", lambda _: driver)
    yield driver
    assert library.stack == [], "a thread was not given back"
