# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import random
import struct
from typing import Any

import numpy as np
import pytest

from fanfold.backends.image.check import _ATTRIBUTES, _RULES
from fanfold.backends.image.codec import ALIGNMENT, MAGIC, decode, encode
from fanfold.backends.image.program import GIVING, STEPS, VERSION, Function, Image, Kernel, Step
from fanfold.errors import ArtifactError, CompileError

from .schedules import SPIRV

_HEAD = 24
_DIGEST = 32


def sample() -> Image:
    """Return an image that has every step."""
    given: list[Step] = []
    numbers = iter(range(100))

    def give(name: str, /, *operands: int, **attributes: Any) -> int:
        number = next(numbers)
        given.append(Step(name, operands, (number,), attributes))
        return number

    def do(name: str, /, *operands: int, **attributes: Any) -> None:
        given.append(Step(name, operands, (), attributes))

    weight = give("integer", value=0, bits=64), give("integer", value=256, bits=64)
    do("store", give("parameter", *weight, scope="model", key="w"), name="w")
    do("store", weight[1], name="size")
    initializer = Function(0, tuple(given), ())
    given, numbers = [], iter(range(1, 100))
    rows = give("dim", 0, axis=0)
    four = give("integer", value=4, bits=64)
    do("check", 0, rows, four, dtype="f32", name="input0")
    x = give("contents", 0)
    size = give("align", give("arith", rows, four, op="muli", bits=64), give("load", name="size"))
    few = give("compare", rows, four, predicate="slt", bits=64)
    size = give("select", few, four, size)
    out = give("allocate", size)
    low = give("convert", size, op="trunci", bits=32, source=64)
    zero = give("integer", value=0, bits=64)
    part = give("subspan", out, zero, give("size", x))
    spans = [give("data", data=1), zero, four, part, zero, four]
    do("dispatch", rows, four, four, low, *spans, kernel=0, constants=1)
    do("fill", out, zero, four, give("integer", value=-1, bits=8), width=1)
    do("barrier")
    do("copy", out, zero, part, zero, four)
    do("update", out, zero, data=0, begin=1, bytes=2)
    do("release", give("load", name="w"))
    view = give("view", out, zero, size, rows, give("rank", 0), dtype="bf16")
    kernels = (Kernel(0, "main$k", (16, 1, 1), 16, (4, 2), 1), Kernel(1, "other", (1, 2, 3), 8, (), 0))
    data = (b"abc", bytes(range(200)))
    return Image("xpu", (SPIRV, SPIRV + bytes(4)), kernels, data, (initializer,), Function(1, tuple(given), (view, 0)))


@functools.cache
def encoded() -> bytes:
    return encode(sample())


def signed(body: bytes) -> bytes:
    """Return an image with a length and a checksum that are right again."""
    described = struct.unpack_from("<I", body, 12)[0]
    head = struct.pack("<8sIIQ", body[:8], struct.unpack_from("<I", body, 8)[0], described, len(body))
    rest = body[_HEAD + _DIGEST :]
    return head + hashlib.sha256(head + rest).digest() + rest


def described(change: dict[str, Any] | None) -> bytes:
    """Return an image whose description is another."""
    length = struct.unpack_from("<I", encoded(), 12)[0]
    description = json.loads(encoded()[64 : 64 + length])
    text = json.dumps({**description, **change} if change is not None else []).encode()
    gap = bytes(-len(text) % ALIGNMENT)
    blobs = encoded()[64 + -(-length // ALIGNMENT) * ALIGNMENT :]
    return signed(encoded()[:12] + struct.pack("<I", len(text)) + encoded()[16:64] + text + gap + blobs)


def test_the_sample_has_every_step() -> None:
    image = sample()
    assert {step.name for f in (*image.initializers, image.main) for step in f.steps} == set(STEPS)


def test_every_step_is_checked() -> None:
    assert set(_RULES) == set(STEPS)
    assert set(_ATTRIBUTES) < set(STEPS)
    assert "allocate" in GIVING
    assert "store" not in GIVING


def test_an_image_comes_back() -> None:
    assert decode(encoded()) == sample()
    assert encode(decode(encoded())) == encoded()


def test_modules_and_data_lie_in_the_image_on_boundaries() -> None:
    memory = np.zeros(len(encoded()) + ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % ALIGNMENT
    memory[begin : begin + len(encoded())] = np.frombuffer(encoded(), np.uint8)
    image = decode(memoryview(memory)[begin : begin + len(encoded())])
    for blob in (*image.modules, *image.data):
        view = np.frombuffer(blob, np.uint8)
        assert np.shares_memory(view, memory)
        assert view.ctypes.data % ALIGNMENT == 0


def test_bytes_that_are_flipped_or_missing_are_found() -> None:
    random.seed(0)
    good = encoded()
    for _ in range(4000):
        damaged = bytearray(good)
        for _ in range(random.choice((1, 1, 2, 8))):
            damaged[random.randrange(len(good))] ^= 1 << random.randrange(8)
        if damaged == good:
            continue
        with pytest.raises(ArtifactError) as caught:
            decode(bytes(damaged))
        assert caught.value.stage == "load"
        assert caught.value.remedy
    for length in range(len(good)):
        with pytest.raises(ArtifactError):
            decode(good[:length])
    with pytest.raises(ArtifactError, match="behind its end"):
        decode(good + b"\0")


def test_nothing_else_is_thrown_when_the_checksum_is_right() -> None:
    random.seed(1)
    good = encoded()
    refused = 0
    for _ in range(4000):
        damaged = bytearray(good)
        for _ in range(random.choice((1, 2, 4))):
            damaged[random.randrange(64, len(good))] = random.choice((random.randrange(256), *b'0123456789",:[]{}-'))
        try:
            decode(signed(bytes(damaged)))
        except ArtifactError:
            refused += 1
    assert refused > 1000


@pytest.mark.parametrize(("version", "message"), [(VERSION + 1, "a newer version"), (0, "an older version")])
def test_other_versions_are_refused(version: int, message: str) -> None:
    other = signed(encoded()[:8] + struct.pack("<I", version) + encoded()[12:])
    with pytest.raises(ArtifactError, match=message) as caught:
        decode(other)
    assert caught.value.found == str(version)


def test_something_else_is_refused() -> None:
    for other in (b"", b"PK\x03\x04" + bytes(100), MAGIC, bytes(200)):
        with pytest.raises(ArtifactError, match="does not begin"):
            decode(other)


@pytest.mark.parametrize(
    "change",
    [
        None,
        {"more": 1},
        {"target": 1},
        {"modules": [[0, 10**9], [64, 20]]},
        {"modules": [[1, 20], [64, 20]]},
        {"data": [[-64, 3], [0, 3]]},
        {"data": [[0, True], [0, 3]]},
        {"kernels": [{}]},
        {"initializers": [1]},
        {"main": {"inputs": 1, "steps": [["dim", [0]]], "results": []}},
        {"main": {"inputs": 1, "steps": [["dim", [0], []]], "results": []}},
        {"main": {"inputs": 1, "steps": [["dim", [0.5], {"axis": 0}]], "results": []}},
        {"main": {"inputs": 10**30, "steps": [], "results": [5]}},
    ],
)
def test_descriptions_that_say_something_else(change: dict[str, Any] | None) -> None:
    with pytest.raises(ArtifactError):
        decode(described(change))


def main_of(*steps: Step, inputs: int = 1, results: tuple[int, ...] = ()) -> Image:
    """Return the sample with other steps in `main`."""
    return dataclasses.replace(sample(), main=Function(inputs, steps, results))


ZERO = Step("integer", (), (1,), {"value": 0, "bits": 64})
WRONG = {
    "there is no such step": main_of(Step("jump")),
    "it has the attributes": main_of(Step("dim", (0,), (1,), {})),
    "its axis is True": main_of(Step("dim", (0,), (1,), {"axis": True})),
    "negative axis": main_of(Step("dim", (0,), (1,), {"axis": -1})),
    "a value that is not there yet": main_of(Step("dim", (1,), (1,), {"axis": 0})),
    "it takes view instead of buffer": main_of(Step("size", (0,), (1,))),
    "it takes nothing instead of buffer": main_of(Step("release")),
    "not numbered in order": main_of(Step("dim", (0,), (2,), {"axis": 0})),
    "does not fit in 8 bits": main_of(Step("integer", (), (1,), {"value": 128, "bits": 8})),
    "no integers of 7 bits": main_of(Step("integer", (), (1,), {"value": 1, "bits": 7})),
    "there is no op 'addf'": main_of(ZERO, Step("arith", (1, 1), (2,), {"op": "addf", "bits": 64})),
    "there is no op 'bitcast'": main_of(ZERO, Step("convert", (1,), (2,), {"op": "bitcast", "bits": 1, "source": 64})),
    "there is no predicate": main_of(ZERO, Step("compare", (1, 1), (2,), {"predicate": "oeq", "bits": 64})),
    "it takes i64, i64 instead of i32, i32": main_of(ZERO, Step("arith", (1, 1), (2,), {"op": "addi", "bits": 32})),
    "it has 1 operands": main_of(ZERO, Step("select", (1,), (2,))),
    "it selects a view": main_of(ZERO, Step("select", (1, 0, 0), (2,))),
    "there is no constant 2": main_of(Step("data", (), (1,), {"data": 2})),
    "it goes beyond the constant": main_of(Step("update", (), (), {"data": 0, "begin": 2, "bytes": 2})),
    "nothing is in the global 'x'": main_of(Step("load", (), (1,), {"name": "x"})),
    "globals are only stored": main_of(ZERO, Step("store", (1,), (), {"name": "y"})),
    "there is no kernel 2": main_of(Step("dispatch", (), (), {"kernel": 2, "constants": 0})),
    "takes 1 constants": main_of(Step("dispatch", (), (), {"kernel": 0, "constants": 0})),
    "it takes nothing instead of i64, i64, i64": main_of(Step("dispatch", (), (), {"kernel": 1, "constants": 0})),
    "not filled with 8 bytes": main_of(Step("fill", (), (), {"width": 8})),
    "returns something that is no view": main_of(ZERO, results=(1,)),
    "main takes -1 tensors": main_of(inputs=-1),
    "an initializer takes or returns": dataclasses.replace(sample(), initializers=(Function(1, (), ()),)),
    "stored to twice": dataclasses.replace(sample(), initializers=sample().initializers * 2),
    "no SPIR-V": dataclasses.replace(sample(), modules=(SPIRV, b"MLIR")),
    "there is no module 2": dataclasses.replace(sample(), kernels=(Kernel(2, "k", (1, 1, 1), 16, (), 0),)),
    "a kernel has no name": dataclasses.replace(sample(), kernels=(Kernel(0, "", (1, 1, 1), 16, (), 0),)),
    "no workgroup size": dataclasses.replace(sample(), kernels=(Kernel(0, "k", (1, 0, 1), 16, (), 0),)),
    "no subgroup size": dataclasses.replace(sample(), kernels=(Kernel(0, "k", (1, 1, 1), 0, (), 0),)),
    "k takes less than nothing": dataclasses.replace(sample(), kernels=(Kernel(0, "k", (1, 1, 1), 16, (-1,), 0),)),
}


@pytest.mark.parametrize("message", WRONG)
def test_programs_that_are_wrong_are_neither_written_nor_read(message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CompileError, match=message):
        encode(WRONG[message])
    with monkeypatch.context() as unchecked:
        unchecked.setattr("fanfold.backends.image.codec.check", lambda _: None)
        written = encode(WRONG[message])
    # Numbers of results are not in the bytes.
    if message != "not numbered in order":
        with pytest.raises(ArtifactError):
            decode(written)
