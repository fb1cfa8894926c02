# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels whose threads tell each other things without a barrier: they get one, on Intel's compiler they are right."""

from __future__ import annotations

import numpy as np
import pytest
from torch_mlir import ir

from fanfold.dialect.context import make_bare_context, parse_module
from fanfold.errors import CompileError
from fanfold.passes.spirv import convert
from fanfold.passes.spirv.barriers import add_barriers
from fanfold.passes.spirv.crossing import cross
from fanfold.passes.walk import all_ops
from spirv.intel_cpu import IntelCpu
from spirv.vulkan import element, module

THREADS, LANES = 64, 16
SHARED = f"!spirv.ptr<!spirv.struct<(!spirv.array<{THREADS} x f32>)>, Workgroup>"


def branch(condition: str, body: str) -> str:
    """Return a branch that the threads take for which the condition holds."""
    return f"""
    spirv.mlir.selection {{
      spirv.BranchConditional {condition}, ^then, ^end
    ^then:
      {body}
      spirv.Branch ^end
    ^end:
      spirv.mlir.merge
    }}
    """


def loop(body: str) -> str:
    """Return a loop of two rounds."""
    return f"""
    spirv.mlir.loop {{
      spirv.Branch ^header(%zero : i32)
    ^header(%round: i32):
      %more = spirv.SLessThan %round, %two : i32
      spirv.BranchConditional %more, ^body, ^end
    ^body:
      {body}
      %next = spirv.IAdd %round, %one : i32
      spirv.Branch ^header(%next : i32)
    ^end:
      spirv.mlir.merge
    }}
    """


def at(name: str, index: str) -> str:
    """Return an address in shared memory."""
    chain = f"%{name} = spirv.AccessChain %shared[%zero, {index}]"
    return f"{chain} : {SHARED}, i32, i32 -> !spirv.ptr<f32, Workgroup>\n"


#: Each thread puts what it has to its place, and takes what is at the opposite place.
GIVE = at("mine", "%id") + '%given = spirv.Load "StorageBuffer" %p : f32\nspirv.Store "Workgroup" %mine, %given : f32\n'
TAKE = at("theirs", "%other") + '%taken = spirv.Load "Workgroup" %theirs : f32\n'
TAKE += 'spirv.Store "StorageBuffer" %q, %taken : f32\n'


def kernel(body: str, threads: int = THREADS) -> str:
    begin = f"%shared = spirv.mlir.addressof @shared : {SHARED}\n"
    begin += f"%last = spirv.Constant {threads - 1} : i32\n%other = spirv.ISub %last, %id : i32\n"
    begin += "%one = spirv.Constant 1 : i32\n%two = spirv.Constant 2 : i32\n%all = spirv.Constant 999 : i32\n"
    begin += "%few = spirv.SLessThan %id, %all : i32\n"
    begin += element("p", 0, "%id") + element("q", 1, "%id")
    shared = f"spirv.GlobalVariable @shared : {SHARED}"
    return module(begin + body, ["f32", "f32"], workgroup=(threads, 1, 1), members=shared, interface=", @shared")


@pytest.mark.parametrize(
    "body",
    [
        GIVE + TAKE,
        branch("%few", GIVE) + branch("%few", TAKE),
        branch("%few", branch("%few", GIVE) + branch("%few", TAKE)),
        branch("%few", branch("%few", branch("%few", GIVE) + branch("%few", TAKE))),
        loop(GIVE + TAKE),
        loop(branch("%few", GIVE) + branch("%few", TAKE)),
        branch("%few", GIVE) + loop(TAKE),
    ],
    ids=["straight", "branches", "in a branch", "in two", "loop", "branches in a loop", "then a loop"],
)
def test_threads_wait_for_what_others_write(intel: IntelCpu, body: str) -> None:
    values = np.arange(THREADS, dtype=np.float32)
    converted = convert(kernel(body), LANES)
    for _ in range(3):
        found = intel.run(converted, (1, 1, 1), [values, np.zeros_like(values)])[1]
        np.testing.assert_array_equal(found, values[::-1])


def test_a_branch_of_some_threads_is_split_for_it(intel: IntelCpu) -> None:
    body = branch("%few", branch("%few", GIVE) + branch("%few", TAKE)).replace("%few, ^", "%some, ^")
    body = "%half = spirv.Constant 48 : i32\n%some = spirv.SLessThan %id, %half : i32\n" + body
    values = np.arange(1, THREADS + 1, dtype=np.float32)
    found = intel.run(convert(kernel(body), LANES), (1, 1, 1), [values, np.zeros_like(values)])[1]
    np.testing.assert_array_equal(found[16:48], values[::-1][16:48])
    np.testing.assert_array_equal(found[48:], 0)


def test_a_barrier_that_not_all_threads_would_come_by_is_refused() -> None:
    with pytest.raises(CompileError, match="needs a barrier that it cannot have") as caught:
        convert(kernel(branch("%few", loop(GIVE + TAKE))), LANES)
    assert caught.value.op == "spirv.mlir.selection"


@pytest.mark.parametrize(
    ("body", "threads"),
    [
        ("", THREADS),
        (GIVE + "spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease>\n" + TAKE, THREADS),
    ],
    ids=["nothing shared", "IREE's own"],
)
def test_kernels_that_need_none_get_none(body: str, threads: int) -> None:
    text = kernel(body, threads)
    parsed = parse_module(cross(text), make_bare_context())
    with parsed.context, ir.Location.unknown():
        spirv = parsed.body.operations[0].operation
        add_barriers(spirv, LANES)
        assert len(all_ops(spirv, "spirv.ControlBarrier")) == text.count("spirv.ControlBarrier")


def test_threads_that_would_repeat_what_others_do_are_left_out(intel: IntelCpu) -> None:
    add = '%x = spirv.Load "StorageBuffer" %q : f32\n%y = spirv.FAdd %x, %given : f32\n'
    text = kernel('%given = spirv.Load "StorageBuffer" %p : f32\n' + add + 'spirv.Store "StorageBuffer" %q, %y : f32')
    converted = convert(text.replace(f'"LocalSize", {THREADS}, 1, 1', f'"LocalSize", {THREADS}, 8, 2'), LANES)
    assert converted.kernels[0].workgroup == (THREADS, 1, 1)
    values = np.arange(THREADS, dtype=np.float32)
    found = intel.run(converted, (1, 1, 1), [values, values])[1]
    np.testing.assert_array_equal(found, 2 * values)


def barriers(text: str, lanes: int = LANES) -> int:
    """Return how many barriers a module has once it has got its own."""
    parsed = parse_module(cross(text), make_bare_context())
    with parsed.context, ir.Location.unknown():
        spirv = parsed.body.operations[0].operation
        add_barriers(spirv, lanes)
        return len(all_ops(spirv, "spirv.ControlBarrier"))


def again(body: str) -> str:
    """Return ops for a second time."""
    for name in ("mine", "given", "theirs", "taken"):
        body = body.replace(f"%{name}", f"%{name}2")
    return body


def test_a_loop_without_rounds_is_no_barrier(intel: IntelCpu) -> None:
    rounds = loop(again(GIVE + TAKE)).replace("%round, %two", "%round, %number")
    values = np.arange(THREADS, dtype=np.float32)
    converted = convert(kernel(GIVE + rounds + TAKE), LANES)
    for _ in range(3):
        found = intel.run(converted, (1, 1, 1), [values, np.zeros_like(values)])[1]
        np.testing.assert_array_equal(found, values[::-1])


def test_what_is_known_does_not_grow_with_every_branch() -> None:
    whole = "%whole = spirv.SLessThan %number, %all : i32\n"
    body = (
        GIVE
        + whole
        + "".join(
            branch("%whole", TAKE.replace("%theirs", f"%theirs{n}").replace("%taken", f"%taken{n}")) for n in range(30)
        )
    )
    assert barriers(kernel(body)) == 30


def test_two_threads_with_one_place_tell_each_other_things() -> None:
    body = "%y = spirv.CompositeExtract %ids[1 : i32] : vector<3xi32>\n%sum = spirv.IAdd %id, %y : i32\n"
    body += GIVE.replace("%id]", "%sum]") + TAKE.replace("%other", "%sum")
    text = kernel(body).replace(f'"LocalSize", {THREADS}, 1, 1', '"LocalSize", 16, 2, 1')
    assert barriers(text) == 1
    rows = text.replace("%sum = spirv.IAdd %id, %y", "%row = spirv.IMul %y, %size : i32\n%sum = spirv.IAdd %id, %row")
    assert barriers(rows) == 0


def test_a_split_branch_keeps_what_it_has_in_variables(intel: IntelCpu) -> None:
    variable = "%v = spirv.Variable : !spirv.ptr<f32, Function>\n"
    keep = '%kept = spirv.Load "StorageBuffer" %p : f32\nspirv.Store "Function" %v, %kept : f32\n'
    back = TAKE.replace('"StorageBuffer" %q, %taken', '"StorageBuffer" %q, %both')
    back = back.replace(
        "spirv.Store", '%again = spirv.Load "Function" %v : f32\n%both = spirv.FAdd %taken, %again : f32\nspirv.Store'
    )
    values = np.arange(THREADS, dtype=np.float32)
    outside = convert(kernel(variable + branch("%few", keep + GIVE + back)), LANES)
    found = intel.run(outside, (1, 1, 1), [values, np.zeros_like(values)])[1]
    np.testing.assert_array_equal(found, THREADS - 1)
    with pytest.raises(CompileError, match="needs a barrier that it cannot have"):
        convert(kernel(branch("%few", variable + keep + GIVE + back)), LANES)


def test_threads_that_left_do_not_come_by() -> None:
    leave = branch("%few", "").replace("spirv.Branch ^end", "spirv.Return")
    with pytest.raises(CompileError, match="needs a barrier that it cannot have"):
        convert(kernel(leave + GIVE + TAKE), LANES)


def test_threads_that_take_rounds_of_their_own_may_be_in_different_ones() -> None:
    """A thread writes where another, which is a round behind, still reads."""
    place = "%place = spirv.IAdd %id, %round : i32\n"
    body = place + GIVE.replace("%id]", "%place]") + TAKE.replace("%other", "%place")
    with pytest.raises(CompileError, match="needs a barrier that it cannot have"):
        convert(kernel(loop(body).replace("%round, %two", "%round, %id")), LANES)


def test_atomics_of_all_threads_count() -> None:
    body = "%b = spirv.AtomicIAdd <Device> <None> %p, %one : !spirv.ptr<i32, StorageBuffer>\n"
    text = kernel("").replace("spirv.Return", body + "spirv.Return").replace("f32", "i32")
    assert convert(text.replace(f'"LocalSize", {THREADS}, 1, 1', '"LocalSize", 64, 8, 1'), LANES).kernels[
        0
    ].workgroup == (64, 8, 1)


def test_threads_that_go_beyond_shared_memory_are_refused() -> None:
    far = "%far = spirv.IMul %id, %two : i32\n" + GIVE.replace("%id]", "%far]")
    with pytest.raises(CompileError, match="is at element 126 of shared memory"):
        convert(kernel(far), LANES)
    few = "%half = spirv.Constant 32 : i32\n%first = spirv.SLessThan %id, %half : i32\n" + branch("%first", far)
    assert convert(kernel(few), LANES).kernels
