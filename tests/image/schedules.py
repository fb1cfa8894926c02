# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Hand-written modules and what IREE's schedule of them becomes."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from pathlib import Path

from fanfold.backends.image.build import SCHEDULE_FLAGS
from fanfold.backends.image.program import Function, Image, Kernel, Step
from fanfold.backends.image.schedule import Schedule, read_schedule
from fanfold.backends.iree_compiler import find_compiler
from fanfold.backends.target import parse_target

TARGET = parse_target("xpu")

#: The smallest thing that begins as SPIR-V does.
SPIRV = b"\x03\x02\x23\x07" + bytes(16)


def module(body: str, resources: str = "") -> str:
    """Return a module for the target with some functions in it, and resources behind it."""
    return f"module attributes {{hal.device.targets = [{TARGET.device_target()}]}} {{\n{body}\n}}\n{resources}"


@functools.cache
def lowered(body: str, resources: str = "") -> bytes:
    """Return IREE's schedule of a module, as text."""
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder) / "in.mlir", Path(folder) / "out.mlir"
        source.write_text(module(body, resources))
        flags = [*TARGET.compiler_flags(), *SCHEDULE_FLAGS]
        result = subprocess.run(
            [str(find_compiler()), str(source), *flags, "-o", str(output)], capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr
        return output.read_bytes()


@functools.cache
def schedule_of(body: str, resources: str = "") -> Schedule:
    """Return what IREE's schedule of a module becomes."""
    return read_schedule(lowered(body, resources))


def image_of(schedule: Schedule) -> Image:
    """Return an image of a schedule; its kernels have no code."""
    kernels = tuple(Kernel(0, k.name, (16, 1, 1), 16, (4,) * k.bindings, k.constants) for k in schedule.kernels)
    return Image("xpu", (SPIRV,), kernels, schedule.data, schedule.initializers, schedule.main)


def steps_named(function: Function, name: str) -> list[Step]:
    """Return the steps of a name."""
    return [step for step in function.steps if step.name == name]


def commands(function: Function) -> list[str]:
    """Return the names of the commands and barriers, in order."""
    return [step.name for step in function.steps if step.name in {"dispatch", "fill", "copy", "update", "barrier"}]
