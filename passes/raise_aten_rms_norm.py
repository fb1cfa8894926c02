# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Raise `aten.rms_norm` and `aten._fused_rms_norm` before torch-mlir can lower them with other rounding.

Before::

    %y = torch.aten.rms_norm %x, %shape, %w, %eps : !torch.vtensor<[?,256],bf16>, ...

After::

    %y = "fanfold.rms_norm"(%rows, %w) {eps = ..., normalized_type = f32, ...}

Eager PyTorch computes all of it in f32 and rounds once, at the end; its default eps is that of f32
(`rms_norm` in ATen's native/layer_norm.cpp).
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from .base import PassState
from .raising import Raiser, raise_all, require, required, row_tensor
from .row_form import to_rows
from .torch_values import constant_float, constant_ints, is_none, users

#: As it stands in a graph that was captured after autograd; torch-mlir has no op for it.
FUSED = "torch.aten._fused_rms_norm"

#: Machine epsilon of f32.
F32_EPSILON = 2.0**-23


@dataclass(frozen=True)
class RaiseAtenRMSNorm:
    """The pass `raise-aten-rms-norm`."""

    name: ClassVar[str] = "raise-aten-rms-norm"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Raise every `aten.rms_norm` over the last dim."""
        return raise_all(module, state, {"torch.aten.rms_norm": _raise, FUSED: _raise_fused}, _key)


def _key(op: ir.Operation) -> str:
    return str(ir.StringAttr(op.attributes["name"]).value if op.name == "torch.operator" else op.name)


def _raise(r: Raiser) -> None:
    r.replace([_norm(r)], r.source.operands[0])


def _raise_fused(r: Raiser) -> None:
    require(not users(r.source.results[1]), "its second result, the reciprocal root, is used")
    r.replace([_norm(r), None], r.source.operands[0])


def _norm(r: Raiser) -> ir.Value:
    x, shape, weight, eps = r.source.operands
    known = row_tensor(x, "x")
    normalized = constant_ints(shape)
    require(normalized is not None, "the normalized shape is no constant")
    require(normalized == [known.dims[-1]], f"the normalized shape is {normalized}, not the last dim alone")
    value = required(F32_EPSILON if is_none(eps) else constant_float(eps), "eps is no constant")
    return r.rms_norm(to_rows(x), weight, value, normalized="f32", result=known.element)
