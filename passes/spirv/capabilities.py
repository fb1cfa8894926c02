# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The version, capabilities and extensions that a module needs, deduced from its ops.

Before::

    spirv.module Physical64 OpenCL requires #spirv.vce<v1.3, [Shader, Int64, GroupNonUniformArithmetic, Matrix], [...]>

After, where it reduces f32 over a subgroup::

    spirv.module Physical64 OpenCL requires #spirv.vce<v1.3, [Kernel, Addresses, Int64, GroupNonUniform,
        GroupNonUniformArithmetic, SubgroupDispatch], []>
"""

import re

from torch_mlir import ir
from torch_mlir.ir import MLIRError
from torch_mlir.passmanager import PassManager

from fanfold.errors import CompileError

from .refusals import STAGE, rejection

#: What Intel's drivers take; a module that needs more is refused.
SUPPORTED = (
    "Addresses",
    "DotProduct",
    "DotProductInput4x8Bit",
    "DotProductInput4x8BitPacked",
    "DotProductInputAll",
    "Float16",
    "Float64",
    "GroupNonUniform",
    "GroupNonUniformArithmetic",
    "GroupNonUniformBallot",
    "GroupNonUniformClustered",
    "GroupNonUniformShuffle",
    "GroupNonUniformShuffleRelative",
    "GroupNonUniformVote",
    "Int16",
    "Int64",
    "Int64Atomics",
    "Int8",
    "Kernel",
    "SubgroupDispatch",
    "Vector16",
)
#: The highest version that OpenCL's validation rules are written for, where a module needs no newer one.
_PLAIN = "v1.2"
_TRIPLE = re.compile(r"#spirv\.vce<(v[\d.]+), \[(.*?)\], \[(.*?)\]>")


def deduce_capabilities(module: ir.Operation) -> None:
    """Have MLIR deduce what a module needs, within what is supported.

    Raises:
        CompileError: If an op needs something else; the message names the op.
    """
    module.attributes["spirv.target_env"] = ir.Attribute.parse(
        f"#spirv.target_env<#spirv.vce<v1.4, [{', '.join(SUPPORTED)}], [SPV_KHR_integer_dot_product]>, "
        "api=OpenCL, #spirv.resource_limits<>>"
    )
    try:
        PassManager.parse("spirv.module(spirv-update-vce)").run(module)
    except MLIRError as error:
        raise rejection("the module needs a capability that the target has not", error) from error
    del module.attributes["spirv.target_env"]
    found = _TRIPLE.fullmatch(str(module.attributes["vce_triple"]))
    if found is None:
        raise CompileError("no capabilities were deduced", stage=STAGE, found=str(module.attributes["vce_triple"]))
    version, capabilities, extensions = found[1], found[2].split(", "), found[3]
    # SubgroupDispatch implies it; said aloud, it asks for queues on the device, which drivers may lack.
    kept = sorted(set(capabilities) & set(SUPPORTED) | {"Addresses", "Kernel"})
    version = max(version, _PLAIN)
    module.attributes["vce_triple"] = ir.Attribute.parse(f"#spirv.vce<{version}, [{', '.join(kept)}], [{extensions}]>")
