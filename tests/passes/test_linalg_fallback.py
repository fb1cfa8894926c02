# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The linalg fallback and the CPU kernel, op by op, against the eager oracle: the same bytes."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field

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

F8, FNUZ, E5M2 = torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2
ELEMENT = {
    torch.bfloat16: "bf16",
    torch.float16: "f16",
    torch.float32: "f32",
    F8: "f8E4M3FN",
    FNUZ: "f8E4M3FNUZ",
    E5M2: "f8E5M2",
    torch.int8: "i8",
}
DTYPES = [torch.bfloat16, torch.float16, torch.float32]
WIDTHS = [1, 37, 256, 1537]
LARGEST = {F8: 448.0, FNUZ: 240.0, E5M2: 57344.0, torch.int8: 127.0}
INF, NAN = float("inf"), float("nan")


@dataclass
class Source:
    """A module with one function ``main``, written op by op, and the eager results that it must have."""

    dtype: torch.dtype
    width: int
    lines: list[str] = field(default_factory=list)
    results: list[tuple[str, str, torch.dtype]] = field(default_factory=list)

    def tensor(self, width: int, dtype: torch.dtype | None = None) -> str:
        return f"tensor<?x{width}x{ELEMENT[dtype or self.dtype]}>"

    def add(self, op: str, operands: str, attributes: str, types: str, results: list[tuple[str, torch.dtype]]) -> str:
        """Write an op whose results all become results of ``main``; returns the first one's name."""
        base = f"%v{len(self.lines)}"
        names = [f"{base}#{i}" for i in range(len(results))] if len(results) > 1 else [base]
        types_out = ", ".join(t for t, _ in results)
        left = f"{base}:{len(results)}" if len(results) > 1 else base
        self.lines.append(f'{left} = "fanfold.{op}"({operands}) {{{attributes}}} : ({types}) -> ({types_out})')
        self.results += [(name, type_, dtype) for name, (type_, dtype) in zip(names, results, strict=True)]
        return names[0]

    def quantize(
        self,
        x: str,
        dtype: torch.dtype,
        granularity: str,
        *,
        group: int | None = None,
        ceiling: bool = False,
        reciprocal: bool = False,
        absmax_floor: float = 0.0,
        scale_floor: float = 0.0,
        bound: float | None = None,
    ) -> None:
        width = self.width
        group = width if group is None else group
        static = granularity == "tensor"
        groups = {"tensor": 0, "token": 1}.get(granularity, -(-width // group))
        attributes = (
            f'granularity = "{granularity}", group_size = {group} : i64, bound = {bound or LARGEST[dtype]:.17e} : f64, '
            f"absmax_floor = {absmax_floor:.17e} : f64, scale_floor = {scale_floor:.17e} : f64, "
            f"reciprocal = {str(reciprocal).lower()}, "
            f"operandSegmentSizes = array<i32: 1, {int(static)}, {int(ceiling)}>, "
            f"resultSegmentSizes = array<i32: 1, {int(not static)}>"
        )
        operands = x + (", %scale" if static else "") + (", %ceiling" if ceiling else "")
        types = self.tensor(width) + ", tensor<1xf32>" * (static + ceiling)
        results = [(self.tensor(width, dtype), dtype)]
        if not static:
            results.append((f"tensor<?x{groups}xf32>", torch.float32))
        self.add("quantize", operands, attributes, types, results)

    def text(self) -> str:
        rows = self.tensor(self.width)
        pair = self.tensor(2 * self.width)
        weight = f"tensor<{self.width}x{ELEMENT[self.dtype]}>"
        names = ", ".join(name for name, _, _ in self.results)
        types = ", ".join(type_ for _, type_, _ in self.results)
        arguments = f"%x: {rows}, %r: {rows}, %g: {pair}, %w: {weight}, %scale: tensor<1xf32>, %ceiling: tensor<1xf32>"
        body = "\n".join(self.lines)
        return f"func.func @main({arguments}) -> ({types}) {{\n{body}\nreturn {names} : {types}\n}}"


def source(dtype: torch.dtype, width: int) -> Source:
    """Return a module with every op: all granularities and result types, ceiling, reciprocal and floors."""
    s = Source(dtype, width)
    row, f32 = s.tensor(width), s.tensor(width, torch.float32)
    norm = (
        f"eps = 1.0e-06 : f64, normalized_type = {ELEMENT[dtype]}, variance_size = {width} : i64, "
        "operandSegmentSizes = array<i32: 1, "
    )
    # Exact results first, those behind a sum or an exponential last.
    s.quantize("%x", F8, "group", group=128, absmax_floor=1e-10)
    s.quantize("%x", FNUZ, "group", group=100, absmax_floor=1e-10, bound=224.0)
    s.quantize("%x", E5M2, "group", group=1, scale_floor=1e-5)
    s.quantize("%x", torch.int8, "group", group=width, absmax_floor=1e-10, reciprocal=True)
    s.quantize("%x", F8, "token", scale_floor=1 / (448.0 * 512.0), reciprocal=True, ceiling=True)
    s.quantize("%x", torch.int8, "token", scale_floor=1 / (127.0 * 512.0))
    s.quantize("%x", F8, "tensor", reciprocal=True)
    s.quantize("%x", FNUZ, "tensor", reciprocal=True, bound=224.0)
    total = s.add("residual_add", "%x, %r", "", f"{row}, {row}", [(f32, torch.float32)])
    s.add("cast", total, "", f32, [(row, dtype)])
    y = s.add("rms_norm", "%x, %w", norm + "1>", f"{row}, tensor<{width}x{ELEMENT[dtype]}>", [(row, dtype)])
    s.add("rms_norm", total, norm + "0>", f32, [(row, dtype)])
    s.quantize(y, F8, "group", group=128, absmax_floor=1e-10)
    limits = f"activation_type = {ELEMENT[dtype]}, limit = 2.0 : f64"
    s.add("silu_mul", "%g", limits, s.tensor(2 * width), [(row, dtype)])
    return s


#: How many results do not depend on the order of a sum or on an exponential.
EXACT = 6 * 2 + 2 + 2


def expected(x: Tensor, r: Tensor, g: Tensor, w: Tensor, scale: Tensor, ceiling: Tensor) -> list[Tensor]:
    """Return what eager PyTorch makes of the same ops."""
    width = x.shape[-1]
    results = [
        *ops.group_quant(x, 128),
        *ops.group_quant(x, 100, FNUZ, bound=224.0),
        *ops.group_quant(x, 1, E5M2, absmax_floor=0.0, scale_floor=1e-5),
        *ops.group_quant(x, width, torch.int8, reciprocal=True),
        *ops.token_quant(x, scale_ub=ceiling),
        *ops.token_quant(x, torch.int8, reciprocal=False),
        ops.static_quant(x, scale),
        ops.static_quant(x, scale, FNUZ, bound=224.0),
    ]
    y = ops.rms_norm(x, w, 1e-6)
    normed, total = ops.add_rms_norm(x, r, None, 1e-6)
    return [*results, x.float() + r.float(), total, y, normed, *ops.group_quant(y, 128), ops.silu_and_mul(g, 2.0)]


@functools.cache
def lowered(dtype: torch.dtype, width: int, kernels: bool) -> tuple[LoadedModule, tuple[Decision, ...]]:
    """Compile the module of `source` for this machine."""
    written = source(dtype, width)
    target = parse_target("cpu")
    module = parse_module(written.text())
    state = PassState(target.kernels() if kernels else NoKernels())
    run_passes(module, [FormRows(), LowerRowsToKernel(), LowerRowsToLinalg(), Finalize()], state)
    vmfb = compile_module(str(module).encode(), target).vmfb
    name = str(dtype).removeprefix("torch.")
    outputs = [str(result).removeprefix("torch.") for _, _, result in written.results]
    return LoadedModule(vmfb, target.driver, [name] * 4 + ["float32"] * 2, outputs, {}), tuple(state.decisions)


def bits(value: Tensor) -> Tensor:
    """Return the bytes of a tensor with every NaN made the same one."""
    if value.is_floating_point():
        plain = value.float()
        value = torch.where(plain.isnan(), torch.full_like(plain, NAN), plain)
    return value.contiguous().view(torch.int32 if value.is_floating_point() else value.dtype)


def check(
    dtype: torch.dtype, width: int, kernels: bool, x: Tensor, *, exact_only: bool = False, scale: float = 0.037
) -> None:
    """Run the module on `x` and compare every result with eager's."""
    module, _ = lowered(dtype, width, kernels)
    rows = x.shape[0]
    r, g = torch.randn(rows, width).to(dtype), torch.randn(rows, 2 * width).to(dtype) * 3
    w = torch.randn(width).to(dtype)
    arguments = [x, r, g, w, torch.tensor([scale]), torch.tensor([1.5])]
    results, golden = module.call(arguments), expected(*arguments)
    assert len(results) == len(golden)
    for i, (found, wanted) in enumerate(zip(results, golden, strict=True)):
        assert found.dtype is wanted.dtype, i
        assert found.shape == wanted.shape, i
        if not wanted.numel():
            continue
        different = (bits(found) != bits(wanted)).float().mean().item()
        if i < EXACT:
            assert different == 0, f"result {i}: {different:.4%} differ"
        elif not exact_only:
            assert torch.equal(found.float().isnan(), wanted.float().isnan()), f"result {i}: NaN elsewhere"
            assert_close(found, wanted, f"result {i}")


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


@both
@pytest.mark.parametrize("width", WIDTHS)
@every_dtype
def test_numbers_are_eagers(dtype: torch.dtype, width: int, kernels: bool) -> None:
    for rows in (5, 0, 1):
        check(dtype, width, kernels, torch.randn(rows, width).to(dtype))


@both
@every_dtype
def test_specials_are_eagers(dtype: torch.dtype, kernels: bool) -> None:
    """Zeros, NaN, infinities and huge values: in a group of their own, in the short last group, and alone in a row."""
    width = 256
    x = torch.randn(12, width)
    for i, value in enumerate([0.0, NAN, INF, -INF, 1e30, 3e38]):
        x[2 * i, ::3] = value
        x[2 * i + 1] = value
    x[0, 5], x[4, 130] = -0.0, -NAN
    check(dtype, width, kernels, x.to(dtype), exact_only=True)


@both
@pytest.mark.parametrize("scale", [-0.037, 0.0, NAN, INF, 1e-38])
def test_unusual_static_scales_are_eagers(scale: float, kernels: bool) -> None:
    check(torch.bfloat16, 256, kernels, torch.randn(5, 256).bfloat16(), exact_only=True, scale=scale)


@every_dtype
def test_kernel_keeps_denormals(dtype: torch.dtype) -> None:
    """The fallback does not: IREE's workers flush them outside of our kernels, as `docs/numerics.md` says."""
    x = torch.randn(5, 256).to(dtype) * torch.finfo(dtype).tiny
    check(dtype, 256, True, x, exact_only=True)


STATIC = """
func.func @main(%x: X) -> (Q, S, Y) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "token", group_size = WIDTH : i64, bound = 448.0 : f64,
    absmax_floor = 0.0 : f64, scale_floor = 1.0 : f64, reciprocal = true,
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (X) -> (Q, S)
  %y = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = f32, variance_size = WIDTH : i64,
    operandSegmentSizes = array<i32: 1, 0>} : (X) -> Y
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
    _, decisions = lowered(torch.bfloat16, 37, False)
    assert len(decisions) == len(source(torch.bfloat16, 37).lines)
    assert {d.reason for d in decisions} == {"kernels are switched off"}
    assert all(d.kernel is None and not d.fused_with for d in decisions)
