# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The assembly and the ELF files of AMD's GPUs, read from small pieces."""

from __future__ import annotations

import struct

import pytest

from fanfold.backends.inspection.gcn import read_gcn
from fanfold.backends.inspection.hsaco import Loaded, read_hsaco
from fanfold.backends.inspection.messagepack import unpack
from fanfold.errors import CompileError

KERNEL = """	.text
	.globl	kernel
	.type	kernel,@function
kernel:                                 ; @kernel
; %bb.0:
	s_load_dwordx4 s[4:7], s[0:1], 0x8
	global_load_dwordx4 v[4:7], v[8:9], off
	global_load_ushort v1, v[8:9], off offset:16
	v_cmp_eq_u32_e32 vcc, 0, v0
	s_and_saveexec_b64 s[0:1], vcc
	global_store_dword v0, v44, s[2:3]      ; a comment
	s_or_b64 exec, exec, s[0:1]
	s_barrier
	BODY
	global_store_dwordx2 v[4:5], v[2:3], off
	s_endpgm
.Lfunc_end0:
	.size	kernel, .Lfunc_end0-kernel
"""


def read(body: str) -> tuple[list[str], list[str], bool]:
    code = read_gcn(KERNEL.replace("BODY", body))["kernel"]
    return [str(a) for a in code.loads], [str(a) for a in code.stores], code.has_loops


def test_accesses_and_barriers() -> None:
    assert read("") == (["1×16", "1×2"], ["1×8", "1×4?"], False)
    assert read_gcn(KERNEL)["kernel"].barriers == 1
    assert read_gcn(KERNEL.replace("s_barrier", "s_barrier_signal -1\ns_barrier_wait -1"))["kernel"].barriers == 1


ELSE = """
	s_and_saveexec_b32 s0, vcc_lo
	s_xor_b32 s0, exec_lo, s0
	s_cbranch_execz .LBB0_2
; %bb.1:
	global_store_b32 v0, v1, s[2:3]
.LBB0_2:
	s_or_saveexec_b32 s0, s0
	s_xor_b32 exec_lo, exec_lo, s0
	s_cbranch_execz .LBB0_4
; %bb.3:
	global_store_d16_hi_b8 v0, v1, s[2:3]
.LBB0_4:
	s_or_b32 exec_lo, exec_lo, s0
"""


def test_both_sides_of_a_condition_are_under_it_and_what_follows_is_not() -> None:
    assert read(ELSE)[1] == ["1×8", "2×4?", "1×1?"]


def test_a_loop_is_seen() -> None:
    assert read(".LBB0_1:\nglobal_store_short v0, v1, s[2:3]\ns_cbranch_scc0 .LBB0_1\n")[1:] == (
        ["1×8", "1×4?", "1×2"],
        True,
    )


@pytest.mark.parametrize(
    ("instruction", "width"),
    [
        ("buffer_load_dwordx3", 12),
        ("global_load_b128", 16),
        ("global_load_d16_u8", 1),
        ("global_load_short_d16_hi", 2),
        ("flat_load_ubyte", 1),
        ("global_load_d16_hi_b16", 2),
        ("global_atomic_add_f32", 4),
    ],
)
def test_widths(instruction: str, width: int) -> None:
    loads = read_gcn(KERNEL.replace("BODY", f"{instruction} v1, v[8:9], off"))["kernel"].loads
    assert sum(a.count for a in loads if a.width == width) == 1 + (width in {16, 2})


@pytest.mark.parametrize("text", ["", KERNEL.replace("BODY", "global_load_tr v1, v[8:9], off")])
def test_what_is_not_known_is_an_error(text: str) -> None:
    with pytest.raises(CompileError, match="not known here"):
        read_gcn(text)


def string(text: str) -> bytes:
    return bytes([0xA0 | len(text)]) + text.encode() if len(text) < 32 else bytes([0xD9, len(text)]) + text.encode()


NUMBERS = {
    ".vgpr_count": b"\xcc\x80",
    ".sgpr_count": b"\x12",
    ".vgpr_spill_count": b"\x00",
    ".sgpr_spill_count": b"\x03",
    ".private_segment_fixed_size": b"\x10",
    ".group_segment_fixed_size": b"\xcd\x10\x00",
    ".max_flat_workgroup_size": b"\xcd\x01\xc0",
    ".wavefront_size": b"\x40",
}


def elf() -> bytes:
    kernel = bytes([0x80 | (len(NUMBERS) + 1)]) + string(".name") + string("kernel")
    kernel += b"".join(string(name) + number for name, number in NUMBERS.items())
    metadata = b"\x82" + string("amdhsa.target") + string("amdgcn-amd-amdhsa--gfx942:sramecc+")
    metadata += string("amdhsa.kernels") + b"\x91" + kernel
    padded = metadata + bytes(-len(metadata) % 4)
    note = struct.pack("<III", 7, len(metadata), 32) + b"AMDGPU\0\0" + padded
    head = bytearray(64)
    head[:6] = b"\x7fELF\x02\x01"
    struct.pack_into("<Q", head, 0x28, 64 + len(note))
    struct.pack_into("<HH", head, 0x3A, 64, 2)
    sections = bytes(64) + struct.pack("<IIQQQQ", 1, 7, 0, 0, 64, len(note)) + bytes(24)
    return bytes(head) + note + sections


def test_the_metadata_of_an_elf_file() -> None:
    assert read_hsaco(elf(), "gfx942") == {"kernel": Loaded(128, 18, 3, 16, 4096, 448, 64)}


@pytest.mark.parametrize(
    ("file", "arch"), [(elf(), "gfx950"), (b"MZ" + elf(), "gfx942"), (elf()[:100], "gfx942"), (elf()[:-64], "gfx942")]
)
def test_another_file_is_an_error(file: bytes, arch: str) -> None:
    with pytest.raises(CompileError, match="not what IREE makes"):
        read_hsaco(file, arch)


def test_messagepack() -> None:
    data = b"\x84" + b"\xa1a\xff" + b"\xa1b\xc3" + b"\xa1c\xdc\x00\x02\xc0\xd0\x80" + b"\xa1d\xde\x00\x01\x01\xd9\x01x"
    assert unpack(data) == {"a": -1, "b": True, "c": [None, -128], "d": {1: "x"}}
    with pytest.raises(ValueError, match="0xcb"):
        unpack(b"\xcb" + bytes(8))
    with pytest.raises(IndexError):
        unpack(b"\xa5abc")
