# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From MLIR to a ``.vmfb`` for a device that IREE has no driver for.

One run of iree-compile gives the schedule, and beside it each kernel as a `spirv.module`; a second, short one packs the
image that is made of both.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fanfold.backends.gpu import GpuArch
from fanfold.backends.iree_compiler import CompiledModule, compile_input, find_compiler
from fanfold.backends.iree_process import working_folder
from fanfold.backends.target import Target
from fanfold.errors import CompileError, TargetError

from .codec import encode
from .host import compile_host
from .program import LARGEST, TOO_LARGE, Function, Image, Kernel
from .schedule import DIALECTS, Entry, Schedule, read_schedule

if TYPE_CHECKING:
    from torch_mlir import ir

#: What makes iree-compile write its schedule, with the places that ops are from. As text, since what is in the
#: resources of a constant does not survive its bytecode.
SCHEDULE_FLAGS = ("--compile-to=hal", "--mlir-print-debuginfo")

#: What reading a schedule and converting kernels import.
_LATER = ("fanfold.passes.spirv.conversion", "iree.compiler.ir", *(f"iree.compiler.dialects.{n}" for n in DIALECTS))

#: IREE names what it writes down of a module by the module's name, which is this if it has none.
_MODULE = "module"


def compile_image(
    mlir: bytes, target: Target, *, workdir: str | os.PathLike[str] | None = None, timeout: float | None = None
) -> CompiledModule:
    """Compile a module, as MLIR text or bytecode, to a host module with a program image.

    Args:
        mlir: The module; its device is one whose code IREE generates as SPIR-V.
        target: What to compile for.
        workdir: A folder that gets the compiler's input, log and kernels and keeps them. Without it they are kept only
            on an error, in a fresh temporary folder that the error names.
        timeout: Seconds after which a run of the compiler is ended; ``None`` waits for ever.

    Raises:
        CompileError: If the compiler fails, crashes or takes too long, its files cannot be written, or the program or
            one of its kernels has what this target cannot run.
        MissingDependencyError: If the compiler is not installed.
        TargetError: If the target's code is not SPIR-V.
    """
    binary = find_compiler()
    subgroup = _subgroup(target)
    with working_folder(workdir) as folder:
        schedule, kernels = folder / "schedule.mlir", folder / "kernels"
        shutil.rmtree(kernels, ignore_errors=True)
        flags = [*target.compiler_flags(), *SCHEDULE_FLAGS]
        options = [f"--iree-hal-dump-executable-intermediates-to={kernels}", "-o", str(schedule)]
        # Half a second of imports, while there is nothing to do but to wait for iree-compile.
        threading.Thread(target=_import_ahead, daemon=True).start()
        try:
            dispatches = compile_input(binary, mlir, flags, options, folder, timeout)
            read = read_schedule(schedule.read_bytes())
        finally:
            schedule.unlink(missing_ok=True)
        image = make_image(str(target), read, kernels, subgroup)
        vmfb = compile_host(binary, encode(image), image.main, folder, timeout)
        return CompiledModule(vmfb, dispatches)


def _import_ahead() -> None:
    # What cannot be imported is imported again where it is used, and says so there.
    with contextlib.suppress(ImportError):
        for name in _LATER:
            importlib.import_module(name)


def _subgroup(target: Target) -> int:
    if not isinstance(target.arch, GpuArch):
        raise TargetError(f"{target} is no GPU", stage="compile", expected="a target whose code is SPIR-V")
    return target.arch.subgroup


def make_image(target: str, schedule: Schedule, folder: Path, subgroup: int) -> Image:
    """Return the image of a schedule with its kernels, which are converted here.

    Args:
        target: The canonical target.
        schedule: The schedule.
        folder: Where iree-compile put a file for each kernel; the converted kernels are put there too.
        subgroup: Lanes of a subgroup that the kernels were made for.

    Raises:
        CompileError: If a kernel is not there or cannot be converted.
    """
    # Imported here: it needs torch-mlir.
    from fanfold.dialect.context import make_bare_context

    modules: dict[bytes, int] = {}
    context = make_bare_context()
    kernels = [_kernel(entry, folder, subgroup, context, modules) for entry in schedule.kernels]
    image = Image(target, tuple(modules), tuple(kernels), schedule.data, schedule.initializers, schedule.main)
    for function in (*image.initializers, image.main):
        _check_sizes(function, image.kernels)
    return image


def _check_sizes(function: Function, kernels: Sequence[Kernel]) -> None:
    """Refuse buffers that are too large for their kernels; sizes of dynamic dims are checked at the call."""
    known = {step.results[0]: step.attributes["value"] for step in function.steps if step.name == "integer"}
    for step in function.steps:
        if step.name != "dispatch":
            continue
        kernel = kernels[step.attributes["kernel"]]
        lengths = step.operands[3 + kernel.constants :][2::3]
        too_large = kernel.beyond([known.get(length) for length in lengths])
        if too_large is not None:
            raise CompileError(
                TOO_LARGE,
                stage="compile",
                op=kernel.name,
                expected=LARGEST,
                found=too_large,
                remedy="compile the model for smaller inputs, or for another target",
            )


def _kernel(entry: Entry, folder: Path, subgroup: int, context: ir.Context, modules: dict[bytes, int]) -> Kernel:
    from fanfold.passes.spirv.conversion import convert

    source = folder / f"{_MODULE}_{entry.executable}_{entry.name}.spirv.mlir"
    if not source.is_file():
        raise CompileError(
            f"IREE did not write the code of {entry.name}",
            stage="compile",
            expected=source.name,
            found=_listed([path.name for path in folder.glob("*.mlir")]),
            remedy="install a tested version: pip install 'fanfold[compiler]'",
        )
    converted = convert(
        source.read_text(encoding="utf-8"),
        subgroup,
        bindings=entry.bindings,
        constants=entry.constants,
        location=entry.executable,
        context=context,
    )
    source.with_suffix("").with_suffix(".spv").write_bytes(converted.binary)
    found = next((kernel for kernel in converted.kernels if kernel.name == entry.name), None)
    if found is None:
        raise CompileError(
            f"the code of {entry.name} has no such entry point",
            stage="compile",
            found=_listed([kernel.name for kernel in converted.kernels]),
            remedy="report this model",
        )
    number = modules.setdefault(converted.binary, len(modules))
    return Kernel(number, found.name, found.workgroup, found.subgroup, found.bindings, found.constants)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)[:5]) or "nothing"
