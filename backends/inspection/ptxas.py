# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""NVIDIA's assembler: whether it takes a kernel, and with how many registers."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from fanfold.errors import CompileError, MissingDependencyError

_REGISTERS = re.compile(r"Used (\d+) registers")
_FRAME = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")


@dataclass(frozen=True)
class Assembled:
    """What the assembler says of a kernel.

    Attributes:
        registers: Registers of a thread.
        stack_bytes: Memory of its own that a thread takes.
        spill_bytes: Bytes of registers that it writes there for want of registers, and reads back.
    """

    registers: int
    stack_bytes: int
    spill_bytes: int


def find_ptxas() -> Path:
    """Return the assembler of the PyPI package `nvidia-cuda-nvcc`, or else that on the path.

    Raises:
        MissingDependencyError: If there is none.
    """
    spec = importlib.util.find_spec("nvidia")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for found in sorted(Path(folder).glob("*/bin/ptxas")):
            return found
    on_path = shutil.which("ptxas")
    if on_path is None:
        raise MissingDependencyError(
            "there is no ptxas", stage="inspect", expected="NVIDIA's assembler", remedy="pip install 'fanfold[test]'"
        )
    return Path(on_path)


def assemble(ptx: Path, arch: str) -> dict[str, Assembled]:
    """Assemble a PTX file and return what is said of each of its kernels.

    Raises:
        CompileError: If the assembler refuses it.
        MissingDependencyError: If there is no assembler.
    """
    command = [str(find_ptxas()), f"-arch={arch}", "-v", str(ptx), "-o", os.devnull]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise CompileError(f"ptxas refuses the PTX for {arch}", stage="inspect", found=done.stderr.strip()[:2000])
    return read_log(done.stderr)


def read_log(log: str) -> dict[str, Assembled]:
    """Return what the assembler's log (`-v`) says of each kernel.

    Raises:
        CompileError: If it has a form that is not known here.
    """
    found: dict[str, Assembled] = {}
    for part in log.split("Compiling entry function '")[1:]:
        registers, frame = _REGISTERS.search(part), _FRAME.search(part)
        if registers is None or frame is None:
            found.clear()
            break
        stack, stored, loaded = map(int, frame.groups())
        found[part.partition("'")[0]] = Assembled(int(registers[1]), stack, stored + loaded)
    if not found:
        raise CompileError("the log of ptxas has a form that is not known here", stage="inspect", found=log[:500])
    return found
