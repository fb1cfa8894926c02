# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random graphs against eager PyTorch, and whether the fuzzer would notice."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from fanfold.passes.kernel import formulas, reductions
from fuzz.__main__ import describe, statistics
from fuzz.bounds import Bounds, order
from fuzz.campaign import run
from fuzz.check import Finding, check
from fuzz.generate import generate
from fuzz.graph import Graph, Source, Step
from fuzz.shrink import shrink
from fuzz.table import KINDS, NOT_YET

#: The graphs that every run of the tests compiles.
SEEDS = range(120)


@pytest.mark.slow
def test_graphs_agree_with_eager() -> None:
    outcome = run(SEEDS, workers=2)
    print(statistics(SEEDS, outcome))
    findings = outcome.findings
    if findings and findings[0].symptom != "crash":
        findings.insert(0, shrink(findings[0], tries=30))
    assert not findings, "\n".join(map(describe, findings))
    assert outcome.graphs == len(SEEDS)
    # Bounds that allow anything would find nothing.
    assert outcome.exact / outcome.elements > 0.8


def test_every_kind_of_step_has_its_turn() -> None:
    kinds = [step.kind for seed in SEEDS for step in generate(seed).steps]
    rare = {kind: kinds.count(kind) for kind in KINDS if kinds.count(kind) < 2}
    assert not rare
    assert not NOT_YET


def test_every_corner_has_its_turn() -> None:
    graphs = [generate(seed) for seed in SEEDS]
    inputs = [source for graph in graphs for source in graph.inputs]
    assert {source.dtype for source in inputs} == {"bfloat16", "float16", "float32"}
    assert {len(source.shape) for source in inputs} == {1, 2, 3, 4}
    assert {1, 2, 127, 1536} <= {source.shape[-1] for source in inputs}
    assert any(0 in source.shape for source in inputs)
    assert {0, 1} <= {size for graph in graphs for call in graph.calls for size in call}
    assert any(len(graph.dynamic) > 1 for graph in graphs)
    assert any(len(set(graph.outputs)) < len(graph.outputs) for graph in graphs)
    assert any(source.specials for source in inputs)


DIGEST = """
import hashlib
from fuzz.generate import generate
print(hashlib.sha256("".join(repr(generate(seed)) for seed in range(40)).encode()).hexdigest())
"""


def test_a_seed_is_the_same_graph_in_every_process() -> None:
    here = hashlib.sha256("".join(repr(generate(seed)) for seed in range(40)).encode()).hexdigest()
    folder = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", DIGEST],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONHASHSEED": "7"},
    )
    assert done.stdout.strip() == here


def test_a_graph_prints_as_python() -> None:
    graph = generate(7)
    assert eval(repr(graph), {"Graph": Graph, "Source": Source, "Step": Step}) == graph  # noqa: S307 - our own text


def _without_ceiling(e: Any, op: Any, bits: Any, ceiling: Any) -> Any:
    return formulas.scale_from_absmax(e, op, bits, None)


def _is_rounded_twice(step: Step) -> bool:
    return step.kind in ("rms_norm", "llama norm", "silu_and_mul") and len(step.operands) > 1


MISTAKES: dict[str, tuple[Any, str, Callable[..., Any], Callable[[Step], bool]]] = {
    "the normalised value is not rounded": (formulas, "round_to", lambda *arguments: arguments[1], _is_rounded_twice),
    "scales have no floors": (
        formulas,
        "_floored",
        lambda *arguments: arguments[1],
        lambda step: step.kind in ("group_quant", "token_quant"),
    ),
    "the ceiling is forgotten": (
        reductions,
        "scale_from_absmax",
        _without_ceiling,
        lambda step: step.kind == "token_quant" and len(step.operands) > 1,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_compiler_is_found(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, wrong, concerns = MISTAKES[mistake]
    graphs = [graph for graph in map(generate, SEEDS) if any(concerns(step) for step in graph.steps)]
    with monkeypatch.context() as patched:
        patched.setattr(module, name, wrong)
        findings = next(found for i in range(0, 48, 6) if (found := check(graphs[i : i + 6]).findings))
    assert findings[0].symptom == "wrong numbers"
    assert not check([findings[0].graph]).findings, "it is wrong without the mistake too"


def test_small_graphs_come_out_of_large_ones() -> None:
    def examine(graph: Graph) -> list[Finding]:
        return [Finding(graph, "has a norm", "")] if any(s.kind == "llama norm" for s in graph.steps) else []

    large = next(g for g in map(generate, range(100, 1000)) if examine(g) and len(g.steps) > 5 and len(g.outputs) > 3)
    small = shrink(Finding(large, "has a norm", ""), examine).graph
    assert [step.kind for step in small.steps] == ["llama norm"]
    assert len(small.outputs) == 1
    assert small.inputs[0].shape[-1] == 1
    assert small.calls == ()


def test_bounds_tell_neighbours_zeros_and_nan_apart() -> None:
    zero = torch.tensor([0.0, -0.0, 1.0])
    assert order(zero)[0] == order(zero)[1] + 1
    exact = Bounds(zero, zero)
    assert not exact.outside(zero).any()
    assert exact.outside(torch.tensor([-0.0, 0.0, torch.nan])).all()
    assert exact.outside(torch.nextafter(zero, torch.full_like(zero, 2.0))).all()
    anything = Bounds(torch.ones(2), torch.full((2,), torch.nan))
    assert not anything.outside(torch.tensor([torch.nan, -5.0])).any()
    nan = torch.full((1,), torch.nan)
    assert Bounds(nan, nan).outside(torch.ones(1)).all()
