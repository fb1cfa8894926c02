# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Raise the custom ops `fanfold::*` and vLLM's functional ops, which arrive as `torch.operator`.

Before::

    %q:2 = torch.operator "torch.fanfold.group_quant"(%x, %int128, %int24, ...) : (!torch.vtensor<[?,512],bf16>, ...)

After (in row form, with casts at the border)::

    %q, %s = "fanfold.quantize"(%rows) {granularity = "group", group_size = 128 : i64, ...}

Semantics: `fanfold.ops` for our own, each vLLM op's eager implementation for vLLM's.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

from torch_mlir import ir

from fanfold.dialect.quantize import LARGEST_FINITE

from .base import PassState
from .raising import Raise, Raiser, raise_all, require, required, row_tensor
from .row_form import to_rows
from .torch_values import (
    ELEMENT_OF_DTYPE,
    constant_bool,
    constant_float,
    constant_int,
    constant_str,
    is_none,
    torch_tensor,
)

#: vLLM keeps FNUZ values within 224, although the type reaches 240.
VLLM_BOUNDS = {"f8E4M3FN": 448.0, "f8E4M3FNUZ": 224.0}

#: Floor of the absmax in vLLM's dynamic group quantisation.
VLLM_ABSMAX_FLOOR = 1e-10


@dataclass(frozen=True)
class RaiseCustomOps:
    """The pass `raise-custom-ops`."""

    name: ClassVar[str] = "raise-custom-ops"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Raise every custom op that has a row form."""
        return raise_all(module, state, RAISES, _operator_name)


def _operator_name(op: ir.Operation) -> str | None:
    if op.name != "torch.operator":
        return None
    name: str = ir.StringAttr(op.attributes["name"]).value
    return name.removeprefix("torch.")


def _number(value: ir.Value, what: str) -> float:
    return required(constant_float(value), f"{what} is no constant")


def _optional_number(value: ir.Value, what: str) -> float | None:
    return None if is_none(value) else _number(value, what)


def _integer(value: ir.Value, what: str) -> int:
    return required(constant_int(value), f"{what} is no constant")


def _flag(value: ir.Value, what: str) -> bool:
    return required(constant_bool(value), f"{what} is no constant")


def _element(value: ir.Value) -> str:
    number = _integer(value, "the dtype")
    require(number in ELEMENT_OF_DTYPE, f"torch dtype {number} is none that rows are quantised to")
    return ELEMENT_OF_DTYPE[number]


def _string(value: ir.Value, what: str) -> str:
    return required(constant_str(value), f"{what} is no constant")


@dataclass(frozen=True)
class _NormOptions:
    """The operands of a norm that follow eps; vLLM's norms have the first one alone."""

    variance_size: int | None = None
    weight_offset: float = 0.0
    round_normalized: bool = True

    @staticmethod
    def read(operands: list[ir.Value]) -> "_NormOptions":
        size, *others = operands or [None]
        options = _NormOptions(None if size is None or is_none(size) else _integer(size, "variance_size"))
        if not others:
            return options
        offset, rounded = others
        return replace(
            options,
            weight_offset=_number(offset, "weight_offset"),
            round_normalized=_flag(rounded, "round_normalized"),
        )


def _norm(
    r: Raiser, rows: ir.Value, x: str, weight: ir.Value, eps: float, options: _NormOptions = _NormOptions()
) -> ir.Value:
    known = torch_tensor(weight.type)
    # The normalised value is rounded to the weight's dtype, or to that of x when there is no weight.
    normalized = known.element if known is not None else x
    return r.rms_norm(
        rows,
        weight,
        eps,
        normalized=normalized if options.round_normalized else "f32",
        result=x,
        variance_size=options.variance_size,
        weight_offset=options.weight_offset,
    )


def _rms_norm(r: Raiser) -> None:
    x, weight, eps, *others = r.source.operands
    element = row_tensor(x, "x").element
    options = _NormOptions.read(others)
    r.replace([_norm(r, to_rows(x), element, weight, _number(eps, "eps"), options)], x)


def _add_rms_norm(r: Raiser) -> None:
    x, residual, weight, eps, *others = r.source.operands
    known, other = row_tensor(x, "x"), row_tensor(residual, "the residual")
    require(known.dims == other.dims, f"x is {x.type} and the residual {residual.type}: shapes differ")
    options = _NormOptions.read(others)
    total = r.residual_add(to_rows(x), to_rows(residual))
    y = _norm(r, total, known.element, weight, _number(eps, "eps"), options)
    r.replace([y, r.cast(total, known.element)], x)


def _halves(r: Raiser, x: ir.Value, limit: float | None) -> ir.Value:
    known = row_tensor(x, "x")
    rows = to_rows(x)
    width = rows.type.shape[1]
    require(width % 2 == 0, f"the width {width} is odd")
    gate, up = r.columns(rows, 0, width // 2), r.columns(rows, width // 2, width // 2)
    # Eager rounds the SiLU to the dtype of x.
    return r.silu_mul(gate, up, known.element, activation=known.element, limit=limit)


def _silu_and_mul(r: Raiser) -> None:
    x, *limit = r.source.operands
    r.replace([_halves(r, x, _optional_number(limit[0], "limit") if limit else None)], x)


def _form(reciprocal: ir.Value) -> str:
    return "reciprocal" if _flag(reciprocal, "reciprocal") else "divide"


def _group_quant(r: Raiser) -> None:
    x, group, dtype, absmax_floor, scale_floor, reciprocal, bound, scale_format, scale_layout = r.source.operands
    row_tensor(x, "x")
    results = r.quantize(
        to_rows(x),
        _element(dtype),
        granularity="group",
        group_size=_integer(group, "group_size"),
        bound=_optional_number(bound, "bound"),
        absmax_floor=_number(absmax_floor, "absmax_floor"),
        scale_floor=_number(scale_floor, "scale_floor"),
        form=_form(reciprocal),
        scale_format=_string(scale_format, "scale_format"),
        scale_layout=_string(scale_layout, "scale_layout"),
    )
    r.replace(list(results), x)


def _floor_and_bound(element: str, scale_floor: ir.Value, bound: ir.Value) -> tuple[float, float]:
    """Return vLLM's least scale for a token or a tensor, unless it is given, and the bound."""
    require(element in LARGEST_FINITE, f"{element} is not one of {', '.join(LARGEST_FINITE)}")
    reach = _optional_number(bound, "bound")
    reach = LARGEST_FINITE[element] if reach is None else reach
    floor = _optional_number(scale_floor, "scale_floor")
    return 1.0 / (reach * 512.0) if floor is None else floor, reach


def _token_quant(r: Raiser) -> None:
    x, dtype, ceiling, scale_floor, reciprocal, bound, scale_format = r.source.operands
    row_tensor(x, "x")
    element = _element(dtype)
    floor, reach = _floor_and_bound(element, scale_floor, bound)
    results = r.quantize(
        to_rows(x),
        element,
        granularity="token",
        bound=reach,
        scale_floor=floor,
        form=_form(reciprocal),
        scale_format=_string(scale_format, "scale_format"),
        ceiling=None if is_none(ceiling) else ceiling,
    )
    r.replace(list(results), x)


def _tensor_quant(r: Raiser) -> None:
    x, dtype, scale_floor, reciprocal, bound, scale_format = r.source.operands
    row_tensor(x, "x")
    element = _element(dtype)
    floor, reach = _floor_and_bound(element, scale_floor, bound)
    results = r.quantize(
        to_rows(x),
        element,
        granularity="tensor",
        bound=reach,
        scale_floor=floor,
        form=_form(reciprocal),
        scale_format=_string(scale_format, "scale_format"),
    )
    r.replace(list(results), x)


def _static_quant(r: Raiser) -> None:
    x, scale, dtype, bound, reciprocal = r.source.operands
    row_tensor(x, "x")
    limit = _optional_number(bound, "bound")
    form = _form(reciprocal)
    q, _ = r.quantize(to_rows(x), _element(dtype), granularity="tensor", bound=limit, form=form, scale=scale)
    r.replace([q], x)


def _vllm_quantized(r: Raiser, rows: ir.Value, group: ir.Value) -> list[ir.Value | None]:
    """Quantise groups as vLLM does; the fp8 flavour is the one that the graph was captured with."""
    type_ = r.source.results[0].type
    result = required(torch_tensor(type_), f"the quantised result has no known shape ({type_})")
    require(result.element in VLLM_BOUNDS, f"the quantised result is {type_}, neither f8E4M3FN nor f8E4M3FNUZ")
    return list(
        r.quantize(
            rows,
            result.element,
            granularity="group",
            group_size=_integer(group, "group_size"),
            bound=VLLM_BOUNDS[result.element],
            absmax_floor=VLLM_ABSMAX_FLOOR,
        )
    )


def _vllm_group_quant(r: Raiser) -> None:
    x, group = r.source.operands
    row_tensor(x, "x")
    r.replace(_vllm_quantized(r, to_rows(x), group), x)


def _vllm_norm_quant(r: Raiser) -> None:
    x, weight, eps, group = r.source.operands
    element = row_tensor(x, "x").element
    y = _norm(r, to_rows(x), element, weight, _number(eps, "variance_epsilon"))
    r.replace(_vllm_quantized(r, y, group), x)


def _vllm_silu_quant(r: Raiser) -> None:
    x, group = r.source.operands
    y = _halves(r, x, None)
    r.replace(_vllm_quantized(r, y, group), x)


RAISES: dict[str, Raise] = {
    "fanfold.rms_norm": _rms_norm,
    "fanfold.add_rms_norm": _add_rms_norm,
    "fanfold.silu_and_mul": _silu_and_mul,
    "fanfold.group_quant": _group_quant,
    "fanfold.tensor_quant": _tensor_quant,
    "fanfold.token_quant": _token_quant,
    "fanfold.static_quant": _static_quant,
    "vllm_ir.rms_norm": _rms_norm,
    "vllm_ir.fused_add_rms_norm": _add_rms_norm,
    "vllm_ir.silu_and_mul": _silu_and_mul,
    "vllm.rocm_aiter_group_fp8_quant": _vllm_group_quant,
    "vllm.triton_per_token_group_quant_fp8": _vllm_group_quant,
    "vllm.rocm_aiter_rmsnorm_fp8_group_quant": _vllm_norm_quant,
    "vllm.rocm_aiter_act_mul_and_fp8_group_quant": _vllm_silu_quant,
}
