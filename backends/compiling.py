# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From MLIR to what runs on a target: a module of IREE's, or a program image in one."""

from __future__ import annotations

import os

from .iree_compiler import CompiledModule, compile_module
from .target import Target


def compile_for_target(
    mlir: bytes, target: Target, *, workdir: str | os.PathLike[str] | None = None, timeout: float | None = None
) -> CompiledModule:
    """Compile a module, as MLIR text or bytecode, in the way of its target.

    The arguments and errors are those of :func:`.iree_compiler.compile_module` and :func:`.image.build.compile_image`.
    """
    if target.runs_images:
        # Imported here: other targets do without it.
        from .image.build import compile_image

        return compile_image(mlir, target, workdir=workdir, timeout=timeout)
    return compile_module(mlir, target, workdir=workdir, timeout=timeout)
