# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Views and slices: steps that compute nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .kind import Kind, Proposal, Site, Type


def _of(
    accept: Callable[[Type], bool], options: Callable[[Site, Type], dict[str, Any]] | None = None
) -> Callable[..., Any]:
    """Return a proposal of one operand that is accepted, with options made from its type."""

    def propose(site: Site) -> Proposal | None:
        x = site.pick(accept)
        if x is None:
            return None
        return (x,), {} if options is None else options(site, site.type_of(x))

    return propose


def _ranks(least: int, most: int = 5) -> Callable[[Type], bool]:
    return lambda t: least <= len(t.shape) <= most


def _factors(site: Site, t: Type) -> dict[str, Any]:
    return {"parts": site.rng.choice([n for n in range(1, t.width + 1) if t.width % n == 0][:8])}


def _leading(site: Site, t: Type) -> dict[str, Any]:
    return {"dim": site.rng.randrange(len(t.shape))}


def _units(t: Type) -> list[int]:
    return [i for i, size in enumerate(t.shape) if size == 1 and not t.moving[i]]


def _order(site: Site, t: Type) -> dict[str, Any]:
    leading = list(range(len(t.shape) - 1))
    site.rng.shuffle(leading)
    return {"dims": (*leading, len(leading))}


def _cuts(site: Site, t: Type) -> dict[str, Any]:
    cuts = sorted(site.rng.sample(range(1, t.width), min(t.width - 1, site.rng.randint(1, 3))))
    return {"sizes": [b - a for a, b in zip([0, *cuts], [*cuts, t.width], strict=True)]}


def _range(site: Site, t: Type) -> dict[str, Any]:
    start = site.rng.choice((0, site.rng.randrange(t.width)))
    return {"start": start, "stop": site.rng.choice((t.width, site.rng.randint(start + 1, t.width)))}


def _static_pair(t: Type) -> bool:
    """Return whether the last two dims can become one row."""
    return len(t.shape) >= 2 and not t.moving[-2] and 0 < t.shape[-2] * t.width <= 2048


VIEWS: dict[str, Kind] = {
    "view rows": Kind(_of(_ranks(1)), lambda x: x.view(-1, x.shape[-1])),
    "reshape rows": Kind(_of(_ranks(1)), lambda x: x.reshape(-1, x.shape[-1])),
    "flatten rows": Kind(_of(_ranks(3)), lambda x: x.flatten(0, -2)),
    "view dims": Kind(_of(_ranks(1, 4)), lambda x: x.view(*x.shape[:-1], 1, x.shape[-1])),
    "unflatten": Kind(_of(_ranks(1, 4), _factors), lambda x, parts: x.unflatten(-1, (parts, x.shape[-1] // parts))),
    "view groups": Kind(
        _of(_ranks(1, 4), _factors), lambda x, parts: x.view(*x.shape[:-1], parts, x.shape[-1] // parts)
    ),
    "join": Kind(_of(_static_pair), lambda x: x.flatten(-2)),
    "unsqueeze": Kind(_of(_ranks(1, 4), _leading), lambda x, dim: x.unsqueeze(dim)),
    "squeeze": Kind(
        _of(lambda t: len(t.shape) > 1 and bool(_units(t)), lambda s, t: {"dim": s.rng.choice(_units(t))}),
        lambda x, dim: x.squeeze(dim),
    ),
    "transpose": Kind(_of(_ranks(3)), lambda x: x.transpose(0, 1)),
    "transpose last": Kind(_of(_static_pair), lambda x: x.transpose(-1, -2)),
    "permute": Kind(_of(_ranks(3), _order), lambda x, dims: x.permute(dims)),
    "contiguous": Kind(_of(_ranks(1)), lambda x: x.contiguous()),
    "split": Kind(_of(lambda t: t.width >= 2, _cuts), lambda x, sizes: torch.split(x, sizes, dim=-1)),
    "chunk": Kind(_of(lambda t: t.width >= 2), lambda x: tuple(x.chunk(2, dim=-1))),
    "narrow": Kind(_of(_ranks(1), _range), lambda x, start, stop: x.narrow(-1, start, stop - start)),
    "slice": Kind(_of(_ranks(1), _range), lambda x, start, stop: x[..., start:stop]),
    "slice by twos": Kind(_of(_ranks(1)), lambda x: x[..., ::2]),
}
