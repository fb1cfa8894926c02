# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fusion knows no vendor: the same kernels for every family of targets, and one table of what a target lacks."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import fanfold
from e2e.norms import LlamaNorm
from fanfold.backends.inventory import list_targets
from fanfold.backends.target import BACKENDS, parse_target
from fanfold.errors import CompileError
from fanfold.features import FEATURES, FeatureWarning
from xpu.ways import OPENCL, require

#: A target of each family, all with the OCP types of fp8.
FAMILIES = {"cpu": "cpu", "cuda": "cuda:sm_90", "rocm": "rocm:gfx950", "xpu": "xpu:bmg", "vulkan": "vulkan"}
WIDTH = 1536
ops = torch.ops.fanfold


class FanOut(nn.Module):
    """A norm with consumers of every granularity, behind views."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = LlamaNorm(WIDTH, torch.bfloat16)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        y = self.norm(x)
        flat, chain = y.flatten(0, 1), y.unsqueeze(1).squeeze(1)
        return (
            y,
            *ops.group_quant(flat, 128),
            *ops.group_quant(chain, 100),
            *ops.group_quant(y, WIDTH, torch.int8),
            *ops.token_quant(y),
            ops.static_quant(y, torch.full((1,), 0.03)),
        )


class Layer(nn.Module):
    """What is between two products: a residual sum and a norm, and behind them a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(WIDTH, 512, bias=False, dtype=torch.bfloat16)
        self.down = nn.Linear(256, WIDTH, bias=False, dtype=torch.bfloat16)
        self.norm = LlamaNorm(WIDTH, torch.bfloat16)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        gated = ops.silu_and_mul(self.up(self.norm(x)))
        total = x + self.down(gated)
        return (total, *ops.group_quant(gated, 64), *ops.group_quant(self.norm(total), 128))


class Spelled(nn.Module):
    """A norm and a quantisation that are written out, and a near miss that stays IREE's."""

    def forward(self, x: Tensor, w: Tensor) -> tuple[Tensor, ...]:
        wide = x.float()
        y = (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)).bfloat16() * w
        scale = y.float().abs().amax(-1, keepdim=True).clamp(min=1e-10) / 448.0
        q = (y.float() / scale).clamp(-448.0, 448.0).to(torch.float8_e4m3fn)
        return q, scale, x.float().std(-1)


GRID = {
    "fan-out": (FanOut, lambda: (torch.randn(2, 5, WIDTH).bfloat16(),)),
    "layer": (Layer, lambda: (torch.randn(2, 5, WIDTH).bfloat16(),)),
    "spelled": (Spelled, lambda: (torch.randn(7, 1024).bfloat16(), torch.randn(1024).bfloat16())),
}


def structure(name: str, target: str, *, dynamic: bool) -> object:
    """Return what is fused with what, and the kernels with what they read and write."""
    make, arguments = GRID[name]
    args = arguments()
    shapes = ({0: torch.export.Dim("rows", min=2)}, *(None for _ in args[1:])) if dynamic else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FeatureWarning)
        report = fanfold.explain(make(), args, target=target, dynamic_shapes=shapes)
    assert report.kernels
    return report.kernels, [(d.op, d.kernels, d.fused_with, d.reason, d.left) for d in report.decisions]


@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
@pytest.mark.parametrize("name", GRID)
def test_the_fused_structure_is_that_of_every_family(name: str, dynamic: bool) -> None:
    assert set(FAMILIES) == set(BACKENDS), "a new family is compared, too"
    first, *others = (structure(name, target, dynamic=dynamic) for target in FAMILIES.values())
    for family, other in zip(list(FAMILIES)[1:], others, strict=True):
        assert other == first, family


def test_what_targets_lack_is_in_the_table() -> None:
    lacks = {line.target: parse_target(line.target).arch.lacks for line in list_targets()}
    assert {name for names in lacks.values() for name in names} == set(FEATURES)
    assert lacks["cuda:sm_90"] == lacks["cpu"] == ()
    assert lacks["xpu:bmg"] == ("fp8", "narrow products")
    assert lacks["xpu:dg2"] == ("fp8", "narrow products", "f64")


@pytest.mark.parametrize("end", [fanfold.explain, fanfold.compile], ids=["explain", "compile"])
def test_one_warning_names_what_the_model_misses(end: Callable[..., object]) -> None:
    with pytest.warns(FeatureWarning) as caught:
        end(Layer(), (torch.randn(2, 5, WIDTH).bfloat16(),), target="xpu")
    (warning,) = (w for w in caught if w.category is FeatureWarning)
    text = str(warning.message)
    assert text.startswith("xpu lacks features that the model uses")
    assert FEATURES["fp8"] in text
    assert FEATURES["narrow products"] in text
    assert FEATURES["subgroups"] not in text


@pytest.mark.parametrize("target", ["cuda:sm_90", "xpu:bmg"])
def test_nothing_is_said_of_what_no_model_asks_for(target: str) -> None:
    class Norm(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return fanfold.ops.rms_norm(x, None, 1e-6)

    with warnings.catch_warnings():
        warnings.simplefilter("error", FeatureWarning)
        list_targets()
        fanfold.explain(Norm(), (torch.randn(4, 64),), target=target)


def test_nothing_is_said_where_nothing_is_compiled(tmp_path: Path) -> None:
    x = torch.randn(3, 1024).bfloat16()
    with pytest.warns(FeatureWarning):
        compiled = fanfold.compile(Spelled(), (x, x[0]), target="xpu")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compiled.save(tmp_path / "model.vmfb")
        loaded = fanfold.load(tmp_path / "model.vmfb")
        assert loaded.target == "xpu"
        require(OPENCL)
        loaded(x, x[0])


def test_tensors_of_f64_are_refused_where_they_would_be_f32() -> None:
    class Twice(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * 2

    with pytest.raises(CompileError, match="does not compute in f64"):
        fanfold.explain(Twice(), (torch.randn(4).double(),), target="xpu:dg2")
    fanfold.explain(Twice(), (torch.randn(4).double(),), target="xpu:pvc")


def test_no_family_is_named_where_all_are_served() -> None:
    """Nothing but the backends and their tables asks which one it is for; vLLM's op names are not such a question."""
    root = Path(__file__).parents[2]
    pattern = re.compile(r"""(["'])(?:cuda|rocm|hip|xpu|vulkan|level_zero)(?::\w+)?\1""")
    tables = {"target.py", "drivers.py", "placement.py", "spirv.py", "compute/drivers.py"}
    tables |= {f"{family}.py" for family in BACKENDS}
    for folder in ("fanfold", "frontend", "dialect", "passes", "backends"):
        for path in (root / folder).rglob("*.py"):
            if folder != "backends" or path.relative_to(root / folder).as_posix() not in tables:
                assert not pattern.search(path.read_text(encoding="utf-8")), path
