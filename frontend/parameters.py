# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights as external parameters: one ``util.global`` and one load for each, however often it is used."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch._subclasses import FakeTensor
from torch.utils._python_dispatch import is_traceable_wrapper_subclass
from torch_mlir import ir
from torch_mlir.extras.fx_importer import (
    TORCH_DTYPE_TO_MLIR_TYPE_ASM,
    FxImporterHooks,
    GraphNodeImporter,
    InputInfo,
)

from fanfold.errors import ExportError

#: The scope of the parameters in IREE's parameter index.
SCOPE = "model"


class ParameterHooks(FxImporterHooks):
    """Turns every weight, buffer and constant of an imported program into a named parameter.

    ::

        util.global private @lin.weight = #stream.parameter.named<"model"::"lin.weight"> : tensor<512x256xbf16>
        %0 = util.global.load @lin.weight : tensor<512x256xbf16>
        %1 = torch_c.from_builtin_tensor %0 : tensor<512x256xbf16> -> !torch.vtensor<[512,256],bf16>

    Single numbers stay literals, so that the compiler can fold them. Everything longer is a parameter: IREE cannot
    compile longer fp8 literals, and mistypes bf16 ones of up to 256 bytes.

    Attributes:
        parameters: The tensors by name: contiguous, on the CPU, booleans as uint8. Tied weights are one entry.
        constant_name: The name for the next literal that brings none of its own.
    """

    def __init__(self) -> None:
        self.parameters: dict[str, torch.Tensor] = {}
        self.constant_name = "constant"
        self._names: dict[tuple[Any, ...], str] = {}
        self._declared: set[str] = set()
        self._sources: list[torch.Tensor] = []
        self._loads: dict[tuple[GraphNodeImporter, str], ir.Value] = {}

    def resolve_literal(self, gni: GraphNodeImporter, literal: Any, info: InputInfo | None = None) -> ir.Value | None:
        """Return the loaded parameter for a tensor, or ``None`` to leave `literal` to the importer.

        Raises:
            ExportError: If the tensor has no data to store.
        """
        if not isinstance(literal, torch.Tensor):
            return None
        wanted = info.input_spec.target if info is not None and info.input_spec.target else self.constant_name
        _check_storable(literal, wanted)
        if literal.numel() == 1:
            return None
        name = self._name(literal, wanted)
        key = (gni, name)
        if key not in self._loads:
            self._loads[key] = self._load(gni, name)
        return self._loads[key]

    def _name(self, tensor: torch.Tensor, wanted: str) -> str:
        # Tied weights are views of the same memory.
        key = (tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tuple(tensor.stride()))
        if key not in self._names or tensor.numel() == 0:
            name = wanted
            while name in self.parameters:
                name += "_"
            # The key is an address: the tensor must stay alive, or another one may come to lie there.
            self._sources.append(tensor)
            self._names[key] = name
            self.parameters[name] = tensor.detach().cpu().contiguous()
        return self._names[key]

    def _load(self, gni: GraphNodeImporter, name: str) -> ir.Value:
        """Declare the global of parameter `name`, if it is new, and load it at the insertion point."""
        tensor = self.parameters[name]
        element = TORCH_DTYPE_TO_MLIR_TYPE_ASM[tensor.dtype]
        # Builtin tensors have no signs: si64 is i64 there.
        stored = ir.Type.parse(f"tensor<{''.join(f'{d}x' for d in tensor.shape)}{re.sub('^[su]i', 'i', element)}>")
        loaded = ir.Type.parse(f"!torch.vtensor<[{','.join(map(str, tensor.shape))}],{element}>")
        if name not in self._declared:
            self._declared.add(name)
            with ir.InsertionPoint.at_block_begin(gni.fx_importer.module.body):
                ir.Operation.create(
                    "util.global",
                    attributes={
                        "sym_name": ir.StringAttr.get(name),
                        "sym_visibility": ir.StringAttr.get("private"),
                        "type": ir.TypeAttr.get(stored),
                        "initial_value": ir.Attribute.parse(
                            f"#stream.parameter.named<{_quote(SCOPE)}::{_quote(name)}> : {stored}"
                        ),
                    },
                )
        load = ir.Operation.create(
            "util.global.load", results=[stored], attributes={"global": ir.FlatSymbolRefAttr.get(name)}
        )
        return ir.Operation.create("torch_c.from_builtin_tensor", results=[loaded], operands=[load.result]).result


def _quote(text: str) -> str:
    return str(ir.StringAttr.get(text))


def _check_storable(tensor: torch.Tensor, name: str) -> None:
    if isinstance(tensor, FakeTensor) or tensor.is_meta:
        found, remedy = "a tensor without data", "load the weights before exporting"
    elif is_traceable_wrapper_subclass(tensor):
        found, remedy = type(tensor).__name__, "unwrap it first, for example with torchao's unwrap_tensor_subclass"
    elif tensor.layout != torch.strided or tensor.is_quantized:
        found, remedy = f"{tensor.layout}, {tensor.dtype}", "store it dense, dequantised or as its parts"
    elif tensor.dtype not in TORCH_DTYPE_TO_MLIR_TYPE_ASM or tensor.is_complex():
        found, remedy = str(tensor.dtype), "store it in a real dtype that torch-mlir has"
    else:
        return
    raise ExportError(
        f"the weight {name} cannot be stored", stage="import", expected="a dense tensor", found=found, remedy=remedy
    )
