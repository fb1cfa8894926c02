# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each standard pass comes to an end, and has nothing left to do when it runs again on its own output."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch_mlir import ir

import fanfold.ops
from fanfold.dialect.context import parse_module
from fanfold.frontend import import_model
from fanfold.passes.base import PassState
from fanfold.passes.kernel.cpu import CpuKernels
from fanfold.passes.kernel.no_kernels import NoKernels
from fanfold.passes.kernel.vocabulary import Kernels
from fanfold.passes.pipeline import run_passes, standard_pipeline

KERNELS = CpuKernels(vector_bits=256, is_x86=True)
WIDTH = 256
Forward = Callable[["Model", Tensor, Tensor], tuple[Tensor, ...]]


class Model(nn.Module):
    """Weights for every forward."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self._forward = forward
        self.weight = nn.Parameter(torch.rand(WIDTH).bfloat16())
        self.halved = nn.Parameter(torch.rand(WIDTH // 2).bfloat16())
        self.head = nn.Parameter(torch.rand(64).bfloat16())
        self.linear = nn.Linear(WIDTH, WIDTH, dtype=torch.bfloat16)
        self.scale = nn.Parameter(torch.tensor(0.5))

    def forward(self, x: Tensor, r: Tensor) -> tuple[Tensor, ...]:
        return self._forward(self, x, r)


def residual_norm_quant(m: Model, x: Tensor, r: Tensor) -> tuple[Tensor, ...]:
    h = x + r
    y = F.rms_norm(h, (WIDTH,), m.weight, 1e-6)
    return *fanfold.ops.group_quant(y, 128), *fanfold.ops.group_quant(y.flatten(0, 1), 64, torch.int8), h


def fused_add_norm(m: Model, x: Tensor, r: Tensor) -> tuple[Tensor, ...]:
    y, h = fanfold.ops.add_rms_norm(x, r, m.weight, 1e-6)
    z, k = fanfold.ops.add_rms_norm(torch.relu(y) * m.weight, h, m.weight, 1e-6)
    return fanfold.ops.static_quant(z, m.scale), k


def mla_slices(m: Model, x: Tensor, r: Tensor) -> tuple[Tensor, ...]:
    q, kv, rope = m.linear(x).split([128, 64, 64], dim=-1)
    a = fanfold.ops.rms_norm(q, m.halved, 1e-6)
    b = fanfold.ops.rms_norm(kv, m.head, 1e-6)
    return *fanfold.ops.group_quant(a, 64), b, rope, *fanfold.ops.token_quant(r[..., 64:][..., :64])


def permuted_heads(m: Model, x: Tensor, r: Tensor) -> tuple[Tensor, ...]:
    heads = fanfold.ops.rms_norm(x.unflatten(-1, (4, 64)), m.head, 1e-6)
    back = fanfold.ops.rms_norm(r, m.weight, 1e-6).unflatten(-1, (4, 64)).permute(2, 0, 1, 3)
    return *fanfold.ops.token_quant(heads.transpose(1, 2)), *fanfold.ops.group_quant(back, 32)


def merged_heads(m: Model, x: Tensor, r: Tensor) -> tuple[Tensor, ...]:
    heads = fanfold.ops.rms_norm(x.unflatten(-1, (4, 64)), m.head, 1e-6)
    return *fanfold.ops.group_quant(heads.flatten(-2), 64), fanfold.ops.static_quant(heads.flatten(-2) * r, m.scale)


def tensor_scale(m: Model, x: Tensor, r: Tensor) -> tuple[Tensor, ...]:
    y = fanfold.ops.rms_norm(x, m.weight, 1e-6)
    h = y + r
    return *fanfold.ops.tensor_quant(y), *fanfold.ops.token_quant(y), *fanfold.ops.tensor_quant(h), h


def swiglu(m: Model, x: Tensor, r: Tensor) -> tuple[Tensor, ...]:
    gate, up = x.chunk(2, dim=-1)
    spelled = F.silu(gate) * up * m.halved
    whole = fanfold.ops.silu_and_mul(m.linear(r))
    return *fanfold.ops.group_quant(spelled, 64), *fanfold.ops.token_quant(whole), F.silu(r) * x


def slices_of_a_slice(m: Model, x: Tensor, r: Tensor) -> tuple[Tensor, ...]:
    part = x[..., :128]
    return fanfold.ops.silu_and_mul(part), fanfold.ops.silu_and_mul(part, limit=7.0), fanfold.ops.silu_and_mul(part + 1)


def column_scales(m: Model, x: Tensor, r: Tensor) -> tuple[Tensor, ...]:
    y = fanfold.ops.rms_norm(x.flatten(0, 1), m.weight, 1e-6)
    q, s = fanfold.ops.group_quant(y, 64, scale_layout="column")
    p, t = fanfold.ops.group_quant(r.flatten(0, 1), 64, scale_format="ue8m0_packed", scale_layout="column_padded")
    return q, s, p, t, s + 1


def chains(m: Model, x: Tensor, r: Tensor) -> tuple[Tensor, ...]:
    h = x
    for i in range(12):
        h = torch.clamp(h * 0.9 + r, min=-8) if i % 2 else m.weight * h - 0.1
    y = fanfold.ops.rms_norm(h, m.weight, 1e-6)
    for _ in range(12):
        y = torch.neg(y + m.weight).abs()
    return (y,)


def views(m: Model, x: Tensor, r: Tensor) -> tuple[Tensor, ...]:
    y = fanfold.ops.rms_norm(x.unsqueeze(1), m.weight, 1e-6).squeeze(1)
    z = fanfold.ops.rms_norm(y.reshape(-1, WIDTH).contiguous(), m.weight, 1e-6)
    return *fanfold.ops.group_quant(z.view(-1, 4, 64), 64), z.view(x.shape) + r, *fanfold.ops.token_quant(y.clone())


MODELS: list[Forward] = [
    residual_norm_quant,
    fused_add_norm,
    mla_slices,
    permuted_heads,
    merged_heads,
    tensor_scale,
    swiglu,
    slices_of_a_slice,
    column_scales,
    chains,
    views,
]


@functools.cache
def imported(forward: Forward, dynamic: bool) -> str:
    """Import a model, which takes longer than all passes, once for every test that runs passes on it."""
    x = torch.randn(2, 6, WIDTH).bfloat16()
    dims = {1: torch.export.Dim("s", min=3)}
    module = import_model(Model(forward).eval(), (x, x), dynamic_shapes=(dims, dims) if dynamic else None).module
    return str(module.operation.get_asm(enable_debug_info=True))


def exported(forward: Forward, *, dynamic: bool = True) -> ir.Module:
    return parse_module(imported(forward, dynamic))


def passes_with_more_to_do(module: ir.Module, kernels: Kernels) -> list[str]:
    """Run each standard pass twice; return those whose second run did something."""
    state = PassState(kernels)
    found = []
    for pass_ in standard_pipeline():
        run_passes(module, [pass_], state)
        once, decided, layouts = str(module), len(state.decisions), dict(state.result_layouts)
        (again,) = run_passes(module, [pass_], state).passes
        same = str(module) == once and len(state.decisions) == decided and state.result_layouts == layouts
        if again.rewrites or not same:
            found.append(f"{pass_.name}: {again.rewrites} rewrites, {'the same' if same else 'another'} result")
    assert "fanfold." not in str(module)
    return found


@pytest.mark.parametrize("kernels", [KERNELS, NoKernels()], ids=["kernel", "linalg"])
@pytest.mark.parametrize("dynamic", [True, False], ids=["dynamic", "static"])
@pytest.mark.parametrize("forward", MODELS, ids=lambda forward: forward.__name__)
def test_a_second_run_changes_nothing(forward: Forward, dynamic: bool, kernels: Kernels) -> None:
    assert passes_with_more_to_do(exported(forward, dynamic=dynamic), kernels) == []


@pytest.mark.parametrize("forward", MODELS, ids=lambda forward: forward.__name__)
def test_a_second_run_of_what_comes_before_clusters_changes_nothing(forward: Forward) -> None:
    """What one pass makes leaves nothing for those before it."""
    names = [pass_.name for pass_ in standard_pipeline()]
    before = standard_pipeline()[: names.index("report-near-misses")]
    module, state = exported(forward), PassState(KERNELS)
    run_passes(module, before, state)
    again = {record.name: record.rewrites for record in run_passes(module, before, state).passes}
    assert {name: count for name, count in again.items() if count} == {}


def drawn(seed: int) -> Forward:
    """Return a forward of random row ops, views, slices, permutations and elementwise ops."""

    def forward(m: Model, x: Tensor, r: Tensor) -> tuple[Tensor, ...]:
        rng = random.Random(seed)
        values = [x, r]
        results: list[Tensor] = []
        for _ in range(rng.randint(4, 10)):
            v = rng.choice(values[-3:])
            width = v.shape[-1]
            match rng.randrange(9):
                case 0:
                    v = fanfold.ops.rms_norm(v, None, 1e-6)
                case 1 if v.dim() > 2:
                    v = v.transpose(0, 1)
                case 2:
                    v = v.unflatten(-1, (2, width // 2)) if width % 128 == 0 else v.flatten(-2)
                case 3 if width > 64:
                    v = v[..., width // 2 :]
                case 4:
                    v = v + rng.choice([other for other in values if other.shape == v.shape])
                case 5:
                    v = rng.choice([torch.relu, torch.neg, F.silu])(v) * 0.7
                case 6:
                    results += fanfold.ops.group_quant(v, 64)
                    continue
                case 7:
                    results += rng.choice([fanfold.ops.token_quant, fanfold.ops.tensor_quant])(v)
                    continue
                case _:
                    v = v.flatten(0, 1) if v.dim() > 3 else v.unsqueeze(1)
            values.append(v)
        results += [v for v in values[2:] if rng.random() < 0.3]
        return *results, *fanfold.ops.token_quant(values[-1])

    return forward


@pytest.mark.parametrize("seed", range(16))
def test_a_second_run_changes_nothing_in_random_models(seed: int) -> None:
    assert passes_with_more_to_do(exported(drawn(seed), dynamic=seed % 2 == 0), KERNELS) == [], f"seed {seed}"


def test_the_models_are_of_use() -> None:
    """Over all of them, each pass that brings ops together has something to do."""
    rewrites: dict[str, int] = {}
    for forward in MODELS:
        for record in run_passes(exported(forward), standard_pipeline(), PassState(KERNELS)).passes:
            rewrites[record.name] = rewrites.get(record.name, 0) + record.rewrites
    for_speed = "fold-views sink-views fold-slices absorb-elementwise resolve-dims split-tensor-scales form-rows"
    idle = [name for name in [*for_speed.split(), "return-scale-layouts", "return-float8-bytes"] if not rewrites[name]]
    assert idle == []


@pytest.mark.parametrize("length", [50, 100])
def test_a_long_chain_takes_no_more_rewrites_than_ops(length: int) -> None:
    """Each round of absorbing takes a link or more; nothing is taken twice."""
    tensor = "!torch.vtensor<[?,64],bf16>"
    links = [f"%v{b} = torch.aten.silu %v{a} : {tensor} -> {tensor}" for a, b in pairwise(range(length + 1))]
    text = "\n".join(
        [
            f"func.func @main(%v0: {tensor}) -> tensor<?x64xf32> {{",
            *links,
            f"%b = torch_c.to_builtin_tensor %v{length} : {tensor} -> tensor<?x64xbf16>",
            '%y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>',
            "return %y : tensor<?x64xf32>\n}",
        ]
    )
    module = parse_module(text)
    records = run_passes(module, standard_pipeline(), PassState(KERNELS)).passes
    assert {r.name: r.rewrites for r in records}["absorb-elementwise"] == length
    assert "torch.aten" not in str(module)
