# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import iree.runtime as rt
import pytest

from fanfold.backends.image import integers
from fanfold.backends.iree_compiler import find_compiler

WIDTHS = (32, 64)


def _functions() -> str:
    """Return a function for each op of each width: IREE's virtual machine computes what programs compute."""
    lines = []
    for bits in WIDTHS:
        t = f"i{bits}"
        lines += [
            f"func.func @{op}_{bits}(%a: {t}, %b: {t}) -> {t} {{ %r = arith.{op} %a, %b : {t} return %r : {t} }}"
            for op in sorted(integers.ARITH)
        ]
        lines += [
            f"""func.func @{predicate}_{bits}(%a: {t}, %b: {t}) -> i32 {{
              %c = arith.cmpi {predicate}, %a, %b : {t}
              %r = arith.extsi %c : i1 to i32
              return %r : i32
            }}"""
            for predicate in integers.PREDICATES
        ]
    for op, source, bits in (("extsi", 32, 64), ("extui", 32, 64), ("trunci", 64, 32)):
        lines.append(f"""func.func @{op}(%a: i{source}) -> i{bits} {{
          %r = arith.{op} %a : i{source} to i{bits}
          return %r : i{bits}
        }}""")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., int]:
    """Return what calls one of the functions."""
    folder: Path = tmp_path_factory.mktemp("integers")
    (folder / "in.mlir").write_text(_functions())
    command = [str(find_compiler()), str(folder / "in.mlir"), "--iree-execution-model=host-only"]
    subprocess.run([*command, "-o", str(folder / "out.vmfb")], check=True)
    instance = rt.VmInstance()
    module = rt.VmModule.copy_buffer(instance, (folder / "out.vmfb").read_bytes())
    context = rt.VmContext(instance, [module])

    def call(name: str, *arguments: int) -> int:
        values, results = rt.VmVariantList(len(arguments)), rt.VmVariantList(1)
        for value in arguments:
            values.push_int(value)
        context.invoke(module.lookup_function(name), values, results)
        found: Any = results.get_variant(0)
        return int(found)

    return call


def _samples(bits: int) -> list[int]:
    random.seed(bits)
    edges = [0, 1, -1, 2, 7, -7, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)), 31, 32, 63]
    return edges + [random.getrandbits(bits) - 2 ** (bits - 1) for _ in range(20)]


def _is_undefined(op: str, bits: int, a: int, b: int) -> bool:
    if op in {"shli", "shrsi", "shrui"}:
        return not 0 <= b < bits
    divides = "div" in op or "rem" in op
    return divides and (b == 0 or (a == -(2 ** (bits - 1)) and b == -1))


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("op", sorted(integers.ARITH))
def test_arithmetic_is_that_of_iree(functions: Callable[..., int], op: str, bits: int) -> None:
    for a in _samples(bits):
        for b in _samples(bits):
            if not _is_undefined(op, bits, a, b):
                assert integers.arith(op, bits, a, b) == functions(f"{op}_{bits}", a, b), (a, b)


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("predicate", integers.PREDICATES)
def test_comparisons_are_those_of_iree(functions: Callable[..., int], predicate: str, bits: int) -> None:
    for a in _samples(bits):
        for b in (*_samples(bits), a):
            assert integers.compare(predicate, bits, a, b) == functions(f"{predicate}_{bits}", a, b), (a, b)


@pytest.mark.parametrize(("op", "source", "bits"), [("extsi", 32, 64), ("extui", 32, 64), ("trunci", 64, 32)])
def test_conversions_are_those_of_iree(functions: Callable[..., int], op: str, source: int, bits: int) -> None:
    for a in _samples(source):
        assert integers.convert(op, bits, source, a) == functions(op, a), a


def test_true_is_the_set_bit() -> None:
    assert integers.compare("eq", 64, 3, 3) == -1
    assert integers.convert("extui", 32, 1, -1) == 1
    assert integers.convert("extsi", 32, 1, -1) == -1


def test_shifts_beyond_the_width_shift_everything_out() -> None:
    assert integers.arith("shli", 32, 1, 32) == 0
    assert integers.arith("shrui", 32, -1, 40) == 0
    assert integers.arith("shrsi", 32, -5, 99) == -1


def test_align() -> None:
    assert [integers.align(n, 64) for n in (0, 1, 64, 65)] == [0, 64, 64, 128]


def test_what_cannot_be_computed() -> None:
    with pytest.raises(ZeroDivisionError):
        integers.arith("divsi", 64, 1, 0)
    with pytest.raises(KeyError):
        integers.arith("addf", 64, 1, 1)
    with pytest.raises(KeyError):
        integers.convert("bitcast", 64, 64, 1)
