# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What grows around norms and quantisations: slices, residuals, elementwise ops, permutations, scale layouts."""

# All models have the same four inputs; not each of them needs all.
# ruff: noqa: ARG002

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import fanfold
from e2e.agreement import assert_quantised, assert_rounded, assert_scales
from fanfold import ops

WIDTH = 192


class MultiHeadLatentAttention(nn.Module):
    """DeepSeek's query and key/value norms, both of slices of one projection."""

    def forward(self, x: Tensor, r: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, ...]:
        projected = x + r  # stands for the projection, so that what is normalised is equal in every bit
        query, rest = projected.split([128, 64], dim=-1)
        latent = rest[..., :48]
        query = ops.rms_norm(query, w[:128], 1e-6)
        latent = ops.rms_norm(latent, w[-48:], 1e-6)
        return (*ops.group_quant(query.reshape(-1, 128), 64), *ops.group_quant(query, 64), latent)


class ResidualStream(nn.Module):
    """The residual add in plain torch, with the new residual as one more result."""

    def forward(self, x: Tensor, r: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, ...]:
        h = x + r
        y = functional.rms_norm(h, (WIDTH,), w, 1e-6)
        return h, *ops.group_quant(y, 64)


class Elementwise(nn.Module):
    """Producers and consumers, with vectors and numbers."""

    def forward(self, x: Tensor, r: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, ...]:
        h = (functional.relu(x) * 0.1 + b).clamp(-1, 2.5)
        y = ops.rms_norm(h, w, 1e-6)
        z = torch.maximum(-y, r).abs() - 0.3
        return (*ops.token_quant(z.to(x.dtype)), ops.rms_norm(r, w, 1e-6) / 3 + x)


class TwoProducers(nn.Module):
    """Two chains of different operands that meet: one kernel, not one for each."""

    def forward(self, x: Tensor, r: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, ...]:
        return ops.group_quant(ops.rms_norm(x, w, 1e-6) * functional.relu(ops.rms_norm(r, b, 1e-5)), 32)


class Heads(nn.Module):
    """Per-head groups, and heads that are transposed before they are quantised."""

    def forward(self, x: Tensor, r: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, ...]:
        y = ops.rms_norm(x, w, 1e-6)
        heads = y.unflatten(-1, (3, 64))
        return (
            *ops.token_quant(heads, reciprocal=False),
            *ops.group_quant(heads.transpose(0, 1), 32),
            *ops.group_quant(heads.flatten(-2), 16),
            ops.static_quant(heads.permute(1, 0, *range(2, heads.dim())), b[:1].float().abs() + 0.1),
        )


class MergedHeads(nn.Module):
    """Norms of heads, quantised after the heads are joined again."""

    def forward(self, x: Tensor, r: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, ...]:
        y = ops.rms_norm(x.unflatten(-1, (3, 64)), w[:64], 1e-6)
        return (*ops.group_quant(y.flatten(-2), 32), *ops.token_quant(y))


ONE_KERNEL = [MultiHeadLatentAttention, ResidualStream, Elementwise, TwoProducers, Heads, MergedHeads]


class TensorScale(nn.Module):
    """One dynamic scale for a whole tensor: two kernels and the maximum between them."""

    def forward(self, x: Tensor, r: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, ...]:
        h = x + r
        y = ops.rms_norm(h, w, 1e-6)
        return (h, *ops.tensor_quant(y), *ops.tensor_quant(y[..., :64], torch.int8, scale_format="ue8m0"))


class Layouts(nn.Module):
    """Every format of the scales in every layout."""

    def forward(self, x: Tensor, r: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, ...]:
        y = ops.rms_norm(x, w, 1e-6, weight_offset=1.0, round_normalized=False)
        results: list[Tensor] = []
        for scale_format in ("f32", "ue8m0", "ue8m0_packed"):
            for layout in ("row", "column", "column_padded"):
                results += ops.group_quant(y, 40, scale_format=scale_format, scale_layout=layout)
        return tuple(results)


def inputs(lead: tuple[int, ...], dtype: torch.dtype, seed: int) -> tuple[Tensor, ...]:
    torch.manual_seed(seed)
    x, r = torch.randn(*lead, WIDTH).to(dtype), torch.randn(*lead, WIDTH).to(dtype)
    if seed == 2 and x.numel():
        # A row of zeros, and values that are hard to quantise.
        x.view(-1, WIDTH)[0] = 0
        r.view(-1, WIDTH)[0] = 0
        x.view(-1, WIDTH)[-1, :3] = torch.tensor([1e-3, 60.0, -0.0])
    return x, r, torch.randn(WIDTH).to(dtype), torch.randn(WIDTH).to(dtype)


def assert_agrees(exe: fanfold.Executable, model: nn.Module, args: tuple[Tensor, ...]) -> None:
    assert_results_agree(exe(*args), model(*args), args[0].dtype)


@contextmanager
def naming(case: object) -> Iterator[None]:
    """Say which model or shape a failure is of."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{case}: {error}") from error


def assert_results_agree(results: Iterable[Tensor], wanted: Iterable[Tensor], dtype: torch.dtype) -> None:
    for found, expected in zip(results, wanted, strict=True):
        assert found.shape == expected.shape
        if expected.dtype == torch.int32:
            assert torch.equal(found, expected)
        elif expected.element_size() == 1:
            assert_quantised(found, expected)
        elif expected.dtype == torch.float32 != dtype:
            assert_scales(found, expected, dtype)
        else:
            assert_rounded(found, expected)


@pytest.mark.parametrize("model_class", ONE_KERNEL)
@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
def test_one_kernel(model_class: type[nn.Module], dynamic: bool) -> None:
    model = model_class()
    sizes = {0: torch.export.Dim("a", max=64), 1: torch.export.Dim("b", max=512)}
    exe = fanfold.compile(
        model,
        inputs((3, 5), torch.bfloat16, 0),
        dynamic_shapes=(sizes, sizes, None, None) if dynamic else None,
        strict=True,
    )
    assert len({d.kernel for d in exe.report.decisions}) == 1, str(exe.report)
    assert exe.report.kernel_dispatches == 1, str(exe.report)
    for lead in [(3, 5), (1, 1), (2, 33), (0, 4)] if dynamic else [(3, 5)]:
        for seed in range(3):
            assert_agrees(exe, model, inputs(lead, torch.bfloat16, seed))


ALL = [*ONE_KERNEL, TensorScale, Layouts]


class Together(nn.Module):
    """All of them side by side, each with inputs of its own: one compilation tests them all."""

    def __init__(self) -> None:
        super().__init__()
        self.models = nn.ModuleList(model_class() for model_class in ALL)

    def forward(self, inputs: list[tuple[Tensor, ...]]) -> list[tuple[Tensor, ...]]:
        return [model(*args) for model, args in zip(self.models, inputs, strict=True)]


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32], ids=str)
def test_other_dtypes(dtype: torch.dtype) -> None:
    exe = fanfold.compile(Together(), ([inputs((2, 3), dtype, 0) for _ in ALL],))
    for seed in range(3):
        args = inputs((2, 3), dtype, seed)
        for model_class, results in zip(ALL, exe([args] * len(ALL)), strict=True):
            with naming(model_class):
                if dtype == torch.float32:
                    # Scales and values of f32 rows differ by the order of the sum: a few units in the last place.
                    for found, expected in zip(results, model_class()(*args), strict=True):
                        if expected.dtype == torch.float32:
                            torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
                else:
                    assert_results_agree(results, model_class()(*args), dtype)


def test_without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANFOLD_KERNELS", "off")
    exe = fanfold.compile(Together(), ([inputs((2, 5), torch.bfloat16, 1) for _ in ALL],))
    assert exe.report.kernel_dispatches == 0
    args = inputs((2, 5), torch.bfloat16, 1)
    for model_class, results in zip(ALL, exe([args] * len(ALL)), strict=True):
        with naming(model_class):
            assert_results_agree(results, model_class()(*args), torch.bfloat16)


class OfEachShape(nn.Module):
    """A model called with several tensors of static shapes, which share its kernels."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: list[tuple[Tensor, ...]]) -> list[tuple[Tensor, ...]]:
        return [self.model(*args) for args in inputs]


def test_tensor_scale() -> None:
    leads = [(4,), (3, 3), (1, 1), (0, 2), (2, 2, 2)]
    model = OfEachShape(TensorScale())
    exe = fanfold.compile(model, ([inputs(lead, torch.bfloat16, 0) for lead in leads],), strict=True)
    # One kernel finds both maxima, and one quantises; the norm is computed in each of them, once.
    assert exe.report.kernel_dispatches == 2 * len(leads), str(exe.report)
    assert {k.name for k in exe.report.kernels} == {
        "residual_add_rms_norm_absmax_x2_192",
        "rms_norm_quantize_x2_192",
    }
    for seed in range(3):
        args = [inputs(lead, torch.bfloat16, seed) for lead in leads]
        for lead, found, expected in zip(leads, exe(args), model(args), strict=True):
            with naming(lead):
                assert_results_agree(found, expected, torch.bfloat16)


def test_layouts() -> None:
    leads = [(1,), (3,), (4,), (2, 3), (0,), ()]
    model = OfEachShape(Layouts())
    args = [inputs(lead, torch.bfloat16, 2) for lead in leads]
    exe = fanfold.compile(model, (args,))
    # Two kernels each, for one has at most 16 results.
    assert exe.report.kernel_dispatches == 2 * len(leads), str(exe.report)
    # Of no rows, IREE runs nothing.
    assert exe.report.dispatches == 2 * (len(leads) - 1), "the scales are not transposed again"
    for lead, results, wanted in zip(leads, exe(args), model(args), strict=True):
        with naming(lead):
            assert_results_agree(results, wanted, torch.bfloat16)
            for found, expected in zip(results, wanted, strict=True):
                assert found.stride() == expected.stride() or not found.numel() or found.dtype.itemsize == 1


def test_layouts_of_dynamically_many_rows() -> None:
    model = Layouts()
    sizes = {0: torch.export.Dim("a", max=64), 1: torch.export.Dim("b", max=64)}
    dynamic = (sizes, sizes, None, None)
    exe = fanfold.compile(model, inputs((3, 5), torch.bfloat16, 0), dynamic_shapes=dynamic)
    assert exe.report.dispatches == exe.report.kernel_dispatches
    for lead in [(1, 1), (2, 2), (5, 7), (0, 3)]:
        args = inputs(lead, torch.bfloat16, 1)
        assert_agrees(exe, model, args)
        for found, expected in zip(exe(*args), model(*args), strict=True):
            assert found.stride() == expected.stride() or not found.numel() or found.dtype.itemsize == 1
            memory = found.untyped_storage().nbytes()
            assert memory == expected.untyped_storage().nbytes() or found.dtype.itemsize == 1, "padding rows are there"


def test_padding_is_zero() -> None:
    class Padded(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            first = ops.group_quant(x, 32, scale_layout="column_padded")
            second = ops.group_quant(x, 32, scale_layout="column_padded", scale_format="ue8m0_packed")
            return first[1], second[1]

    x = torch.randn(5, 192).bfloat16()
    for scales in fanfold.compile(Padded(), (x,))(x):
        memory = scales.as_strided((scales.shape[1], 8), (8, 1))
        assert (memory[:, 5:] == 0).all()
        assert (memory[:, :5] != 0).all()


def test_a_column_major_result_that_the_model_reads_too() -> None:
    class Dequantised(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            q, scales = ops.group_quant(x, 32, scale_layout="column")
            return q, scales, scales * 2

    x = torch.randn(6, 64).bfloat16()
    found, expected = fanfold.compile(Dequantised(), (x,))(x), Dequantised()(x)
    for a, b in zip(found, expected, strict=True):
        assert torch.equal(a.float(), b.float())


def test_scales_that_are_normalised_again_are_complete_first() -> None:
    class Again(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            q, scales = ops.group_quant(x, 8)
            return q, functional.rms_norm(scales, (scales.shape[-1],), eps=1e-6)

    x = torch.randn(6, 64).bfloat16()
    exe = fanfold.compile(Again(), (x,))
    assert exe.report.kernel_dispatches == 2
    q, y = exe(x)
    expected_q, expected_y = Again()(x)
    assert torch.equal(q.float(), expected_q.float())
    torch.testing.assert_close(y, expected_y, rtol=1e-6, atol=0)
