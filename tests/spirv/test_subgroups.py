# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Work in subgroups, on Intel's compiler: it is right with the size that the code was made for, and only with that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fanfold.passes.spirv import convert
from spirv.binaries import without_mode
from spirv.intel_cpu import IntelCpu
from spirv.vulkan import element, module

SUBGROUP_SIZE = 35
LANES = 16


def over_subgroups(op: str, workgroup: tuple[int, int, int] = (64, 1, 1), type_: str = "i32") -> str:
    """Return a module that applies an op to one value of each thread, and writes the result in the thread's place.

    Args:
        op: The op as text; ``%x`` is the value, ``%lane`` one that is the same in all threads, 3.
        workgroup: The threads, which are numbered x first.
        type_: The type of the values.
    """
    width, height, _ = workgroup
    body = f"""
    %y = spirv.CompositeExtract %ids[1 : i32] : vector<3xi32>
    %z = spirv.CompositeExtract %ids[2 : i32] : vector<3xi32>
    %width = spirv.Constant {width} : i32
    %height = spirv.Constant {height} : i32
    %lane = spirv.Constant 3 : i32
    %plane = spirv.IMul %z, %height : i32
    %row = spirv.IAdd %plane, %y : i32
    %rows = spirv.IMul %row, %width : i32
    %thread = spirv.IAdd %rows, %id : i32
    """
    body += element("p", 0, "%thread", type_) + f'%x = spirv.Load "StorageBuffer" %p : {type_}\n'
    body += f"%result = {op}\n" + element("q", 1, "%thread", type_)
    return module(body + f'spirv.Store "StorageBuffer" %q, %result : {type_}', [type_, type_], workgroup=workgroup)


def groups(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the values by subgroup."""
    return values.reshape(-1, LANES)


SUM = "spirv.GroupNonUniformIAdd <Subgroup> <Reduce> %x : i32 -> i32"


@pytest.mark.parametrize("workgroup", [(64, 1, 1), (16, 4, 1), (4, 8, 2), (1, 64, 1), (8, 8, 1), (2, 2, 16)])
def test_subgroups_are_consecutive_threads_in_workgroups_of_any_shape(
    intel: IntelCpu, workgroup: tuple[int, int, int]
) -> None:
    values = np.arange(64, dtype=np.int32)
    found = intel.run(convert(over_subgroups(SUM, workgroup), LANES), (1, 1, 1), [values, values])[1]
    np.testing.assert_array_equal(groups(found), groups(values).sum(1, keepdims=True).repeat(LANES, 1))


def test_without_the_mode_a_reduction_is_silently_wrong(intel: IntelCpu) -> None:
    values = np.arange(64, dtype=np.int32)
    right = []
    for lanes in (4, 8, 16, 32):
        converted = convert(over_subgroups(SUM), lanes)
        expected = values.reshape(-1, lanes).sum(1, keepdims=True).repeat(lanes, 1).reshape(-1)
        np.testing.assert_array_equal(intel.run(converted, (1, 1, 1), [values, values])[1], expected)
        bare = replace(converted, binary=without_mode(converted.binary, SUBGROUP_SIZE))
        assert len(bare.binary) == len(converted.binary) - 16
        right += [lanes] * bool((intel.run(bare, (1, 1, 1), [values, values])[1] == expected).all())
    # The compiler takes one size, whichever the code was made for.
    assert len(right) <= 1


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        ("spirv.GroupNonUniformShuffleXor <Subgroup> %x, %lane : i32, i32", lambda g: g[:, np.arange(LANES) ^ 3]),
        ("spirv.GroupNonUniformShuffle <Subgroup> %x, %lane : i32, i32", lambda g: g[:, [3] * LANES]),
        ("spirv.GroupNonUniformBroadcast <Subgroup> %x, %lane : i32, i32", lambda g: g[:, [3] * LANES]),
        ("spirv.GroupNonUniformSMax <Subgroup> <Reduce> %x : i32 -> i32", lambda g: g.max(1, keepdims=True)),
        ("spirv.GroupNonUniformUMin <Subgroup> <Reduce> %x : i32 -> i32", lambda g: g.min(1, keepdims=True)),
        ("spirv.GroupNonUniformBitwiseOr <Subgroup> <Reduce> %x : i32 -> i32", lambda _: [[15], [31], [47], [63]]),
        ("spirv.GroupNonUniformIAdd <Subgroup> <InclusiveScan> %x : i32 -> i32", lambda g: g.cumsum(1)),
        (
            "spirv.GroupNonUniformIAdd <Subgroup> <ClusteredReduce> %x cluster_size(%four) : i32, i32 -> i32",
            lambda g: g.reshape(-1, 4, 4).sum(2).repeat(4, 1),
        ),
    ],
    ids=lambda value: value.split()[0].removeprefix("spirv.GroupNonUniform") if isinstance(value, str) else "",
)
def test_ops_on_subgroups(intel: IntelCpu, op: str, expected: Any) -> None:
    values = np.arange(64, dtype=np.int32)
    text = over_subgroups(op).replace("%result", "%four = spirv.Constant 4 : i32\n%result", 1)
    found = intel.run(convert(text, LANES), (1, 1, 1), [values, values])[1]
    np.testing.assert_array_equal(groups(found), np.broadcast_to(expected(groups(values)), (4, LANES)))


def test_sums_and_maxima_of_floats(intel: IntelCpu) -> None:
    values = np.random.default_rng(0).standard_normal(64).astype(np.float32)
    values[5] = np.nan
    text = over_subgroups("spirv.GroupNonUniformFMax <Subgroup> <Reduce> %x : f32 -> f32", type_="f32")
    found = intel.run(convert(text, LANES), (1, 1, 1), [values, values])[1]
    np.testing.assert_array_equal(groups(found), groups(values).max(1, keepdims=True).repeat(LANES, 1))
    clustered = (
        "%four = spirv.Constant 4 : i32\n%result = "
        "spirv.GroupNonUniformFMin <Subgroup> <ClusteredReduce> %x cluster_size(%four) : f32, i32 -> f32"
    )
    text = over_subgroups("nothing", type_="f32").replace("%result = nothing", clustered)
    found = intel.run(convert(text, LANES), (1, 1, 1), [values, values])[1]
    np.testing.assert_array_equal(found, values.reshape(-1, 4).min(1).repeat(4))
    text = over_subgroups("spirv.GroupNonUniformFAdd <Subgroup> <Reduce> %x : f32 -> f32", type_="f32")
    found = intel.run(convert(text, LANES), (1, 1, 1), [values, values])[1]
    np.testing.assert_allclose(groups(found)[1:, 0], groups(values)[1:].astype(np.float64).sum(1), atol=1e-5)
