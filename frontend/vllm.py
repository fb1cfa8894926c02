# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""vLLM's ops without vLLM: enough to load, trace and run a graph that was captured from it.

A graph names its ops by schema. When vLLM is not installed, :func:`register_vllm_ops` defines the ops that fanfold
knows under vLLM's names, with the semantics of vLLM's own eager implementations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import torch

from fanfold.errors import ExportError
from fanfold.ops.group_quant import group_quant
from fanfold.ops.norm import normalise
from fanfold.ops.registry import define_op

from .mutating import FP8_BOUNDS, MUTATING_OPS

if TYPE_CHECKING:
    from torch.fx import Graph

# The op schemas name no element type: vLLM takes the one of its platform.
_fp8_dtype: ContextVar[torch.dtype] = ContextVar("fp8_dtype", default=torch.float8_e4m3fn)

# Ops live as long as the library that defined them.
_libraries: dict[str, torch.library.Library] = {}


def register_vllm_ops() -> tuple[str, ...]:
    """Define the ``vllm_ir::*``, ``vllm::*`` and ``_C::*`` ops that nobody has defined yet.

    Ops that vLLM has registered are left alone, and calling this twice changes nothing. To use vLLM itself in the same
    process, import it first: it cannot define ops that exist.

    Returns:
        The qualified names of the ops that this call defined.
    """
    defined = []
    for namespace, schema, eager, fake in _OPS:
        name = schema.partition("(")[0]
        if hasattr(getattr(torch.ops, namespace), name):
            continue
        library = _libraries.setdefault(namespace, torch.library.Library(namespace, "FRAGMENT"))
        define_op(library, schema, eager, fake)
        defined.append(f"{namespace}::{name}")
    return tuple(defined)


@contextmanager
def fp8_flavour(graph: Graph) -> Iterator[None]:
    """Retrace a graph with the fp8 type that it was captured with.

    Raises:
        ExportError: If the graph has vLLM quantisations to different fp8 types.
    """
    found = {
        value.dtype
        for node in graph.nodes
        if isinstance(node.target, torch._ops.OpOverload) and node.target.namespace == "vllm"
        for value in (node.meta.get("val") or ())
        if isinstance(value, torch.Tensor) and value.dtype in FP8_BOUNDS
    }
    if len(found) > 1:
        raise ExportError(
            "the graph mixes the fp8 types of two platforms",
            stage="export",
            expected="one fp8 type in all vllm ops",
            found=", ".join(sorted(map(str, found))),
            remedy="capture the graph on one platform",
        )
    token = _fp8_dtype.set(found.pop() if found else _fp8_dtype.get())
    try:
        yield
    finally:
        _fp8_dtype.reset(token)


def _rms_norm(
    x: torch.Tensor, weight: torch.Tensor | None, epsilon: float, variance_size: int | None = None
) -> torch.Tensor:
    # Formulas and rounding points: fanfold.ops.rms_norm.
    return normalise(x.contiguous().float(), weight, epsilon, x.dtype, variance_size)


def _fused_add_rms_norm(
    x: torch.Tensor,
    x_residual: torch.Tensor,
    weight: torch.Tensor | None,
    epsilon: float,
    variance_size: int | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    # Formulas and rounding points: fanfold.ops.add_rms_norm.
    s = x.contiguous().float() + x_residual.contiguous().float()
    return normalise(s, weight, epsilon, x.dtype, variance_size), s.to(x.dtype)


def _silu_and_mul(x: torch.Tensor) -> torch.Tensor:
    gate, value = x.contiguous().chunk(2, dim=-1)
    return torch.nn.functional.silu(gate) * value


def _group_fp8_quant(x: torch.Tensor, group_size: int) -> tuple[torch.Tensor, torch.Tensor]:
    dtype = _fp8_dtype.get()
    return group_quant(x, group_size, dtype, bound=FP8_BOUNDS[dtype])


def _rmsnorm_fp8_group_quant(
    x: torch.Tensor, weight: torch.Tensor, variance_epsilon: float, group_size: int
) -> tuple[torch.Tensor, torch.Tensor]:
    return _group_fp8_quant(_rms_norm(x, weight, variance_epsilon), group_size)


def _act_mul_and_fp8_group_quant(x: torch.Tensor, group_size: int) -> tuple[torch.Tensor, torch.Tensor]:
    return _group_fp8_quant(_silu_and_mul(x), group_size)


def _like_x(x: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    return x.new_empty(x.shape)


def _twice_like_x(x: torch.Tensor, *_: Any, **__: Any) -> tuple[torch.Tensor, torch.Tensor]:
    return x.new_empty(x.shape), x.new_empty(x.shape)


def _half_of_x(x: torch.Tensor) -> torch.Tensor:
    return x.new_empty((*x.shape[:-1], x.shape[-1] // 2))


_group_fp8_quant_fake = _group_fp8_quant  # a composition of ops that have shape functions


def _rmsnorm_fp8_group_quant_fake(
    x: torch.Tensor,
    weight: torch.Tensor,  # noqa: ARG001
    variance_epsilon: float,  # noqa: ARG001
    group_size: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    return _group_fp8_quant(_like_x(x), group_size)


def _act_mul_and_fp8_group_quant_fake(x: torch.Tensor, group_size: int) -> tuple[torch.Tensor, torch.Tensor]:
    return _group_fp8_quant(_half_of_x(x), group_size)


def _returns_nothing(*_: Any, **__: Any) -> None:
    """Shape function of the ops that write into their arguments."""


_Op = tuple[str, str, Callable[..., Any], Callable[..., Any]]

#: Namespace, schema, eager implementation, shape function.
_OPS: tuple[_Op, ...] = (
    (
        "vllm_ir",
        "rms_norm(Tensor x, Tensor? weight, float epsilon, int? variance_size=None) -> Tensor",
        _rms_norm,
        _like_x,
    ),
    (
        "vllm_ir",
        (
            "fused_add_rms_norm(Tensor x, Tensor x_residual, Tensor? weight, float epsilon, int? variance_size=None)"
            " -> (Tensor, Tensor)"
        ),
        _fused_add_rms_norm,
        _twice_like_x,
    ),
    ("vllm_ir", "silu_and_mul(Tensor x) -> Tensor", _silu_and_mul, _half_of_x),
    (
        "vllm",
        "rocm_aiter_group_fp8_quant(Tensor x, int group_size) -> (Tensor, Tensor)",
        _group_fp8_quant,
        _group_fp8_quant_fake,
    ),
    (
        "vllm",
        "triton_per_token_group_quant_fp8(Tensor x, int group_size) -> (Tensor, Tensor)",
        _group_fp8_quant,
        _group_fp8_quant_fake,
    ),
    (
        "vllm",
        (
            "rocm_aiter_rmsnorm_fp8_group_quant(Tensor x, Tensor weight, float variance_epsilon, int group_size)"
            " -> (Tensor, Tensor)"
        ),
        _rmsnorm_fp8_group_quant,
        _rmsnorm_fp8_group_quant_fake,
    ),
    (
        "vllm",
        "rocm_aiter_act_mul_and_fp8_group_quant(Tensor x, int group_size) -> (Tensor, Tensor)",
        _act_mul_and_fp8_group_quant,
        _act_mul_and_fp8_group_quant_fake,
    ),
    *(("_C", op.schema, op.run, _returns_nothing) for op in MUTATING_OPS.values()),
)
