# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The ROCm backend: AMD's architectures, and their instructions for narrow floats and for lanes. IREE knows them all.

The fp8 conversions write half of a register and keep the other half. LLVM has to see that, since some processors want
a wait behind such a write: they are intrinsics, not inline assembly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .gpu import GpuArch

if TYPE_CHECKING:
    from fanfold.passes.kernel.gpu.device import GpuDevice, LaneMoves

DRIVER = "hip"

_FNUZ = ("f8E4M3FNUZ", "f8E5M2FNUZ")
_OCP = ("f8E4M3FN", "f8E5M2")

#: AMD's names of the formats: the same for both flavours, as each processor has one.
_PACKED = {"f8E4M3FNUZ": "fp8", "f8E4M3FN": "fp8", "f8E5M2FNUZ": "bf8", "f8E5M2": "bf8"}

#: IREE makes `minnumf` and `maxnumf` of the ops on its way to AMD's instructions, which drop a NaN: a clamp would make
#: the bound of it. The intrinsics keep it, and -0 is less than +0.
_MINIMA = (("arith.minimumf", "llvm.minimum"), ("arith.maximumf", "llvm.maximum"))

#: DPP controls that reach across a border between 1, 2, 4 and 8 lanes: quad_perm:[1,0,3,2], quad_perm:[2,3,0,1],
#: row_half_mirror and row_mirror. Mirrors do where all lanes on a side have the same number.
_ACROSS = (0xB1, 0x4E, 0x141, 0x140)


@dataclass(frozen=True)
class RocmArch(GpuArch):
    """An AMD architecture.

    Attributes:
        packs_bf16: Whether an instruction rounds pairs of f32 to bf16.
        moves_lanes: Whether LLVM makes `gpu.shuffle` of what goes through the memory unit (`ds_swizzle`), so that
            lanes exchange numbers by DPP and `v_readlane` instead. From gfx10 on, LLVM makes DPP of it by itself.
    """

    packs_bf16: bool = False
    moves_lanes: bool = False

    def compiler_flags(self) -> tuple[str, ...]:
        """Return iree-compile's flags for this architecture."""
        return ("--iree-hal-target-device=hip", f"--iree-rocm-target={self.name}")

    def device(self) -> GpuDevice:
        """Return what the kernel generator has to know, instructions included."""
        from fanfold.passes.kernel.gpu.device import Instruction, PackingIntrinsic

        to_fp8 = tuple(
            (kind, PackingIntrinsic(f"llvm.amdgcn.cvt.pk.{_PACKED[kind]}.f32")) for kind in self.hardware_fp8
        )
        # The first source goes to the low half.
        to_bf16 = Instruction("v_cvt_pk_bf16_f32 $0, $2, $1", "=v,v,v", 32) if self.packs_bf16 else None
        moves = _lane_moves() if self.moves_lanes else None
        return replace(
            super().device(), to_bf16=to_bf16, to_fp8=to_fp8, moves=moves, replaced=_MINIMA, fuses_products=True
        )

    def device_target(self) -> None:
        """The flags say it all."""


def _lane_moves() -> LaneMoves:
    from fanfold.passes.kernel.gpu.device import LANE, VALUE, LaneCall, LaneMoves

    # Old value, source, control, all rows, all banks, and zero from lanes that are not there.
    exchanges = (LaneCall("llvm.amdgcn.update.dpp.i32", (VALUE, VALUE, at, 0xF, 0xF, True)) for at in _ACROSS)
    return LaneMoves(tuple(exchanges), LaneCall("llvm.amdgcn.readlane.i32", (VALUE, LANE)))


ARCHS = {
    row.name: row
    for row in (
        RocmArch("gfx90a", 64, 65536, moves_lanes=True),
        RocmArch("gfx942", 64, 65536, _FNUZ, moves_lanes=True),
        RocmArch("gfx950", 64, 163840, _OCP, packs_bf16=True, moves_lanes=True),
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
