# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Hold the model to the fp8 types that the target has: refuse the other flavour, or convert it.

Before::

    %q, %s = "fanfold.quantize"(%x) {bound = 4.480000e+02 : f64, ...} : ... -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>)
    %w = torch_c.from_builtin_tensor %loaded : tensor<64x64xf8E4M3FN> -> !torch.vtensor<[64,64],f8E4M3FN>
    %f = torch.prims.convert_element_type %w, %int6 : !torch.vtensor<[64,64],f8E4M3FN>, ... -> ...,f32>

After, on a target with f8E4M3FNUZ::

    %q, %s = "fanfold.quantize"(%x) {bound = 2.240000e+02 : f64, ...} : ... -> (tensor<?x64xf8E4M3FNUZ>, ...)
    %w = torch_c.from_builtin_tensor %loaded : tensor<64x64xf8E4M3FNUZ> -> !torch.vtensor<[64,64],f8E4M3FNUZ>
    %h = torch.prims.convert_element_type %w, %int6 : !torch.vtensor<[64,64],f8E4M3FNUZ>, ... -> ...,f32>
    %f = torch.aten.mul.Scalar %h, %float2 : !torch.vtensor<[64,64],f32>, !torch.float -> ...,f32>

A byte is worth half as much in FNUZ, and keeps its place; who has the other half differs:

- a dynamic quantisation: its scales, which become twice as large because the bound is half as large, and go where the
  values go;
- a parameter, and a quantisation by a given scale (by twice that scale, now): whoever widens the values, who doubles
  them. What the model computes of the given scale is as it was;
- an input: the caller, who has the target's values and scales.

To OCP it is all the other way round. What cannot be proven to keep its value is refused: a plain conversion to fp8,
which has no scale; ops that read codes as such; values that leave the model while their scale is unknown outside;
numbers left in the model that are the bound of its quantisations. With the default options, all types stay.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from torch_mlir import ir

from fanfold.float8 import Float8Choice

from .base import PassState
from .float8_refusals import foreign, foreign_source
from .float8_rewrites import Retargeting
from .walk import iterate


@dataclass(frozen=True)
class RetargetFloat8:
    """The pass `retarget-float8`."""

    name: ClassVar[str] = "retarget-float8"

    #: Which types stay, and what becomes of the others.
    choice: Float8Choice = field(default_factory=Float8Choice)

    def run(self, module: ir.Module, state: PassState) -> int:
        """Refuse or convert what has a foreign type; returns how many quantisations, casts and sources changed.

        Raises:
            TargetError: If a type is refused, or cannot be converted.
        """
        if not self.choice.types:
            return 0
        if not self.choice.converts:
            found = next((s for op in iterate(module) if (s := foreign_source(op, self.choice)) is not None), None)
            if found is not None:
                raise foreign(found, self.choice)
            return 0
        with module.context:
            return Retargeting(module, self.choice, state.numbers).run()
