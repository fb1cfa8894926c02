# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""AMD's instructions, as its public fp8 header and LLVM's tests show them; no manual of the instruction sets was read.

``V_CVT_PK_FP8_F32`` and ``V_CVT_PK_BF8_F32`` round to nearest even and write one half of the destination. MI300 has the
FNUZ formats, in which nothing is -0 and every NaN is 0x80; the others have OCP's, with NaNs of any code. What becomes
of values that round to more than the largest one depends on a mode bit: a kernel must not pass any.

``V_CVT_PK_BF16_F32`` rounds two numbers to nearest even, the first source to the low half.

DPP reads the register of another lane of a row of 16: QUAD_PERM has two bits a lane of four, ROW_MIRROR reverses the
row, ROW_HALF_MIRROR each half of it. ``V_READLANE_B32`` reads any lane of the wave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

Array = np.ndarray[Any, Any]

#: MI300A, MI300X and their first silicon.
FNUZ_PROCESSORS = ("gfx940", "gfx941", "gfx942")

#: One NaN code of each; which of OCP's a processor makes is not known here, and does not matter.
_FORMATS = {
    ("fp8", True): (torch.float8_e4m3fnuz, 0x80),
    ("bf8", True): (torch.float8_e5m2fnuz, 0x80),
    ("fp8", False): (torch.float8_e4m3fn, 0xFF),
    ("bf8", False): (torch.float8_e5m2, 0xFE),
}


class UndefinedError(Exception):
    """The instruction is used in a way that this model does not know."""


@dataclass(frozen=True)
class Wave:
    """Which lanes an instruction runs on.

    Attributes:
        lanes: How many there are in all.
        size: How many make a wave.
        arch: The processor.
    """

    lanes: int
    size: int
    arch: str


def _code(wave: Wave, name: str, value: Array) -> Array:
    dtype, nan = _FORMATS[name, wave.arch in FNUZ_PROCESSORS]
    # Half a step beyond the largest value would round away from it; the next number after it does not.
    beyond = np.abs(value) > torch.finfo(dtype).max * (1 + 2**-20)
    if (beyond & ~np.isnan(value)).any():
        raise UndefinedError(f"{np.abs(value[beyond]).max()} is beyond the range of {dtype}")
    code = torch.from_numpy(np.ascontiguousarray(value)).to(dtype).view(torch.uint8).numpy()
    return np.where(np.isnan(value), nan, code).astype(np.int64)


def _pack(name: str) -> Callable[..., Array]:
    def run(wave: Wave, low: Array, high: Array, old: Array, upper: Array) -> Array:
        pair = _code(wave, name, low) | (_code(wave, name, high) << 8)
        bits = old.view(np.uint32).astype(np.int64)
        written = np.where(upper, (bits & 0xFFFF) | (pair << 16), (bits & 0xFFFF0000) | pair)
        return written.astype(np.uint32).view(np.int32)

    return run


def _source_lane(control: int, lane: Array) -> Array:
    in_row = lane % 16
    if control <= 0xFF:
        within = (control >> (2 * (lane % 4))) & 3
        return lane - lane % 4 + within
    if control == 0x140:
        return lane - in_row + 15 - in_row
    if control == 0x141:
        return lane - in_row % 8 + 7 - in_row % 8
    raise UndefinedError(f"DPP control {control:#x}")


def _dpp(wave: Wave, old: Array, source: Array, control: Array, rows: Array, banks: Array, bound: Array) -> Array:
    if not ((rows == 0xF) & (banks == 0xF)).all():
        raise UndefinedError("masks of rows and banks")
    (one,) = np.unique(control)
    return source[_source_lane(int(one), np.arange(wave.lanes))]


def _readlane(wave: Wave, source: Array, lane: Array) -> Array:
    (one,) = np.unique(lane)
    first = np.arange(wave.lanes) // wave.size * wave.size
    return source[first + int(one)]


#: Intrinsics by their names in LLVM.
INTRINSICS: dict[str, Callable[..., Array]] = {
    "llvm.amdgcn.cvt.pk.fp8.f32": _pack("fp8"),
    "llvm.amdgcn.cvt.pk.bf8.f32": _pack("bf8"),
    "llvm.amdgcn.update.dpp.i32": _dpp,
    "llvm.amdgcn.readlane.i32": _readlane,
    # LLVM's, on every processor.
    "llvm.minimum": lambda _, a, b: np.minimum(a, b),
    "llvm.maximum": lambda _, a, b: np.maximum(a, b),
    "llvm.arithmetic.fence": lambda _, a: a,
    "llvm.nvvm.sqrt.rn.f": lambda _, a: np.sqrt(a),
}

#: Those whose lanes read each other's registers: what a lane that is off has is no number.
CROSS_LANE = ("llvm.amdgcn.update.dpp.i32", "llvm.amdgcn.readlane.i32")
