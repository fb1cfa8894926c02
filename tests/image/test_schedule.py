# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from __future__ import annotations

import functools
import struct
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from fanfold.backends.image.codec import decode, encode
from fanfold.backends.image.schedule import Entry

from .reference import Bytes, Kernel, Machine
from .schedules import commands, image_of, schedule_of, steps_named

# No dispatches: copies, fills and constants alone.
PIECES = """
func.func @main(%a: tensor<?x4xf32>, %b: tensor<i1>, %whole: tensor<6xi64>)
    -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<i1>, tensor<3xbf16>, tensor<4xi1>, tensor<2xi64>, tensor<f32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %a, %c0 : tensor<?x4xf32>
  %more = arith.addi %n, %c2 : index
  %seven = arith.constant 7.0 : f32
  %filled = flow.tensor.splat %seven : tensor<?x4xf32>{%more}
  %updated = flow.tensor.update %a, %filled[%c1, %c0] : tensor<?x4xf32>{%n} -> %filled as tensor<?x4xf32>{%more}
  %copy = flow.tensor.clone %a : tensor<?x4xf32>{%n}
  %halves = arith.constant dense<[0.5, 1.5, 0x7FC0]> : tensor<3xbf16>
  %flags = arith.constant dense<[true, false, true, true]> : tensor<4xi1>
  %part = flow.tensor.slice %whole[%c2 for %c2] : tensor<6xi64> -> tensor<2xi64>
  %scalar = arith.constant dense<-2.0> : tensor<f32>
  return %updated, %copy, %b, %halves, %flags, %part, %scalar
    : tensor<?x4xf32>, tensor<?x4xf32>, tensor<i1>, tensor<3xbf16>, tensor<4xi1>, tensor<2xi64>, tensor<f32>
}
"""

ADD = """
func.func @main(%a: tensor<{n}xf32>, %b: tensor<{n}xf32>) -> tensor<{n}xf32> {{
  %c0 = arith.constant 0 : index
  %n = tensor.dim %a, %c0 : tensor<{n}xf32>
  %empty = tensor.empty({size}) : tensor<{n}xf32>
  %sum = linalg.generic {{
    indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
    iterator_types = ["parallel"]
  }} ins(%a, %b : tensor<{n}xf32>, tensor<{n}xf32>) outs(%empty : tensor<{n}xf32>) {{
  ^bb0(%x: f32, %y: f32, %z: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  }} -> tensor<{n}xf32>
  return %sum : tensor<{n}xf32>
}}
"""
STATIC_ADD = ADD.format(n=24, size="")
DYNAMIC_ADD = ADD.format(n="?", size="%n")

TWICE = """
  %empty = tensor.empty() : tensor<8xf32>
  %twice = linalg.generic {
    indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]
  } ins(%x : tensor<8xf32>) outs(%empty : tensor<8xf32>) {
  ^bb0(%e: f32, %o: f32):
    %s = arith.addf %e, %e : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
"""
WEIGHT = 'util.global private @w = #stream.parameter.named<"model"::"layer.weight"> : tensor<8xf32>\n'
RETURNED_WEIGHT = f"""{WEIGHT}
func.func @main() -> tensor<8xf32> {{
  %w = util.global.load @w : tensor<8xf32>
  return %w : tensor<8xf32>
}}
"""
HOISTED = f"""{WEIGHT}
util.global private @twice : tensor<8xf32>
util.initializer {{
  %x = util.global.load @w : tensor<8xf32>
  {TWICE}
  util.global.store %twice, @twice : tensor<8xf32>
  util.return
}}
func.func @main() -> tensor<8xf32> {{
  %w = util.global.load @twice : tensor<8xf32>
  return %w : tensor<8xf32>
}}
"""
IN_PLACE = f"""
func.func @main(%x: tensor<8xf32>, %out: tensor<8xf32> {{iree.abi.output = 0 : index}}) -> tensor<8xf32> {{
  {TWICE}
  return %twice : tensor<8xf32>
}}
"""
BIG_CONSTANT = """
func.func @main() -> tensor<2048xf32> {
  %0 = arith.constant dense_resource<big> : tensor<2048xf32>
  return %0 : tensor<2048xf32>
}
"""


def machine(body: str, *, resources: str = "", **keywords: Any) -> Machine:
    """Return a program, loaded from its bytes."""
    return Machine(decode(encode(image_of(schedule_of(body, resources)))), **keywords)


@functools.cache
def pieces() -> Machine:
    return machine(PIECES)


@pytest.mark.parametrize("rows", [0, 1, 3, 1000])
def test_views_fills_copies_and_constants(rows: int) -> None:
    a = np.arange(4 * rows, dtype=np.float32).reshape(rows, 4)
    updated, copy, b, halves, flags, part, scalar = pieces().call(a, np.array(True), np.arange(6))
    assert np.array_equal(updated, np.concatenate([np.full((1, 4), 7), a, np.full((1, 4), 7)]))
    assert np.array_equal(copy, a)
    assert b.shape == ()
    assert b
    assert halves.dtype == ml_dtypes.bfloat16
    assert halves[:2].tolist() == [0.5, 1.5]
    assert np.isnan(halves[2])
    assert flags.tolist() == [True, False, True, True]
    assert part.tolist() == [2, 3]
    assert scalar.shape == ()
    assert scalar == -2


@pytest.mark.parametrize("shape", [(3, 5), (12,), (1, 3, 4)])
def test_other_shapes_do_not_pass(shape: tuple[int, ...]) -> None:
    with pytest.raises((AssertionError, IndexError)):
        pieces().call(np.zeros(shape, np.float32), np.array(True), np.arange(6))


def test_the_lookup_of_device_and_executables_leaves_nothing() -> None:
    assert schedule_of(DYNAMIC_ADD).initializers == ()


def test_a_static_program_is_what_iree_recorded() -> None:
    schedule = schedule_of(STATIC_ADD)
    assert schedule.initializers == ()
    assert commands(schedule.main) == ["dispatch"]
    assert {step.name for step in schedule.main.steps} <= {
        *("integer", "check", "contents", "allocate", "dispatch", "view")
    }
    assert [(k.bindings, k.constants) for k in schedule.kernels] == [(3, 0)]
    seen = []

    def add(kernel: Kernel, groups: tuple[int, ...], constants: tuple[int, ...], spans: list[Bytes]) -> None:
        seen.append((kernel.name, groups, constants))
        a, b, out = (span.view(np.float32) for span in spans)
        out[:] = a + b

    a, b = np.arange(24, dtype=np.float32), np.ones(24, np.float32)
    (result,) = machine(STATIC_ADD, launch=add).call(a, b)
    assert np.array_equal(result, a + b)
    assert seen == [(schedule.kernels[0].name, (2, 1, 1), ())]


@pytest.mark.parametrize("size", [0, 1, 16, 17, 1000])
def test_sizes_counts_and_constants_of_a_dynamic_program(size: int) -> None:
    seen = []

    def add(kernel: Kernel, groups: tuple[int, ...], constants: tuple[int, ...], spans: list[Bytes]) -> None:
        seen.append((groups, constants))
        a, b, out = (span.view(np.float32) for span in spans)
        out[:] = a + b

    a, b = np.arange(size, dtype=np.float32), np.ones(size, np.float32)
    (result,) = machine(DYNAMIC_ADD, launch=add).call(a, b)
    assert np.array_equal(result, a + b)
    # One subgroup of 16 lanes a workgroup; each input's size is a constant of 64 bits in two halves.
    assert seen == ([] if size == 0 else [((-(-size // 16), 1, 1), (size, 0, size, 0))])


def test_a_weight_is_loaded_once_and_copied_to_the_result() -> None:
    content = struct.pack("<8f", *range(8))
    loaded = machine(RETURNED_WEIGHT, parameters={("model", "layer.weight"): content})
    (first,), (second,) = loaded.call(), loaded.call()
    assert first.tolist() == list(range(8))
    first[:] = 0
    assert second.tolist() == list(range(8))
    assert loaded.call()[0].tolist() == list(range(8))


def test_what_is_computed_ahead_is_computed_when_the_program_is_loaded() -> None:
    schedule = schedule_of(HOISTED)
    (initializer,) = schedule.initializers
    assert commands(initializer) == ["dispatch"]
    assert commands(schedule.main) == ["copy"]
    (parameter,) = steps_named(initializer, "parameter")
    assert parameter.attributes == {"scope": "model", "key": "layer.weight"}

    def twice(kernel: Kernel, groups: tuple[int, ...], constants: tuple[int, ...], spans: list[Bytes]) -> None:
        x, out = (span.view(np.float32) for span in spans)
        out[:] = x + x

    content = struct.pack("<8f", *range(8))
    loaded = machine(HOISTED, parameters={("model", "layer.weight"): content}, launch=twice)
    assert loaded.call()[0].tolist() == list(range(0, 16, 2))


def test_a_result_may_be_written_to_memory_of_the_caller() -> None:
    def twice(kernel: Kernel, groups: tuple[int, ...], constants: tuple[int, ...], spans: list[Bytes]) -> None:
        x, out = (span.view(np.float32) for span in spans)
        out[:] = x + x

    x, out = np.arange(8, dtype=np.float32), np.zeros(8, np.float32)
    (result,) = machine(IN_PLACE, launch=twice).call(x, out)
    assert np.shares_memory(result, out)
    assert out.tolist() == list(range(0, 16, 2))


def test_big_constants_keep_their_bytes() -> None:
    content = np.arange(2048, dtype=np.float32)
    blob = f'{{-# dialect_resources: {{ builtin: {{ big: "0x04000000{content.tobytes().hex()}" }} }} #-}}'
    (result,) = machine(BIG_CONSTANT, resources=blob).call()
    assert np.array_equal(result, content)


def test_kernels_are_numbered_in_the_order_of_their_first_dispatch() -> None:
    (kernel,) = schedule_of(DYNAMIC_ADD).kernels
    assert isinstance(kernel, Entry)
    assert kernel.name.startswith(kernel.executable)
    assert (kernel.bindings, kernel.constants) == (3, 4)
