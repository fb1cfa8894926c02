# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A module of the `spirv` dialect becomes words."""

from torch_mlir import ir
from torch_mlir.dialects import gpu
from torch_mlir.ir import MLIRError
from torch_mlir.passmanager import PassManager

from .refusals import rejection

# MLIR serialises what is within a `gpu.module` that has a target.
_SHELL = """
module attributes {gpu.container_module} {
  gpu.module @kernels [#spirv.target_env<#spirv.vce<v1.4, [Kernel], []>, api=OpenCL, #spirv.resource_limits<>>] {
  }
}
"""


def serialize(module: ir.Operation) -> bytes:
    """Return the binary of a `spirv.module`, which is moved out of where it was.

    Raises:
        CompileError: If MLIR does not serialise it.
    """
    shell = ir.Module.parse(_SHELL, module.context)
    container = shell.body.operations[0].operation
    module.detach_from_parent()
    container.regions[0].blocks[0].append(module)
    try:
        with module.context:
            PassManager.parse("builtin.module(gpu-module-to-binary{format=bin})").run(shell.operation)
    except MLIRError as error:
        raise rejection("MLIR does not serialise the module", error) from error
    (binary,) = shell.body.operations
    return bytes(gpu.ObjectAttr(binary.objects[0]).object)
