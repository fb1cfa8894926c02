# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""form-rows on random graphs: the module stays valid and computes the same."""

from __future__ import annotations

import random

import pytest
from torch_mlir import ir

from fanfold.dialect.context import parse_module
from fanfold.dialect.rows import MAX_VALUES, ROW_OPS
from fanfold.passes.base import PassState
from fanfold.passes.form_rows import FormRows
from fanfold.passes.kernel.no_kernels import NoKernels
from fanfold.passes.pipeline import run_passes

ROW = "tensor<?x64xf32>"
SEEDS = 60


def graph(seed: int, *, columns: bool = False) -> str:
    """Return a random graph of row-wise ops and others; every value that nobody reads is returned.

    With `columns`, some of the ops take all columns of a value, which each reader does on its own.
    """
    rng = random.Random(seed)
    values = ["%x", "%y"]
    lines = []
    read: set[str] = set()
    for i in range(rng.randint(3, 40)):
        # Mostly the youngest values: deep graphs with short cycles through ops outside.
        picks = [rng.choice(values[-4:] if rng.random() < 0.7 else values) for _ in range(2)]
        name = f"%v{i}"
        match rng.randrange(4 + 2 * columns):
            case 0:
                line = f'"fanfold.cast"({picks[0]}) {{n = {i} : i64}} : ({ROW}) -> {ROW}'
                picks = picks[:1]
            case 1 | 2:
                line = f'"fanfold.residual_add"({picks[0]}, {picks[1]}) {{n = {i} : i64}} : ({ROW}, {ROW}) -> {ROW}'
            case 4 | 5:
                line = f'"fanfold.columns"({picks[0]}) {{offset = 0 : i64}} : ({ROW}) -> {ROW}'
                picks = picks[:1]
            case _:
                line = f'"other.op"({picks[0]}, {picks[1]}) {{n = {i} : i64}} : ({ROW}, {ROW}) -> {ROW}'
        read.update(picks)
        lines.append(f"{name} = {line}")
        values.append(name)
    results = [value for value in values[2:] if value not in read or rng.random() < 0.2]
    types = ", ".join([ROW] * len(results))
    body = "\n".join(lines)
    return f"func.func @main(%x: {ROW}, %y: {ROW}) -> ({types}) {{\n{body}\nreturn {', '.join(results)} : {types}\n}}"


def returned(module: ir.Module) -> list[str]:
    """Return what each result of the function computes, as an expression with shared parts by number."""
    block = module.body.operations[0].regions[0].blocks[0]
    numbers: dict[str, int] = {}

    def number(expression: str) -> int:
        return numbers.setdefault(expression, len(numbers))

    known: dict[ir.Value, int] = {argument: number(f"argument {i}") for i, argument in enumerate(block.arguments)}

    def walk(block: ir.Block) -> list[int]:
        for view in block.operations:
            op = view.operation
            operands = [known[value] for value in op.operands]
            if op.name in {"func.return", "fanfold.yield"}:
                return operands
            if op.name == "fanfold.rows":
                body = op.regions[0].blocks[0]
                known.update(zip(body.arguments, operands, strict=True))
                known.update(zip(op.results, walk(body), strict=True))
            elif op.name == "fanfold.columns":
                # All of them: the value itself.
                known[op.results[0]] = operands[0]
            else:
                known[op.results[0]] = number(f"{op.name} {op.attributes['n']} {operands}")
        raise AssertionError("no terminator")

    found = walk(block)
    # The numbers depend on the order of the ops; what they stand for does not.
    meaning: dict[int, str] = {}
    for expression, i in numbers.items():
        head, _, inner = expression.partition("[")
        parts = [meaning[int(part)] for part in inner.rstrip("]").split(", ")] if inner else []
        meaning[i] = str(hash((head, *parts)))
    return [meaning[i] for i in found]


@pytest.mark.parametrize("columns", [False, True], ids=["", "columns"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_graphs_compute_the_same(seed: int, columns: bool) -> None:
    module = parse_module(graph(seed, columns=columns))
    before = returned(module)
    run_passes(module, [FormRows()], PassState(NoKernels()))
    assert returned(module) == before, f"seed {seed}"
    for view in module.body.operations[0].regions[0].blocks[0].operations:
        op = view.operation
        # Columns that another op reads are computed for it.
        assert op.name not in ROW_OPS - {"fanfold.columns"}, f"seed {seed}: {op.name} outside of a region"
        if op.name == "fanfold.rows":
            assert 1 <= len(op.results) <= MAX_VALUES
            assert len(op.operands) <= MAX_VALUES


def test_random_graphs_have_fan_outs_and_cycles() -> None:
    """The graphs are of use: most fuse something, and in some an op must stay apart."""
    fused = apart = 0
    for seed in range(SEEDS):
        module = parse_module(graph(seed))
        ops = str(module).count("fanfold.")
        run_passes(module, [FormRows()], PassState(NoKernels()))
        fused += str(module).count("fanfold.rows") < ops
        apart += "apart" in str(module)
    assert fused > SEEDS // 2
    assert apart > SEEDS // 10
