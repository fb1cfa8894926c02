# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Convert the SPIR-V that IREE generates for Vulkan into that of OpenCL and Level Zero.

Before::

    spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], [SPV_KHR_storage_buffer_storage_class]> {
      spirv.GlobalVariable @x bind(0, 0) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>
      spirv.func @kernel() "None" { ... }
      spirv.EntryPoint "GLCompute" @kernel, @x
      spirv.ExecutionMode @kernel "LocalSize", 16, 1, 1
    }

After::

    spirv.module Physical64 OpenCL requires #spirv.vce<v1.2, [Addresses, Kernel, SubgroupDispatch], []> {
      spirv.func @kernel(%x: !spirv.ptr<f32, CrossWorkgroup>) "None" { ... }
      spirv.EntryPoint "Kernel" @kernel
      spirv.ExecutionMode @kernel "LocalSize", 16, 1, 1
      spirv.ExecutionMode @kernel "SubgroupSize", 16
      spirv.ExecutionMode @kernel "ContractionOff"
    }

It is no part of the pipeline: kernels exist when iree-compile has run. Each file in `spirv/` has one rule.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from .base import PassState
from .spirv.conversion import convert_module
from .walk import all_ops


@dataclass(frozen=True)
class ConvertSpirv:
    """The pass `convert-spirv`."""

    name: ClassVar[str] = "convert-spirv"
    subgroup: int = 16

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Convert every `spirv.module`; returns how many there are."""
        found = all_ops(module, "spirv.module")
        with module.context, ir.Location.unknown():
            for op in found:
                convert_module(op, self.subgroup, None, None)
        return len(found)
