# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels for AMD's processors on the NumPy GPU: every conversion, and sums whatever moves numbers between lanes."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest
import torch
from torch import Tensor

from fanfold import ops
from fanfold.backends import rocm
from fanfold.passes.kernel.gpu.device import GpuDevice
from passes.row_modules import BF16, E5M2, E5M2FNUZ, F8, F32, FNUZ, SOURCES, Inputs, Source, assert_eager, special_rows
from simt import amd
from simt.region import Program

FP8 = (F8, FNUZ, E5M2, E5M2FNUZ)


def device_of(arch: str) -> GpuDevice:
    return rocm.ARCHS[arch].device()


def conversions(dtype: torch.dtype, width: int) -> Source:
    """Return a module that quantises to every type by the given scale, and by one of each row."""
    s = Source(dtype, width)
    for kind in FP8:
        static = functools.partial(ops.static_quant, dtype=kind, reciprocal=False)
        s.quantize("%x", kind, "tensor", lambda a, q=static: q(a.x, a.scale))
        row = functools.partial(ops.group_quant, group_size=width, dtype=kind)
        s.quantize("%x", kind, "group", lambda a, q=row: q(a.x), group=width, absmax_floor=1e-10)
    rounded = [(s.tensor(width, BF16), BF16)]
    if dtype is F32:
        s.add("cast", "%x", "", s.row, rounded, lambda a: a.x.to(BF16))
    return s


@pytest.mark.parametrize("arch", ["gfx90a", "gfx942", "gfx950"])
def test_every_bf16(arch: str) -> None:
    """All 65536 bit patterns: as they are by a scale of one, and divided by the largest of 256 neighbours."""
    written = conversions(BF16, 256)
    made = Program(written.text(), device_of(arch))
    x = torch.arange(65536, dtype=torch.int32).to(torch.uint16).view(BF16).view(256, 256)
    inputs = dataclasses.replace(Inputs.around(x), scale=torch.ones(1))
    assert_eager(made.call(inputs.all()), written, inputs)


@pytest.mark.parametrize("arch", ["gfx942", "gfx1201"])
def test_bit_patterns_of_f32(arch: str) -> None:
    """A few hundred thousand, half of them within the range of fp8; and next to half way between two codes."""
    torch.manual_seed(0)
    written = conversions(F32, 1024)
    made = Program(written.text(), device_of(arch))
    patterns = torch.randint(-(2**31), 2**31, (100, 1024)).to(torch.int32).view(F32)
    ordinary = torch.ldexp(torch.rand(100, 1024) * 2 - 1, torch.randint(-20, 18, (100, 1024)))
    halves = (torch.arange(0x3000, 0x4800, dtype=torch.int32) << 16)[:, None] + torch.tensor([-1, 0, 1])
    borders = halves.to(torch.int32).view(F32).reshape(-1, 1024)
    inputs = dataclasses.replace(Inputs.around(torch.cat([patterns, ordinary, borders, -borders])), scale=torch.ones(1))
    assert_eager(made.call(inputs.all()), written, inputs)


@pytest.mark.parametrize("arch", ["gfx90a", "gfx950"])
@pytest.mark.parametrize("source", ["custom ops", "forms"])
def test_sources_and_specials(arch: str, source: str) -> None:
    written = SOURCES[source](BF16, 256)
    made = Program(written.text(), device_of(arch))
    for x in (torch.randn(9, 256).bfloat16(), special_rows(256, BF16)):
        inputs = Inputs.around(x)
        assert_eager(made.call(inputs.all()), written, inputs, exact_only=True)


def results(device: GpuDevice, width: int, x: Tensor) -> list[Tensor]:
    written = SOURCES["custom ops"](BF16, width)
    torch.manual_seed(3)
    return Program(written.text(), device).call(Inputs.around(x).all())


@pytest.mark.parametrize("width", [8, 24, 256, 384, 2048])
def test_sums_have_the_bits_that_shuffles_give(width: int) -> None:
    """From 1 to 64 lanes a row, and several subgroups: the order of a sum is the same, whatever moves the numbers."""
    device = device_of("gfx90a")
    x = torch.randn(5, width).bfloat16()
    by_dpp = results(device, width, x)
    by_shuffles = results(dataclasses.replace(device, moves=None), width, x)
    for one, other in zip(by_dpp, by_shuffles, strict=True):
        assert torch.equal(one.contiguous().view(torch.uint8), other.contiguous().view(torch.uint8))


def test_a_row_has_the_same_bits_alone_and_among_others() -> None:
    x = torch.randn(33, 512).bfloat16()
    together = results(device_of("gfx942"), 512, x)
    alone = results(device_of("gfx942"), 512, x[20:21])
    # The other inputs are drawn anew: what depends on x and the weights alone is the first half of the results.
    for one, all_ in list(zip(alone, together, strict=True))[:6]:
        assert torch.equal(one.view(torch.uint8), all_[20:21].contiguous().view(torch.uint8))


def wave(arch: str, lanes: int = 64) -> amd.Wave:
    return amd.Wave(lanes, 64, arch)


@pytest.mark.parametrize(
    ("arch", "name", "value", "code"),
    [
        ("gfx942", "fp8", 1.0, 0x40),
        ("gfx942", "fp8", 240.0, 0x7F),
        ("gfx942", "fp8", -0.0, 0x00),
        ("gfx942", "fp8", -(2.0**-12), 0x00),
        ("gfx942", "fp8", 2.0**-10, 0x01),
        ("gfx942", "fp8", float("nan"), 0x80),
        ("gfx942", "bf8", 1.0, 0x40),
        ("gfx942", "bf8", 57344.0, 0x7F),
        ("gfx950", "fp8", 1.0, 0x38),
        ("gfx950", "fp8", -448.0, 0xFE),
        ("gfx950", "fp8", -0.0, 0x80),
        ("gfx1201", "fp8", 17.0, 0x58),
        ("gfx1201", "fp8", 19.0, 0x5A),
        ("gfx1201", "bf8", 1.0, 0x3C),
        ("gfx950", "bf8", -57344.0, 0xFB),
    ],
)
def test_codes_of_the_conversions(arch: str, name: str, value: float, code: int) -> None:
    run = amd.INTRINSICS[f"llvm.amdgcn.cvt.pk.{name}.f32"]
    numbers = np.full(64, value, np.float32)
    old = np.full(64, 0x12345678, np.int32)
    for upper, kept in ((False, 0x12340000), (True, 0x5678)):
        found = run(wave(arch), numbers, numbers, old, np.full(64, upper)).view(np.uint32)
        pair = code | code << 8
        assert (found == (kept | (pair << 16 if upper else pair))).all()


def test_a_conversion_beyond_the_range_is_a_fault() -> None:
    run = amd.INTRINSICS["llvm.amdgcn.cvt.pk.fp8.f32"]
    large, zero = np.full(64, 241.0, np.float32), np.zeros(64, np.int32)
    with pytest.raises(amd.UndefinedError, match="beyond the range"):
        run(wave("gfx942"), large, large, zero, zero == 1)
    run(wave("gfx950"), large, large, zero, zero == 1)


def test_lanes_that_are_read() -> None:
    lanes = np.arange(128, dtype=np.int32)
    full, on = np.full(128, 0xF, np.int32), np.full(128, True)

    def dpp(control: int) -> list[int]:
        run = amd.INTRINSICS["llvm.amdgcn.update.dpp.i32"]
        return [int(v) for v in run(wave("gfx942", 128), lanes, lanes, np.full(128, control, np.int32), full, full, on)]

    assert dpp(0xB1)[:4] == [1, 0, 3, 2]
    assert dpp(0x4E)[4:8] == [6, 7, 4, 5]
    assert dpp(0x141)[16:24] == [23, 22, 21, 20, 19, 18, 17, 16]
    assert dpp(0x140)[112:116] == [127, 126, 125, 124]
    read = amd.INTRINSICS["llvm.amdgcn.readlane.i32"](wave("gfx942", 128), lanes, np.full(128, 48, np.int32))
    assert (read == np.where(lanes < 64, 48, 112)).all()
    with pytest.raises(amd.UndefinedError, match="DPP control"):
        dpp(0x142)
