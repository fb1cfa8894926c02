# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Norms and SiLU: the ops of `fanfold.ops`, and the norms that models spell."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

import fanfold  # noqa: F401 - registers the ops

from .bounds import Bounds, monotone
from .kind import Kind, Proposal, Site, Type, dtype_of
from .plain import FLOATS, bound_silu_pair
from .rules import norm, widened

EPS = (1e-5, 1e-6)
OPS = torch.ops.fanfold


def _rows(t: Type) -> bool:
    return t.is_rows


def _weighted(
    site: Site, options: dict[str, Any] | None = None, *, own_dtype: bool = False, always: bool = False
) -> Proposal | None:
    """Propose a norm: its rows, and often a weight (of another dtype, where the kind takes one)."""
    x = site.pick(_rows)
    if x is None:
        return None
    t = site.type_of(x)
    chosen = {"eps": site.rng.choice(EPS), **(options or {})}
    if not always and site.rng.random() < 0.25:
        return (x,), chosen
    dtype = t.dtype if own_dtype or site.rng.random() < 0.7 else dtype_of(site.rng.choice(FLOATS))
    return (x, site.constant((t.width,), dtype)), chosen


def _added(site: Site, options: dict[str, Any] | None = None, *, always: bool = False) -> Proposal | None:
    return _with_partner(site, _weighted(site, options, always=always))


def _with_partner(site: Site, proposal: Proposal | None) -> Proposal | None:
    if proposal is None:
        return None
    (x, *weight), options = proposal
    return (x, site.partner(x), *weight), options


def _partial(site: Site) -> Proposal | None:
    """Propose a norm whose mean is over the first part of a row."""
    proposal = _weighted(site)
    if proposal is None:
        return None
    operands, options = proposal
    return operands, {**options, "variance_size": site.rng.randint(1, site.type_of(operands[0]).width)}


def _rms_norm(x: Tensor, weight: Tensor | None = None, *, eps: float, **options: Any) -> Tensor:
    return OPS.rms_norm(x, weight, eps, **options)


def _add_rms_norm(
    x: Tensor, residual: Tensor, weight: Tensor | None = None, *, eps: float, **options: Any
) -> tuple[Tensor, Tensor]:
    return OPS.add_rms_norm(x, residual, weight, eps, **options)


def _factor(weight: Bounds | None, offset: float = 0.0) -> Tensor | None:
    return None if weight is None else weight.low.float() + offset


def _bound_norm_of_sum(
    total: Bounds,
    out: torch.dtype,
    weight: Bounds | None,
    eps: float,
    *,
    variance_size: int | None = None,
    weight_offset: float = 0.0,
    round_normalized: bool = True,
) -> Bounds:
    inner = weight.low.dtype if weight is not None and round_normalized else torch.float32
    return norm(total, _factor(weight, weight_offset), eps, inner=inner, out=out, size=variance_size)


def _bound_rms_norm(x: Bounds, weight: Bounds | None = None, *, eps: float, **options: Any) -> tuple[Bounds, ...]:
    return (_bound_norm_of_sum(widened(x), x.low.dtype, weight, eps, **options),)


def _bound_add_rms_norm(
    x: Bounds, residual: Bounds, weight: Bounds | None = None, *, eps: float, **options: Any
) -> tuple[Bounds, ...]:
    out = x.low.dtype
    (total,) = monotone(torch.add, [widened(x), widened(residual)])
    return _bound_norm_of_sum(total, out, weight, eps, **options), monotone(lambda v: v.to(out), [total])[0]


def _torch_norm(x: Tensor, weight: Tensor | None = None, *, eps: float | None) -> Tensor:
    return functional.rms_norm(x, (x.shape[-1],), weight, eps)


def _bound_torch_norm(x: Bounds, weight: Bounds | None = None, *, eps: float) -> tuple[Bounds, ...]:
    return (norm(widened(x), _factor(weight), eps, inner=torch.float32, out=x.low.dtype),)


def _rstd(wide: Tensor, eps: float) -> Tensor:
    return torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + eps)


def _llama_norm(x: Tensor, weight: Tensor, *, eps: float) -> Tensor:
    wide = x.float()
    return weight * (wide * _rstd(wide, eps)).to(x.dtype)


def _bound_llama_norm(x: Bounds, weight: Bounds, *, eps: float) -> tuple[Bounds, ...]:
    dtype = x.low.dtype
    out = torch.promote_types(dtype, weight.low.dtype)
    return (norm(widened(x), _factor(weight), eps, inner=dtype, out=out),)


def _gemma_norm(x: Tensor, weight: Tensor, *, eps: float) -> Tensor:
    wide = x.float()
    return (wide * _rstd(wide, eps) * (1.0 + weight.float())).type_as(x)


def _bound_gemma_norm(x: Bounds, weight: Bounds, *, eps: float) -> tuple[Bounds, ...]:
    return (norm(widened(x), 1.0 + weight.low.float(), eps, inner=torch.float32, out=x.low.dtype),)


def _gated(site: Site) -> Proposal | None:
    x = site.pick(lambda t: t.is_rows and t.width % 2 == 0)
    return None if x is None else ((x,), {"limit": 1.5} if site.rng.random() < 0.4 else {})


def _silu_and_mul(x: Tensor, limit: float | None = None) -> Tensor:
    return OPS.silu_and_mul(x, limit)


def _bound_silu_and_mul(x: Bounds, limit: float | None = None) -> tuple[Bounds, ...]:
    gate, up = monotone(lambda v: v.chunk(2, dim=-1), [x])
    if limit is not None:
        (gate,) = monotone(lambda v: v.clamp(max=limit), [gate])
        (up,) = monotone(lambda v: v.clamp(-limit, limit), [up])
    return bound_silu_pair(gate, up)


def _spelled(site: Site) -> Proposal | None:
    return _weighted(site, always=True)


def _of_own_dtype(site: Site) -> Proposal | None:
    return _weighted(site, own_dtype=True)


NORMS: dict[str, Kind] = {
    "rms_norm": Kind(_weighted, _rms_norm, _bound_rms_norm),
    "rms_norm with offset": Kind(
        lambda site: _weighted(site, {"weight_offset": 1.0, "round_normalized": site.rng.random() < 0.5}, always=True),
        _rms_norm,
        _bound_rms_norm,
    ),
    "rms_norm of a part": Kind(_partial, _rms_norm, _bound_rms_norm),
    "add_rms_norm": Kind(_added, _add_rms_norm, _bound_add_rms_norm),
    "add_rms_norm with offset": Kind(
        lambda site: _added(site, {"weight_offset": 1.0, "round_normalized": site.rng.random() < 0.5}, always=True),
        _add_rms_norm,
        _bound_add_rms_norm,
    ),
    "add_rms_norm of a part": Kind(
        lambda site: _with_partner(site, _partial(site)), _add_rms_norm, _bound_add_rms_norm
    ),
    "torch norm": Kind(_of_own_dtype, _torch_norm, _bound_torch_norm),
    "llama norm": Kind(_spelled, _llama_norm, _bound_llama_norm),
    "gemma norm": Kind(_spelled, _gemma_norm, _bound_gemma_norm),
    "silu_and_mul": Kind(_gated, _silu_and_mul, _bound_silu_and_mul),
}
