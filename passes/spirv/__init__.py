# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""SPIR-V as IREE generates it for Vulkan, rewritten for OpenCL and Level Zero.

Who builds a binary gives ``-cl-fp32-correctly-rounded-divide-sqrt`` to OpenCL and
``-ze-fp32-correctly-rounded-divide-sqrt`` to Level Zero: without it quotients and roots of f32 may be off by 2.5 and 3
units in the last place. Kernels are launched with the workgroup of their :class:`EntryPoint`, which need not be IREE's,
and without a global offset.

Each module has one rule and opens with the IR before and after it; :mod:`.conversion` has them in order. The pass
`convert-spirv` shows what they make of a file.
"""

from fanfold.dialect.context import make_bare_context

from .conversion import convert
from .converted import Converted, EntryPoint

__all__ = ["Converted", "EntryPoint", "convert", "make_bare_context"]
