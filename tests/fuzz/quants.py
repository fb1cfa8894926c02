# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantisations: the ops of `fanfold.ops`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

import fanfold  # noqa: F401 - registers the ops

from .bounds import Bounds, monotone
from .kind import Kind, Proposal, Site, Type, dtype_of, name_of
from .rules import LARGEST, codes, divided, quantised, widened

OPS = torch.ops.fanfold


def _rows(t: Type) -> bool:
    return t.is_rows


def _sometimes(site: Site, **options: Any) -> dict[str, Any]:
    """Return some of the options."""
    return {name: value for name, value in options.items() if site.rng.random() < 0.3}


def _dynamic(site: Site, **options: Any) -> dict[str, Any]:
    """Return a dtype for quantised values, and some of the options of dynamic scales."""
    dtype = site.rng.choice(["float8_e4m3fn", *map(name_of, LARGEST)])
    bounded = _sometimes(
        site, bound=100.0, reciprocal=site.rng.random() < 0.5, scale_floor=site.rng.choice((0.0, 1e-3))
    )
    return {"dtype": dtype, **bounded, **options}


def _grouped(site: Site, **always: Any) -> Proposal | None:
    x = site.pick(_rows)
    if x is None:
        return None
    width = site.type_of(x).width
    group = site.rng.choice((1, 8, 32, 64, 128, 128, 7, 100, width, width + 3))
    return (x,), _dynamic(site, group=group, **_sometimes(site, absmax_floor=0.0), **always)


def _formatted(site: Site, scale_format: str) -> Proposal | None:
    return _grouped(site, scale_format=scale_format)


def _laid_out(site: Site) -> Proposal | None:
    layout = site.rng.choice(("column", "column_padded"))
    return _grouped(site, scale_layout=layout, scale_format=site.rng.choice(("f32", "ue8m0", "ue8m0_packed")))


def _group_quant(x: Tensor, group: int, dtype: str, **options: Any) -> tuple[Tensor, Tensor]:
    return OPS.group_quant(x, group, dtype_of(dtype), **options)


def _bound_group_quant(
    x: Bounds,
    group: int,
    dtype: str,
    scale_layout: str = "row",
    **options: Any,
) -> tuple[Bounds, ...]:
    return quantised(x, group, dtype_of(dtype), **{"absmax_floor": 1e-10, **options})


def _by_token(site: Site) -> Proposal | None:
    x = site.pick(_rows)
    if x is None:
        return None
    ceiling = (site.constant((1,), torch.float32),) if site.rng.random() < 0.3 else ()
    return (x, *ceiling), _dynamic(site)


def _token_quant(x: Tensor, ceiling: Tensor | None = None, *, dtype: str, **options: Any) -> tuple[Tensor, Tensor]:
    return OPS.token_quant(x, dtype_of(dtype), scale_ub=ceiling, **options)


def _bound_token_quant(
    x: Bounds, ceiling: Bounds | None = None, *, dtype: str, reciprocal: bool = True, **options: Any
) -> tuple[Bounds, ...]:
    kind = dtype_of(dtype)
    floor = 1.0 / (options.get("bound", LARGEST[kind]) * 512.0)
    options = {"scale_floor": floor, "reciprocal": reciprocal, **options}
    return quantised(x, x.low.shape[-1], kind, ceiling=None if ceiling is None else ceiling.low, **options)


def _tensor_quant(x: Tensor, dtype: str, **options: Any) -> tuple[Tensor, Tensor]:
    return OPS.tensor_quant(x, dtype_of(dtype), **options)


def _bound_tensor_quant(x: Bounds, dtype: str, **options: Any) -> tuple[Bounds, ...]:
    """One row with all that there is; nothing counts as one zero."""
    shape = x.low.shape
    (row,) = monotone(lambda v: v.reshape(-1) if v.numel() else v.new_zeros(1), [x])
    q, scale = _bound_token_quant(row, dtype=dtype, **options)
    return monotone(lambda v: v[: shape.numel()].reshape(shape), [q])[0], scale


def _by_tensor(site: Site) -> Proposal | None:
    x = site.pick(_rows)
    return None if x is None else ((x,), {**_dynamic(site), **_sometimes(site, scale_format="ue8m0")})


def _static(site: Site) -> Proposal | None:
    x = site.pick(_rows)
    if x is None:
        return None
    options = {"dtype": site.rng.choice(["float8_e4m3fn", *map(name_of, LARGEST)]), **_sometimes(site, bound=100.0)}
    return (x, site.constant((1,), torch.float32, exponent=site.rng.choice((-6, 0)))), options


def _dividing(site: Site) -> Proposal | None:
    proposal = _static(site)
    return None if proposal is None else (proposal[0], {**proposal[1], "reciprocal": False})


def _with_format(proposal: Proposal | None) -> Proposal | None:
    return None if proposal is None else (proposal[0], {**proposal[1], "scale_format": "ue8m0"})


def _static_quant(x: Tensor, scale: Tensor, dtype: str, **options: Any) -> Tensor:
    return OPS.static_quant(x, scale, dtype_of(dtype), **options)


def _bound_static_quant(
    x: Bounds, scale: Bounds, dtype: str, bound: float | None = None, *, reciprocal: bool = True
) -> tuple[Bounds, ...]:
    kind = dtype_of(dtype)
    limit = LARGEST[kind] if bound is None else bound
    return (codes(divided(widened(x), scale, limit, reciprocal=reciprocal), kind, limit),)


QUANTS: dict[str, Kind] = {
    "group_quant": Kind(_grouped, _group_quant, _bound_group_quant),
    "group_quant, ue8m0": Kind(lambda site: _formatted(site, "ue8m0"), _group_quant, _bound_group_quant),
    "group_quant, packed": Kind(lambda site: _formatted(site, "ue8m0_packed"), _group_quant, _bound_group_quant),
    "group_quant, column": Kind(_laid_out, _group_quant, _bound_group_quant),
    "token_quant": Kind(_by_token, _token_quant, _bound_token_quant),
    "token_quant, ue8m0": Kind(lambda site: _with_format(_by_token(site)), _token_quant, _bound_token_quant),
    "tensor_quant": Kind(_by_tensor, _tensor_quant, _bound_tensor_quant),
    "static_quant": Kind(_static, _static_quant, _bound_static_quant),
    "static_quant by division": Kind(_dividing, _static_quant, _bound_static_quant),
}
