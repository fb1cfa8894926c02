# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""SPIR-V as IREE generates it for Vulkan, rewritten for OpenCL and Level Zero."""

from fanfold.dialect.context import make_bare_context

from .conversion import convert
from .converted import Converted, EntryPoint

__all__ = ["Converted", "EntryPoint", "convert", "make_bare_context"]
