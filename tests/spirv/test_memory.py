# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Memory of converted kernels, on Intel's compiler: buffers under several types, memory of workgroups, atomics."""

from __future__ import annotations

import numpy as np
import pytest

from fanfold.passes.spirv import convert
from spirv.intel_cpu import IntelCpu
from spirv.vulkan import element, module

SHARED = "!spirv.ptr<!spirv.struct<(!spirv.array<64 x f32>)>, Workgroup>"
VECTORS = "!spirv.ptr<!spirv.struct<(!spirv.rtarray<vector<4xi8>, stride=4> [0])>, StorageBuffer>"


def test_threads_exchange_values_through_the_memory_of_a_workgroup(intel: IntelCpu) -> None:
    body = element("p", 0, "%global") + '%x = spirv.Load "StorageBuffer" %p : f32\n'
    body += f"%s = spirv.mlir.addressof @shared : {SHARED}\n"
    chain = f"spirv.AccessChain %s[%zero, {{}}] : {SHARED}, i32, i32 -> !spirv.ptr<f32, Workgroup>\n"
    body += "%mine = " + chain.format("%id") + 'spirv.Store "Workgroup" %mine, %x : f32\n'
    body += "spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|WorkgroupMemory>\n"
    body += "%last = spirv.Constant 63 : i32\n%other = spirv.ISub %last, %id : i32\n"
    body += "%theirs = " + chain.format("%other") + '%y = spirv.Load "Workgroup" %theirs : f32\n'
    body += element("q", 1, "%global") + 'spirv.Store "StorageBuffer" %q, %y : f32'
    shared = f"spirv.GlobalVariable @shared : {SHARED}"
    text = module(body, ["f32", "f32"], workgroup=(64, 1, 1), members=shared, interface=", @shared")
    values = np.arange(256, dtype=np.float32)
    found = intel.run(convert(text, 16), (4, 1, 1), [values, values])[1]
    np.testing.assert_array_equal(found.reshape(4, 64), values.reshape(4, 64)[:, ::-1])


def test_a_binding_under_two_types(intel: IntelCpu) -> None:
    body = f"%v = spirv.mlir.addressof @vectors : {VECTORS}\n" + element("p", 0, "%global", "i32")
    body += f"%w = spirv.AccessChain %v[%zero, %global] : {VECTORS}, i32, i32"
    body += " -> !spirv.ptr<vector<4xi8>, StorageBuffer>\n"
    body += '%x = spirv.Load "StorageBuffer" %w : vector<4xi8>\n'
    body += "%y = spirv.VectorShuffle [3 : i32, 2 : i32, 1 : i32, 0 : i32] %x, %x : vector<4xi8>, vector<4xi8>"
    body += " -> vector<4xi8>\n%z = spirv.Bitcast %y : vector<4xi8> to i32\n"
    body += 'spirv.Store "StorageBuffer" %p, %z : i32'
    variable = f"spirv.GlobalVariable @vectors bind(0, 0) {{aliased}} : {VECTORS}"
    text = module(body, ["i32"], members=variable, interface=", @vectors")
    values = np.random.default_rng(0).integers(0, 1 << 30, 64, dtype=np.int32)
    converted = convert(text, 16)
    assert converted.kernels[0].bindings == (1,)
    np.testing.assert_array_equal(intel.run(converted, (4, 1, 1), [values])[0], values.byteswap())


def test_lanes_of_a_vector_are_written_alone(intel: IntelCpu) -> None:
    block = "!spirv.ptr<!spirv.struct<(!spirv.rtarray<vector<4xf32>, stride=16> [0])>, StorageBuffer>"
    body = "%two = spirv.Constant 2 : i32\n%one = spirv.Constant 1.0 : f32\n"
    body += f"%p = spirv.AccessChain %b0[%zero, %global, %two] : {block}, i32, i32, i32"
    body += ' -> !spirv.ptr<f32, StorageBuffer>\nspirv.Store "StorageBuffer" %p, %one : f32'
    found = intel.run(convert(module(body, ["vector<4xf32>"]), 16), (1, 1, 1), [np.zeros((16, 4), np.float32)])[0]
    np.testing.assert_array_equal(found, np.tile(np.array([0, 0, 1, 0], np.float32), (16, 1)))


def test_push_constants_are_arguments_in_their_order(intel: IntelCpu) -> None:
    pushed = "!spirv.ptr<!spirv.struct<(!spirv.array<3 x i32, stride=4> [0]), Block>, PushConstant>"
    body = "".join(
        f"%i{n} = spirv.Constant {n} : i32\n"
        f"%p{n} = spirv.AccessChain %c[%zero, %i{n}] : {pushed}, i32, i32 -> !spirv.ptr<i32, PushConstant>\n"
        f'%n{n} = spirv.Load "PushConstant" %p{n} : i32\n'
        + element(f"q{n}", 0, f"%i{n}", "i32")
        + f'spirv.Store "StorageBuffer" %q{n}, %n{n} : i32\n'
        for n in range(3)
    )
    text = module(body, ["i32"], constants=3, workgroup=(1, 1, 1))
    constants = [7, 0xFFFFFFFF, 1 << 31]
    found = intel.run(convert(text, 16), (1, 1, 1), [np.zeros(3, np.uint32)], constants)[0]
    np.testing.assert_array_equal(found, np.array(constants, np.uint32))


@pytest.mark.parametrize(
    ("op", "expected"),
    [("AtomicIAdd", 3 * 4096), ("AtomicSMax", 3), ("AtomicOr", 3), ("AtomicISub", -3 * 4096), ("AtomicExchange", 3)],
)
def test_atomics(intel: IntelCpu, op: str, expected: int) -> None:
    body = "%three = spirv.Constant 3 : i32\n" + element("p", 0, "%zero", "i32")
    body += f"%old = spirv.{op} <Device> <AcquireRelease|UniformMemory> %p, %three : !spirv.ptr<i32, StorageBuffer>"
    found = intel.run(convert(module(body, ["i32"]), 16), (256, 1, 1), [np.zeros(1, np.int32)])[0]
    np.testing.assert_array_equal(found, [expected])
