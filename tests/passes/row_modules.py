# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules of row-wise ops, written op by op, with what eager PyTorch makes of each: for the tests of both lowerings."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from fanfold import ops

F8, FNUZ, E5M2, E5M2FNUZ = torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz
BF16, F16, F32 = torch.bfloat16, torch.float16, torch.float32
ELEMENT = {
    BF16: "bf16",
    F16: "f16",
    F32: "f32",
    F8: "f8E4M3FN",
    FNUZ: "f8E4M3FNUZ",
    E5M2: "f8E5M2",
    E5M2FNUZ: "f8E5M2FNUZ",
    torch.int8: "i8",
    torch.int32: "i32",
}
DTYPES = [BF16, F16, F32]
INF, NAN = float("inf"), float("nan")
LARGEST = {F8: 448.0, FNUZ: 240.0, E5M2: 57344.0, E5M2FNUZ: 57344.0, torch.int8: 127.0}


@dataclass(frozen=True)
class Inputs:
    """The arguments of ``main``: rows, rows of twice the width, a vector of the width, and two single numbers."""

    x: Tensor
    r: Tensor
    pair: Tensor
    w: Tensor
    scale: Tensor
    ceiling: Tensor

    @staticmethod
    def around(x: Tensor, scale: float = 0.037) -> Inputs:
        """Return inputs with the given rows, and the others drawn."""
        rows, width = x.shape
        r, pair = torch.randn(rows, width).to(x.dtype), torch.randn(rows, 2 * width).to(x.dtype) * 3
        return Inputs(x, r, pair, torch.randn(width).to(x.dtype), torch.tensor([scale]), torch.tensor([1.5]))

    def all(self) -> list[Tensor]:
        return [self.x, self.r, self.pair, self.w, self.scale, self.ceiling]


#: What eager PyTorch makes of an op's results.
Golden = Callable[[Inputs], "Tensor | tuple[Tensor, ...]"]


@dataclass
class Source:
    """A module with one function ``main``, written op by op, and the eager results that it must have.

    Attributes:
        results: Name, type and dtype of each result of ``main``, and whether it depends on no sum and no exponential.
        goldens: Makes the results of one op each.
    """

    dtype: torch.dtype
    width: int
    lines: list[str] = field(default_factory=list)
    results: list[tuple[str, str, torch.dtype, bool]] = field(default_factory=list)
    goldens: list[Golden] = field(default_factory=list)

    def tensor(self, width: int, dtype: torch.dtype | None = None) -> str:
        return f"tensor<?x{width}x{ELEMENT[dtype or self.dtype]}>"

    @property
    def row(self) -> str:
        return self.tensor(self.width)

    @property
    def vector(self) -> str:
        return f"tensor<{self.width}x{ELEMENT[self.dtype]}>"

    def write(self, op: str, operands: str, attributes: str, types: str, results: list[str]) -> list[str]:
        """Write an op; returns the names of its results."""
        base = f"%v{len(self.lines)}"
        names = [f"{base}#{i}" for i in range(len(results))] if len(results) > 1 else [base]
        left = f"{base}:{len(results)}" if len(results) > 1 else base
        self.lines.append(f'{left} = "fanfold.{op}"({operands}) {{{attributes}}} : ({types}) -> ({", ".join(results)})')
        return names

    def add(
        self,
        op: str,
        operands: str,
        attributes: str,
        types: str,
        results: list[tuple[str, torch.dtype]],
        golden: Golden,
        *,
        exact: bool = True,
    ) -> str:
        """Write an op whose results all become results of ``main``; returns the first one's name."""
        names = self.write(op, operands, attributes, types, [type_ for type_, _ in results])
        self.results += [(name, type_, dtype, exact) for name, (type_, dtype) in zip(names, results, strict=True)]
        self.goldens.append(golden)
        return names[0]

    def quantize(
        self,
        x: str,
        dtype: torch.dtype,
        granularity: str,
        golden: Golden,
        *,
        group: int | None = None,
        ceiling: bool = False,
        form: str = "divide",
        absmax_floor: float = 0.0,
        scale_floor: float = 0.0,
        bound: float | None = None,
        scale_type: torch.dtype = F32,
        quotient_type: torch.dtype = F32,
        scale_format: str = "f32",
        scale_layout: str = "row",
        exact: bool = True,
    ) -> None:
        width = self.width
        group = width if group is None else group
        static = granularity == "tensor"
        packed = scale_format == "ue8m0_packed"
        scales = {"tensor": 0, "token": 1}.get(granularity, -(-width // group))
        scales = -(-scales // 4) if packed else scales
        attributes = (
            f'granularity = "{granularity}", group_size = {group} : i64, bound = {bound or LARGEST[dtype]:.17e} : f64, '
            f"absmax_floor = {absmax_floor:.17e} : f64, scale_floor = {scale_floor:.17e} : f64, "
            f'form = "{form}", scale_type = {ELEMENT[scale_type]}, quotient_type = {ELEMENT[quotient_type]}, '
            f'scale_format = "{scale_format}", scale_layout = "{scale_layout}", '
            f"operandSegmentSizes = array<i32: 1, {int(static)}, {int(ceiling)}>, "
            f"resultSegmentSizes = array<i32: 1, {int(not static)}>"
        )
        operands = x + (", %scale" if static else "") + (", %ceiling" if ceiling else "")
        types = self.row + ", tensor<1xf32>" * (static + ceiling)
        results = [(self.tensor(width, dtype), dtype)]
        if not static:
            kind = torch.int32 if packed else F32
            results.append((self.tensor(scales, kind), kind))
        self.add("quantize", operands, attributes, types, results, golden, exact=exact)

    def elementwise(self, function: str, golden: Golden, *, other: str = "", constant: float = 0.0) -> None:
        """Write a function of %x and `other` (%r, %w or nothing), with f32 and rounded results."""
        types = self.row + {"": "", "%r": f", {self.row}", "%w": f", {self.vector}"}[other]
        attributes = (
            f'function = "{function}", constant = {constant:.17e} : f64, '
            f"operandSegmentSizes = array<i32: 1, {int(bool(other))}>"
        )
        operands = f"%x, {other}" if other else "%x"
        exact = function not in {"sigmoid", "silu"}
        for dtype in {F32, self.dtype}:
            result = [(self.tensor(self.width, dtype), dtype)]
            rounded = functools.partial(lambda dtype, a: golden(a).to(dtype), dtype)
            self.add("elementwise", operands, attributes, types, result, rounded, exact=exact)

    def text(self) -> str:
        names = ", ".join(result[0] for result in self.results)
        types = ", ".join(result[1] for result in self.results)
        arguments = (
            f"%x: {self.row}, %r: {self.row}, %g: {self.tensor(2 * self.width)}, %w: {self.vector}, "
            "%scale: tensor<1xf32>, %ceiling: tensor<1xf32>"
        )
        body = "\n".join(self.lines)
        return f"func.func @main({arguments}) -> ({types}) {{\n{body}\nreturn {names} : {types}\n}}"


def norm_attributes(width: int, normalized: torch.dtype, *, weight: bool, offset: float = 0.0) -> str:
    return (
        f"eps = 1.0e-06 : f64, normalized_type = {ELEMENT[normalized]}, variance_size = {width} : i64, "
        f"weight_offset = {offset:.17e} : f64, operandSegmentSizes = array<i32: 1, {int(weight)}>"
    )


def custom_ops(dtype: torch.dtype, width: int) -> Source:
    """Return a module with what torch's custom ops say: all granularities, result types, ceiling, floors, norms."""
    s = Source(dtype, width)
    q, f32 = s.quantize, s.tensor(width, F32)
    q("%x", F8, "group", lambda a: ops.group_quant(a.x, 128), group=128, absmax_floor=1e-10)
    fnuz = functools.partial(ops.group_quant, group_size=100, dtype=FNUZ, bound=224.0)
    q("%x", FNUZ, "group", lambda a: fnuz(a.x), group=100, absmax_floor=1e-10, bound=224.0)
    e5m2 = functools.partial(ops.group_quant, group_size=1, dtype=E5M2, absmax_floor=0.0, scale_floor=1e-5)
    q("%x", E5M2, "group", lambda a: e5m2(a.x), group=1, scale_floor=1e-5)
    int8 = functools.partial(ops.group_quant, group_size=width, dtype=torch.int8, reciprocal=True)
    q("%x", torch.int8, "group", lambda a: int8(a.x), group=width, absmax_floor=1e-10, form="reciprocal")
    token = {"scale_floor": 1 / (448.0 * 512.0), "form": "reciprocal", "ceiling": True}
    q("%x", F8, "token", lambda a: ops.token_quant(a.x, scale_ub=a.ceiling), **token)
    token_int8 = functools.partial(ops.token_quant, dtype=torch.int8, reciprocal=False)
    q("%x", torch.int8, "token", lambda a: token_int8(a.x), scale_floor=1 / (127.0 * 512.0))
    q("%x", F8, "tensor", lambda a: ops.static_quant(a.x, a.scale), form="reciprocal")
    q("%x", E5M2, "tensor", lambda a: ops.static_quant(a.x, a.scale, E5M2, reciprocal=False))
    fnuz_static = functools.partial(ops.static_quant, dtype=FNUZ, bound=224.0)
    q("%x", FNUZ, "tensor", lambda a: fnuz_static(a.x, a.scale), form="reciprocal", bound=224.0)
    pair = f"{s.row}, {s.row}"
    total = s.add("residual_add", "%x, %r", "", pair, [(f32, F32)], lambda a: a.x.float() + a.r.float())
    s.add("cast", total, "", f32, [(s.row, dtype)], lambda a: (a.x.float() + a.r.float()).to(dtype))
    # What follows is behind a sum or an exponential.
    types, row = f"{s.row}, {s.vector}", [(s.row, dtype)]
    weighted = norm_attributes(width, dtype, weight=True)
    y = s.add("rms_norm", "%x, %w", weighted, types, row, lambda a: ops.rms_norm(a.x, a.w, 1e-6), exact=False)
    plain = norm_attributes(width, dtype, weight=False)
    s.add("rms_norm", total, plain, f32, row, lambda a: ops.add_rms_norm(a.x, a.r, None, 1e-6)[0], exact=False)
    offset = norm_attributes(width, F32, weight=True, offset=1.0)
    gemma = functools.partial(ops.rms_norm, eps=1e-6, weight_offset=1.0, round_normalized=False)
    s.add("rms_norm", "%x, %w", offset, types, row, lambda a: gemma(a.x, a.w), exact=False)
    quantized = functools.partial(ops.group_quant, group_size=128)
    q(y, F8, "group", lambda a: quantized(ops.rms_norm(a.x, a.w, 1e-6)), group=128, absmax_floor=1e-10, exact=False)
    limits = f"activation_type = {ELEMENT[dtype]}, limit = 2.0 : f64"
    halves = [s.write("columns", "%g", f"offset = {i} : i64", s.tensor(2 * width), [s.row])[0] for i in (0, width)]
    s.add("silu_mul", ", ".join(halves), limits, pair, row, lambda a: ops.silu_and_mul(a.pair, 2.0), exact=False)
    return s


def by_hand(
    x: Tensor,
    group: int,
    dtype: torch.dtype,
    *,
    form: str = "divide",
    absmax_floor: float = 0.0,
    bound: float | None = None,
    scale_type: torch.dtype = F32,
    quotient_type: torch.dtype = F32,
) -> tuple[Tensor, Tensor]:
    """Quantise by the formula at `QuantizeOp`, with the rounding points and the form that no custom op has."""
    width, limit = x.shape[1], torch.tensor(bound or LARGEST[dtype])
    groups = -(-width // group)
    grouped = torch.nn.functional.pad(x.float(), (0, groups * group - width)).reshape(-1, groups, group)
    absmax = grouped.abs().amax(-1).clamp(min=absmax_floor)
    scale = (limit / absmax if form == "multiplier" else absmax / limit).to(scale_type).float()
    each = scale.unsqueeze(-1)
    scaled = {"divide": grouped / each, "reciprocal": grouped * (1 / each), "multiplier": grouped * each}[form]
    clamped = scaled.to(quotient_type).float().clamp(-limit, limit)
    if dtype is torch.int8:
        clamped = torch.nan_to_num(clamped.round(), nan=0.0)
    return clamped.to(dtype).reshape(-1, groups * group)[:, :width], scale


def quantize_forms(dtype: torch.dtype, width: int) -> Source:
    """Return a module with the scale formats and layouts, the form ``multiplier`` and the inner rounding points."""
    s = Source(dtype, width)
    for group, layout in ((1, "row"), (8, "column"), (100, "column_padded"), (600, "row")):
        for scale_format in ("f32", "ue8m0", "ue8m0_packed"):
            if (scale_format, layout) == ("f32", "row"):
                continue
            how = {"scale_format": scale_format, "scale_layout": layout}
            golden = functools.partial(ops.group_quant, group_size=group, dtype=F8, **how)
            s.quantize("%x", F8, "group", lambda a, g=golden: g(a.x), group=group, absmax_floor=1e-10, **how)
    int8 = {"scale_format": "ue8m0_packed", "scale_layout": "column_padded"}
    packed = functools.partial(ops.group_quant, group_size=3, dtype=torch.int8, reciprocal=True, **int8)
    s.quantize("%x", torch.int8, "group", lambda a: packed(a.x), group=3, absmax_floor=1e-10, form="reciprocal", **int8)
    small = functools.partial(ops.token_quant, scale_format="ue8m0", bound=0.25, reciprocal=False)
    floor = {"bound": 0.25, "scale_floor": 1 / (0.25 * 512.0)}
    s.quantize("%x", F8, "token", lambda a: small(a.x), scale_format="ue8m0", **floor)
    for kind, layout in ((FNUZ, "column"), (torch.int8, "column_padded")):
        token = functools.partial(ops.token_quant, dtype=kind, scale_format="ue8m0")
        least = {"scale_floor": 1 / (LARGEST[kind] * 512.0), "form": "reciprocal"}
        s.quantize("%x", kind, "token", lambda a, t=token: t(a.x), scale_format="ue8m0", scale_layout=layout, **least)
    for kind, group, how in (
        (F8, 37, {"form": "multiplier", "absmax_floor": 1e-10}),
        (torch.int8, width, {"form": "multiplier"}),
        (F8, 128, {"form": "multiplier", "scale_type": BF16, "quotient_type": F16}),
        (F8, 64, {"scale_type": BF16, "absmax_floor": 1e-10}),
        (FNUZ, 64, {"scale_type": F16, "absmax_floor": 1e-2, "bound": 200.0}),
        (E5M2, 16, {"quotient_type": BF16, "absmax_floor": 1e-10}),
        (torch.int8, 600, {"form": "reciprocal", "scale_type": BF16, "quotient_type": BF16, "absmax_floor": 1e-10}),
    ):
        hand = functools.partial(by_hand, group=group, dtype=kind, **how)
        s.quantize("%x", kind, "group", lambda a, h=hand: h(a.x), group=group, **how)

    def product(a: Inputs) -> Tensor:
        return (a.x.float() * a.scale).bfloat16().float().clamp(-448.0, 448.0).to(F8)

    s.quantize("%x", F8, "tensor", product, form="multiplier", quotient_type=BF16)
    return s


def functions(dtype: torch.dtype, width: int) -> Source:
    """Return a module with every elementwise function, columns, absmax and SwiGLU of different types."""
    s = Source(dtype, width)
    unary: dict[str, Callable[[Tensor], Tensor]] = {
        "abs": torch.abs,
        "neg": torch.neg,
        "relu": lambda x: torch.where(x < 0, torch.zeros_like(x), x),
        "sigmoid": torch.sigmoid,
        "silu": torch.nn.functional.silu,
    }
    for name, of_one in unary.items():
        s.elementwise(name, lambda a, f=of_one: f(a.x.float()))
    binary = {
        "add": torch.add,
        "sub": torch.sub,
        "mul": torch.mul,
        "div": torch.div,
        "minimum": torch.minimum,
        "maximum": torch.maximum,
    }
    for name, of_two in binary.items():
        s.elementwise(name, lambda a, f=of_two: f(a.x.float(), a.r.float()), other="%r")
        s.elementwise(name, lambda a, f=of_two: f(a.x.float(), a.w.float()), other="%w")
        s.elementwise(name, lambda a, f=of_two: f(a.x.float(), torch.tensor(0.3)), constant=0.3)
    s.add("absmax", "%x", "", s.row, [(s.tensor(1, F32), F32)], lambda a: a.x.float().abs().amax(-1, keepdim=True))
    for offset in (0, 1, width - width // 3):
        part = f"offset = {offset} : i64"
        name = s.write("columns", "%g", part, s.tensor(2 * width), [s.row])[0]
        here = slice(offset, offset + width)
        absmax = s.tensor(1, F32)
        s.add("absmax", name, "", s.row, [(absmax, F32)], lambda a, c=here: a.pair.float()[:, c].abs().amax(-1, True))
        f32 = [(s.tensor(width, F32), F32)]
        s.add("cast", name, "", s.row, f32, lambda a, c=here: a.pair[:, c].float())
        s.add("columns", "%g", part, s.tensor(2 * width), [(s.row, dtype)], lambda a, c=here: a.pair[:, c])
    wide = s.add("cast", "%r", "", s.row, [(s.tensor(width, F32), F32)], lambda a: a.r.float())
    attributes = "activation_type = f16, limit = 0x7FF0000000000000 : f64"
    types, result = f"{s.row}, {s.tensor(width, F32)}", [(s.tensor(width, BF16), BF16)]
    s.add("silu_mul", f"%x, {wide}", attributes, types, result, mixed_silu_mul, exact=False)
    return s


def mixed_silu_mul(a: Inputs) -> Tensor:
    return (torch.nn.functional.silu(a.x.float()).half().float() * a.r.float()).bfloat16()


SOURCES = {"custom ops": custom_ops, "forms": quantize_forms, "functions": functions}


def special_rows(width: int, dtype: torch.dtype) -> Tensor:
    """Zeros, NaN, infinities and huge values: in a group of their own, in the short last group, and alone in a row."""
    x = torch.randn(12, width)
    for i, value in enumerate([0.0, NAN, INF, -INF, 1e30, 3e38]):
        x[2 * i, ::3] = value
        x[2 * i + 1] = value
    x[0, width // 50], x[4, width // 2 + 2 if width > 4 else 0] = -0.0, -NAN
    return x.to(dtype)


def bits(value: Tensor) -> Tensor:
    """Return the bytes of a tensor with every NaN made the same one."""
    if value.is_floating_point():
        plain = value.float()
        value = torch.where(plain.isnan(), torch.full_like(plain, NAN), plain)
    return value.contiguous().view(torch.int32 if value.is_floating_point() else value.dtype)


def assert_eager(results: Sequence[Tensor], written: Source, inputs: Inputs, *, exact_only: bool = False) -> None:
    """Assert that the results of a module are what eager PyTorch makes of the inputs."""
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
