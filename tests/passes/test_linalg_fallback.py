# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The linalg fallback and the CPU kernel, op by op, against the eager oracle: the same bytes."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import fanfold
from fanfold import ops
from fanfold.backends.iree_compiler import compile_module
from fanfold.backends.runtime import LoadedModule
from fanfold.backends.target import parse_target
from fanfold.dialect.context import parse_module
from fanfold.lowering import serialised
from fanfold.passes.base import PassState
from fanfold.passes.finalize import Finalize
from fanfold.passes.form_rows import FormRows
from fanfold.passes.kernel.no_kernels import NoKernels
from fanfold.passes.lower_rows_to_kernel import LowerRowsToKernel
from fanfold.passes.lower_rows_to_linalg import LowerRowsToLinalg
from fanfold.passes.pipeline import run_passes
from fanfold.report import Decision
from passes.row_modules import DTYPES, INF, NAN, SOURCES, Inputs, Source, assert_eager, special_rows
from verifying import verified_by_iree

#: 256 comes with `test_specials_are_eagers`.
WIDTHS = [1, 37, 1537]
VERIFIED = 37


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
    # Every op, dtype and form, with whole vectors and a rest: enough of what IREE's verifier could object to.
    with verified_by_iree() if width == VERIFIED else contextlib.nullcontext():
        vmfb = compile_module(serialised(module, target), target).vmfb
    name = str(dtype).removeprefix("torch.")
    outputs = [str(result[2]).removeprefix("torch.") for result in written.results]
    loaded = LoadedModule(vmfb, target.driver, [name] * 4 + ["float32"] * 2, outputs, {})
    return loaded, written, tuple(state.decisions)


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
    inputs = Inputs.around(x, scale)
    assert_eager(module.call(inputs.all()), written, inputs, exact_only=exact_only)


both = pytest.mark.parametrize("kernels", [True, False], ids=["kernel", "linalg"])

#: Every source with every width and with every dtype; a module takes seconds to compile.
CASES = [
    (source, DTYPES[(i + j) % len(DTYPES)], width) for i, source in enumerate(SOURCES) for j, width in enumerate(WIDTHS)
]


@both
@pytest.mark.parametrize(("source", "dtype", "width"), CASES)
def test_numbers_are_eagers(source: str, dtype: torch.dtype, width: int, kernels: bool) -> None:
    for rows in (5, 0, 1, 8, 70):
        check(source, dtype, width, kernels, torch.randn(rows, width).to(dtype))


#: By kernels every source with every dtype, by linalg every source.
SPECIALS = [
    (source, dtype, kernels)
    for i, source in enumerate(SOURCES)
    for j, dtype in enumerate(DTYPES)
    for kernels in (True, False)
    if kernels or i == j
]


@pytest.mark.parametrize(("source", "dtype", "kernels"), SPECIALS)
def test_specials_are_eagers(source: str, dtype: torch.dtype, kernels: bool) -> None:
    for rows in (5, 8):
        check(source, dtype, 256, kernels, torch.randn(rows, 256).to(dtype))
    check(source, dtype, 256, kernels, special_rows(256, dtype), exact_only=True)
    for scale in (-0.037, 0.0, NAN, INF, 1e-38):
        check(source, dtype, 256, kernels, torch.randn(5, 256).to(dtype), exact_only=True, scale=scale)
    if kernels:
        # The fallback does not keep them: IREE's workers flush them outside of our kernels, as `docs/numerics.md` says.
        denormal = torch.randn(5, 256).to(dtype) * torch.finfo(dtype).tiny
        check(source, dtype, 256, kernels, denormal, exact_only=True)


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
    vmfb = compile_module(serialised(module, target), target).vmfb
    results = ["float8_e4m3fn", "float32", "float32"]
    x = torch.randn(rows, width).bfloat16()
    q, scales, y = LoadedModule(vmfb, target.driver, ["bfloat16"], results, {}).call([x])
    wanted, wanted_scales = ops.token_quant(x, scale_floor=1.0)
    assert torch.equal(q.float(), wanted.float())
    assert torch.equal(scales, wanted_scales)
    torch.testing.assert_close(y, ops.rms_norm(x.float(), None, 1e-6), rtol=2e-6, atol=0.0)


EMPTY: dict[str, Callable[[Tensor], Tensor | tuple[Tensor, ...]]] = {
    "silu_and_mul": ops.silu_and_mul,
    "variance_size": lambda x: ops.rms_norm(x, None, 1e-6, 7),
    "groups": lambda x: ops.group_quant(x, 7),
    "column": lambda x: ops.group_quant(x, 7, scale_layout="column"),
    "packed": lambda x: ops.group_quant(x, 7, scale_format="ue8m0_packed", scale_layout="column_padded"),
    "halves": lambda x: (ops.rms_norm(x[..., :32], None, 1e-6), ops.rms_norm(x[..., 32:], None, 1e-6)),
}


class Call(torch.nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor | tuple[Tensor, ...]]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        return self.function(x)


@pytest.mark.parametrize("shape", [(0, 64), (2, 0, 64)], ids=str)
def test_slices_of_empty_tensors(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """MLIR refuses a slice of nothing: its offset, 0, is not before the end."""
    monkeypatch.setenv("FANFOLD_KERNELS", "off")
    x = torch.zeros(shape).bfloat16()

    def every(value: Tensor) -> tuple[Tensor, ...]:
        made = [f(value) for f in EMPTY.values()]
        return tuple(tensor for m in made for tensor in (m if isinstance(m, tuple) else (m,)))

    for found, wanted in zip(fanfold.compile(Call(every), (x,))(x), every(x), strict=True):
        assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)


def test_every_source_op_has_its_reason() -> None:
    _, written, decisions = lowered("forms", torch.bfloat16, 37, False)
    assert len(decisions) == len(written.lines)
    assert {d.reason for d in decisions} == {"kernels are switched off"}
    assert all(d.kernel is None and not d.fused_with for d in decisions)
