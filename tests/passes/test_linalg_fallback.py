# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The linalg fallback and the CPU kernel, op by op, against the eager oracle: the same bytes."""

from __future__ import annotations

import functools
import re

import pytest
import torch
from torch import Tensor

from fanfold import ops
from fanfold.backends.iree_compiler import compile_module
from fanfold.backends.runtime import LoadedModule
from fanfold.backends.target import parse_target
from fanfold.dialect.context import parse_module
from fanfold.passes.base import PassState
from fanfold.passes.finalize import Finalize
from fanfold.passes.form_rows import FormRows
from fanfold.passes.kernel.no_kernels import NoKernels
from fanfold.passes.lower_rows_to_kernel import LowerRowsToKernel
from fanfold.passes.lower_rows_to_linalg import LowerRowsToLinalg
from fanfold.passes.pipeline import run_passes
from fanfold.report import Decision
from passes.row_modules import BF16, ELEMENT, F8, F16, F32, SOURCES, Inputs, Source

DTYPES = [BF16, F16, F32]
WIDTHS = [1, 37, 256, 1537]
INF, NAN = float("inf"), float("nan")


@functools.cache
def lowered(
    source: str, dtype: torch.dtype, width: int, kernels: bool
) -> tuple[LoadedModule, Source, tuple[Decision, ...]]:
    """Compile a module of `SOURCES` for this machine."""
    written = SOURCES[source](dtype, width)
    target = parse_target("cpu")
    module = parse_module(written.text())
    state = PassState(target.kernels() if kernels else NoKernels())
    run_passes(module, [FormRows(), LowerRowsToKernel(), LowerRowsToLinalg(), Finalize()], state)
    vmfb = compile_module(str(module).encode(), target).vmfb
    name = str(dtype).removeprefix("torch.")
    outputs = [str(result[2]).removeprefix("torch.") for result in written.results]
    loaded = LoadedModule(vmfb, target.driver, [name] * 4 + ["float32"] * 2, outputs, {})
    return loaded, written, tuple(state.decisions)


def bits(value: Tensor) -> Tensor:
    """Return the bytes of a tensor with every NaN made the same one."""
    if value.is_floating_point():
        plain = value.float()
        value = torch.where(plain.isnan(), torch.full_like(plain, NAN), plain)
    return value.contiguous().view(torch.int32 if value.is_floating_point() else value.dtype)


def check(
    source: str,
    dtype: torch.dtype,
    width: int,
    kernels: bool,
    x: Tensor,
    *,
    exact_only: bool = False,
    scale: float = 0.037,
) -> None:
    """Run a module on `x` and compare every result with eager's."""
    module, written, _ = lowered(source, dtype, width, kernels)
    rows = x.shape[0]
    r, pair = torch.randn(rows, width).to(dtype), torch.randn(rows, 2 * width).to(dtype) * 3
    w = torch.randn(width).to(dtype)
    inputs = Inputs(x, r, pair, w, torch.tensor([scale]), torch.tensor([1.5]))
    results = module.call(inputs.all())
    golden: list[Tensor] = []
    for make in written.goldens:
        made = make(inputs)
        golden += made if isinstance(made, tuple) else [made]
    assert len(results) == len(golden)
    for i, (found, wanted, (name, _, _, exact)) in enumerate(zip(results, golden, written.results, strict=True)):
        what = f"result {i}: {written.lines[int(name.partition('#')[0][2:])]}"
        assert found.dtype is wanted.dtype, what
        assert found.shape == wanted.shape, what
        if not wanted.numel():
            continue
        different = bits(found) != bits(wanted)
        if exact:
            at = different.nonzero()[:1].tolist()
            assert not at, f"{what}: {int(different.sum())} differ, {at}: {found[*at[0]]} for {wanted[*at[0]]}"
        elif not exact_only:
            assert torch.equal(found.float().isnan(), wanted.float().isnan()), f"{what}: NaN elsewhere"
            assert_close(found, wanted, what)


def assert_close(found: Tensor, wanted: Tensor, what: str) -> None:
    """Assert that values behind a sum or an exponential are equal but for few flipped roundings."""
    if wanted.dtype is torch.float32:
        torch.testing.assert_close(found, wanted, rtol=2e-6, atol=0.0, equal_nan=True, msg=what)
        return
    different = bits(found) != bits(wanted)
    assert different.float().mean() <= max(1e-3, 1.5 / wanted.numel()), f"{what}: {int(different.sum())} differ"
    step = {torch.bfloat16: 2.0**-7, torch.float16: 2.0**-10, F8: 2.0**-2.9}[wanted.dtype]
    torch.testing.assert_close(
        found.float(), wanted.float(), rtol=step, atol=2.0**-9 if wanted.dtype is F8 else 1e-7, equal_nan=True, msg=what
    )


both = pytest.mark.parametrize("kernels", [True, False], ids=["kernel", "linalg"])
every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: ELEMENT[d])
every_source = pytest.mark.parametrize("source", SOURCES)


#: Every source with every width and with every dtype; a module takes seconds to compile.
CASES = [
    (source, dtype, width)
    for i, source in enumerate(SOURCES)
    for j, width in enumerate(WIDTHS)
    for k, dtype in enumerate(DTYPES)
    if (i + j + k) % len(DTYPES) == 0
]


@both
@pytest.mark.parametrize(("source", "dtype", "width"), CASES)
def test_numbers_are_eagers(source: str, dtype: torch.dtype, width: int, kernels: bool) -> None:
    for rows in (5, 0, 1, 8, 70):
        check(source, dtype, width, kernels, torch.randn(rows, width).to(dtype))


@both
@every_dtype
@every_source
def test_specials_are_eagers(source: str, dtype: torch.dtype, kernels: bool) -> None:
    """Zeros, NaN, infinities and huge values: in a group of their own, in the short last group, and alone in a row."""
    width = 256
    x = torch.randn(12, width)
    for i, value in enumerate([0.0, NAN, INF, -INF, 1e30, 3e38]):
        x[2 * i, ::3] = value
        x[2 * i + 1] = value
    x[0, 5], x[4, 130] = -0.0, -NAN
    check(source, dtype, width, kernels, x.to(dtype), exact_only=True)


@both
@pytest.mark.parametrize("scale", [-0.037, 0.0, NAN, INF, 1e-38])
@pytest.mark.parametrize("source", ["custom ops", "forms"])
def test_unusual_static_scales_are_eagers(source: str, scale: float, kernels: bool) -> None:
    check(source, torch.bfloat16, 256, kernels, torch.randn(5, 256).bfloat16(), exact_only=True, scale=scale)


@every_dtype
@every_source
def test_kernel_keeps_denormals(source: str, dtype: torch.dtype) -> None:
    """The fallback does not: IREE's workers flush them outside of our kernels, as `docs/numerics.md` says."""
    x = torch.randn(5, 256).to(dtype) * torch.finfo(dtype).tiny
    check(source, dtype, 256, True, x, exact_only=True)


STATIC = """
func.func @main(%x: X) -> (Q, S, Y) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "token", group_size = WIDTH : i64, bound = 448.0 : f64,
    absmax_floor = 0.0 : f64, scale_floor = 1.0 : f64, form = "reciprocal",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (X) -> (Q, S)
  %y = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = f32, variance_size = WIDTH : i64,
    weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (X) -> Y
  return %q#0, %q#1, %y : Q, S, Y
}
"""


@pytest.mark.parametrize(("rows", "width"), [(3, 64), (0, 64), (3, 0), (0, 0)])
def test_static_rows_and_empty_tensors(rows: int, width: int) -> None:
    """No kernel takes a width of 0: these always come here."""
    shape = f"tensor<{rows}x{width}x"
    types = {"X": f"{shape}bf16>", "Q": f"{shape}f8E4M3FN>", "S": f"tensor<{rows}x1xf32>", "Y": f"{shape}f32>"}
    module = parse_module(re.sub(r"\b[XQSY]\b", lambda m: types[m[0]], STATIC.replace("WIDTH", str(width))))
    target = parse_target("cpu")
    run_passes(module, [FormRows(), LowerRowsToKernel(), LowerRowsToLinalg(), Finalize()], PassState(NoKernels()))
    vmfb = compile_module(str(module).encode(), target).vmfb
    results = ["float8_e4m3fn", "float32", "float32"]
    x = torch.randn(rows, width).bfloat16()
    q, scales, y = LoadedModule(vmfb, target.driver, ["bfloat16"], results, {}).call([x])
    wanted, wanted_scales = ops.token_quant(x, scale_floor=1.0)
    assert torch.equal(q.float(), wanted.float())
    assert torch.equal(scales, wanted_scales)
    torch.testing.assert_close(y, ops.rms_norm(x.float(), None, 1e-6), rtol=2e-6, atol=0.0)


def test_every_source_op_has_its_reason() -> None:
    _, written, decisions = lowered("forms", torch.bfloat16, 37, False)
    assert len(decisions) == len(written.lines)
    assert {d.reason for d in decisions} == {"kernels are switched off"}
    assert all(d.kernel is None and not d.fused_with for d in decisions)
