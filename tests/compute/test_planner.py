# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Plans, without a device: what is computed, what becomes a command, and where barriers come from."""

from __future__ import annotations

from typing import Any

import pytest

from compute.samples import GROUP, SCALE, Writer, image, scale_and_add
from fanfold.backends.compute.plan import Barrier, Block, Copy, Fill, Launch, Plan, Span
from fanfold.backends.compute.planner import make_plan
from fanfold.backends.image.program import Function
from fanfold.errors import ArtifactError, CallError


class Nothing:
    """Nothing is on the device but what a test puts there."""

    def __init__(self, **found: int | Span) -> None:
        self.globals: dict[str, int | Span] = found
        self.contents = Span(Block(48, address=64), 0, 48)

    def data(self, _number: int) -> Span:
        return self.contents

    def parameter(self, _scope: str, _key: str) -> Span:
        return self.contents


def plan(function: Function, *inputs: tuple[str, tuple[int, ...], int], resident: Any = None) -> Plan:
    return make_plan(image(function, module=b""), function, inputs, resident or Nothing(), "main")


def test_sizes_come_from_the_inputs() -> None:
    made = plan(scale_and_add(), ("float32", (40 * GROUP,), 160 * GROUP))
    launches = [command for command in made.commands if isinstance(command, Launch)]
    assert [launch.groups for launch in launches] == [(40, 1, 1)] * 2
    assert [result.dims for result in made.results] == [(40 * GROUP,)] * 2
    assert [block.size for block in made.blocks] == [160 * GROUP] * 2
    assert [type(command) for command in made.commands] == [Launch, Barrier, Launch]
    assert [block.input for block in made.inputs] == [0]


def test_integers_wrap() -> None:
    write = Writer()
    big = write.do("integer", value=2**31 - 1, bits=32)
    wrapped = write.do("arith", big, write.do("integer", value=1, bits=32), op="addi", bits=32)
    wide = write.do("convert", wrapped, op="extui", bits=64, source=32)
    less = write.do("compare", wrapped, big, predicate="slt", bits=32)
    chosen = write.do("select", less, wide, write.index(7))
    write.do("store", write.do("align", chosen, write.index(3)), name="result")
    resident = Nothing()
    plan(write.function(), resident=resident)
    assert resident.globals["result"] == -(-(2**31) // 3) * 3


def test_nothing_is_launched_or_copied_where_nothing_is() -> None:
    write = Writer()
    zero, buffer = write.index(0), write.do("allocate", write.index(0))
    write.scale(buffer, buffer, zero, 1.0)
    write.do("copy", buffer, zero, buffer, zero, zero)
    write.do("fill", buffer, zero, zero, write.do("integer", value=0, bits=8), width=1)
    write.do("update", buffer, zero, data=0, begin=3, bytes=0)
    write.do("barrier")
    assert plan(write.function()).commands == []


def test_memory_that_was_released_is_taken_again_behind_a_barrier() -> None:
    write = Writer()
    size, zero = write.index(64), write.index(0)
    byte = write.do("integer", value=1, bits=8)
    first, other = write.do("allocate", size), write.do("allocate", write.index(256))
    for buffer in (first, other):
        write.do("fill", buffer, zero, size, byte, width=1)
        write.do("release", buffer)
    # The smallest that is large enough.
    again = write.do("allocate", write.index(32))
    write.do("copy", write.do("data", data=0), zero, again, zero, write.index(32))
    made = plan(write.function())
    assert [type(command) for command in made.commands] == [Fill, Fill, Barrier, Copy]
    first_fill, last = made.commands[0], made.commands[-1]
    assert isinstance(first_fill, Fill)
    assert isinstance(last, Copy)
    assert last.target.block is first_fill.target.block
    assert len(made.blocks) == 2


def test_memory_of_others_is_not_taken_when_it_is_released() -> None:
    write = Writer(inputs=1)
    write.do("release", write.do("contents", 0))
    write.do("release", write.do("data", data=0))
    fresh = write.do("allocate", write.index(4))
    view = write.view(fresh, write.index(4), write.index(1))
    made = plan(write.function(view), ("float32", (4,), 16))
    assert made.results[0].span.block is made.blocks[0]
    assert made.inputs == []


def test_globals_are_integers_and_buffers() -> None:
    write = Writer()
    held = Span(Block(64, address=4096), 0, 64)
    write.do(
        "copy",
        write.do("load", name="held"),
        write.do("load", name="at"),
        write.do("data", data=0),
        *([write.index(8), write.index(16)]),
    )
    (copy,) = plan(write.function(), resident=Nothing(held=held, at=32)).commands
    assert isinstance(copy, Copy)
    assert (copy.source.block, copy.source.offset, copy.source.size) == (held.block, 32, 16)
    assert copy.target.offset == 8


def steps_that_fail() -> dict[str, tuple[Writer, str]]:
    """Programs that cannot be planned, with what is said of them."""
    negative, axis, pattern, groups = Writer(), Writer(inputs=1), Writer(), Writer()
    negative.do("allocate", negative.index(-4))
    axis.do("dim", 0, axis=1)
    buffer = pattern.do("allocate", pattern.index(16))
    word = pattern.do("integer", value=0, bits=32)
    pattern.do("fill", buffer, pattern.index(2), pattern.index(8), word, width=4)
    memory, minus = groups.do("allocate", groups.index(64)), groups.index(-64)
    groups.scale(memory, memory, minus, 1.0)
    many = Writer()
    memory, one, count = many.do("allocate", many.index(64)), many.index(1), many.index(1 << 32)
    places = (memory, one, one) * 2
    many.do("dispatch", count, one, one, many.do("integer", value=0, bits=32), *places, kernel=SCALE, constants=1)
    huge = Writer()
    # One element more than an i32 has numbers for, and a buffer that has just enough.
    most = huge.index(4 << 31)
    memory, more, zero = huge.do("allocate", huge.index((4 << 31) + 4)), huge.index((4 << 31) + 4), huge.index(0)
    one, factor = huge.index(1), huge.do("integer", value=0, bits=32)
    for size in (one, most, more):
        huge.do("dispatch", one, one, one, factor, memory, zero, most, memory, zero, size, kernel=SCALE, constants=1)
    return {
        "step 1 of main, allocate": (negative, "a buffer cannot have -4 bytes"),
        "step 0 of main, dim": (axis, r"a tensor of shape \(4,\) has no axis 1"),
        "step 5 of main, fill": (pattern, "a pattern of 4 bytes does not fit 8 bytes at 2"),
        "step 8 of main, dispatch scale": (groups, r"there are no \(-1, 1, 1\) workgroups"),
        "step 5 of main, dispatch scale": (many, r"a launch of \(4294967296, 1, 1\) workgroups is too large"),
        "step 9 of main, dispatch scale": (huge, r"buffer 1 has 8589934596 bytes, which are 2147483649 elements"),
    }


@pytest.mark.parametrize("place", steps_that_fail())
def test_errors_name_the_step(place: str) -> None:
    write, message = steps_that_fail()[place]
    function = write.function()
    with pytest.raises(CallError, match=message) as caught:
        plan(function, *[("float32", (4,), 16)] * function.inputs)
    assert caught.value.op == place


def test_dtypes_that_are_not_known() -> None:
    write = Writer(inputs=1)
    write.do("check", 0, dtype="f4E2M1FN", name="input 0")
    with pytest.raises(ArtifactError, match="tensors of f4E2M1FN, which this version does not know"):
        plan(write.function(), ("float32", (), 4))
