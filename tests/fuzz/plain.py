# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Elementwise steps in plain torch, and quantisations written in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from .bounds import Bounds, either_zero, monotone
from .kind import Kind, Proposal, Site, Type, dtype_of, name_of
from .rules import LARGEST, quantised, silu

FLOATS = ("bfloat16", "float16", "float32")


def _rows(t: Type) -> bool:
    return t.is_rows


def _one(site: Site, accept: Callable[[Type], bool] = _rows, **options: Any) -> Proposal | None:
    x = site.pick(accept)
    return None if x is None else ((x,), options)


def _pair(site: Site) -> Proposal | None:
    x = site.pick(_rows)
    return None if x is None else ((x, site.partner(x)), {})


def _bias(site: Site) -> Proposal | None:
    x = site.pick(_rows)
    if x is None:
        return None
    own = site.type_of(x)
    return (x, site.constant((own.width,), site.rng.choice((own.dtype, own.dtype, torch.float32)))), {}


def _dequantisable(site: Site) -> Proposal | None:
    x = site.pick(lambda t: t.dtype in LARGEST)
    if x is None:
        return None
    return (x,), {"scale": site.rng.choice((0.5, 0.03125))}


def _silu_pair(gate: Tensor, up: Tensor) -> Tensor:
    return functional.silu(gate) * up


def _silu_chunks(x: Tensor) -> Tensor:
    gate, up = x.chunk(2, dim=-1)
    return functional.silu(gate) * up


def bound_silu_pair(gate: Bounds, up: Bounds) -> tuple[Bounds, ...]:
    """Return the bounds of SiLU of one value times another."""
    return monotone(torch.mul, [silu(gate), up])


def _bound_silu_chunks(x: Bounds) -> tuple[Bounds, ...]:
    gate, up = monotone(lambda v: v.chunk(2, dim=-1), [x])
    return bound_silu_pair(gate, up)


def _spelled_token_quant(x: Tensor, dtype: str, floor: float) -> tuple[Tensor, Tensor]:
    wide, kind = x.float(), dtype_of(dtype)
    limit = LARGEST[kind]
    scale = wide.abs().amax(dim=-1, keepdim=True).clamp(min=floor) / limit
    q = wide / scale
    if kind == torch.int8:
        q = q.round()
    return q.clamp(-limit, limit).to(kind), scale


def _bound_token_quant(x: Bounds, dtype: str, floor: float) -> tuple[Bounds, ...]:
    return quantised(x, x.low.shape[-1], dtype_of(dtype), absmax_floor=floor)


def _spelled_group_quant(x: Tensor, dtype: str, floor: float, group: int) -> tuple[Tensor, Tensor]:
    q, scale = _spelled_token_quant(x.view(*x.shape[:-1], x.shape[-1] // group, group), dtype, floor)
    return q.view(x.shape), scale.squeeze(-1)


def _bound_group_quant(x: Bounds, dtype: str, floor: float, group: int) -> tuple[Bounds, ...]:
    return quantised(x, group, dtype_of(dtype), absmax_floor=floor)


def _quantised(site: Site) -> dict[str, Any]:
    return {
        "dtype": site.rng.choice(["float8_e4m3fn", *map(name_of, LARGEST)]),
        "floor": site.rng.choice((1e-10, 1e-4)),
    }


def _grouped(site: Site) -> Proposal | None:
    group = site.rng.choice((8, 32, 64, 128))
    x = site.pick(lambda t: t.is_rows and t.width % group == 0)
    return None if x is None else ((x,), {**_quantised(site), "group": group})


PLAIN: dict[str, Kind] = {
    "add": Kind(_pair, torch.add, plain=True),
    "bias add": Kind(_bias, torch.add, plain=True),
    # IREE's maximum takes +0 for the greater zero; eager keeps the operand's.
    "relu": Kind(_one, torch.relu, lambda x: (either_zero(monotone(torch.relu, [x])[0]),), plain=True),
    "scale": Kind(
        lambda site: _one(site, factor=site.rng.choice((0.5, -1.5, 0.1, 3.0))),
        lambda x, factor: x * factor,
        plain=True,
    ),
    "cast": Kind(
        lambda site: _one(site, dtype=site.rng.choice(FLOATS)), lambda x, dtype: x.to(dtype_of(dtype)), plain=True
    ),
    "silu of pair": Kind(_pair, _silu_pair, bound_silu_pair, plain=True),
    "silu of chunks": Kind(
        lambda site: _one(site, lambda t: t.is_rows and t.width % 2 == 0), _silu_chunks, _bound_silu_chunks, plain=True
    ),
    "spelled token quant": Kind(
        lambda site: _one(site, **_quantised(site)), _spelled_token_quant, _bound_token_quant, plain=True
    ),
    "spelled group quant": Kind(_grouped, _spelled_group_quant, _bound_group_quant, plain=True),
    "dequantize": Kind(_dequantisable, lambda q, scale: q.float() * scale, plain=True),
    "widen integers": Kind(lambda site: _one(site, lambda t: t.dtype == torch.int8), lambda q: q.int() * 2),
}
