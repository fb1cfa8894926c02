# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The ROCm backend: AMD's architectures. IREE knows them all by name."""

from __future__ import annotations

from dataclasses import dataclass

from .gpu import GpuArch

DRIVER = "hip"

_FNUZ = ("f8E4M3FNUZ", "f8E5M2FNUZ")
_OCP = ("f8E4M3FN", "f8E5M2")


@dataclass(frozen=True)
class RocmArch(GpuArch):
    """An AMD architecture."""

    def compiler_flags(self) -> tuple[str, ...]:
        """Return iree-compile's flags for this architecture."""
        return ("--iree-hal-target-device=hip", f"--iree-rocm-target={self.name}")

    def device_target(self) -> None:
        """The flags say it all."""


ARCHS = {
    row.name: row
    for row in (
        RocmArch("gfx90a", 64, 65536),
        RocmArch("gfx942", 64, 65536, _FNUZ),
        RocmArch("gfx950", 64, 163840, _OCP),
        RocmArch("gfx1100", 32, 65536),
        RocmArch("gfx1201", 32, 65536, _OCP),
    )
}

#: Products by the names that people use.
ALIASES = {
    "mi210": "gfx90a",
    "mi250x": "gfx90a",
    "mi300a": "gfx942",
    "mi300x": "gfx942",
    "mi325x": "gfx942",
    "mi350x": "gfx950",
    "mi355x": "gfx950",
    "rx7900xtx": "gfx1100",
    "rx9070xt": "gfx1201",
}
