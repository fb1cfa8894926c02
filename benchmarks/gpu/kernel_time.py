# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The time of a kernel alone, by IREE's own tool: many launches in one submission, on memory that stays where it is.

``iree-benchmark-executable`` comes with the runtime's wheel. It takes the kernel as it lies in the ``.vmfb``, and knows
nothing of fanfold: operands and results are given by their types, and the launch by its workgroups.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import tempfile
import zipfile
from pathlib import Path

from fanfold.report import KernelRecord

LAUNCHES = 64  # in one submission
SECONDS = 0.05

#: The driver's name and the executable's format, by the target's backend.
_FORMATS = {
    "cpu": ("local-task", "embedded-elf-x86_64"),
    "cuda": ("cuda", "cuda-nvptx-fb"),
    "rocm": ("hip", "rocm-hsaco-fb"),
}
#: What the tool calls the types of elements; all operands are filled with a number that no row is special for.
_ELEMENTS = {"bf16": "bf16", "f16": "f16", "f32": "f32", "i32": "i32"}
_FILL = "1.5"


class KernelTimeError(RuntimeError):
    """The tool is missing or fails; the message says why."""


def kernel_time(
    path: Path, kernel: KernelRecord, *, workgroups: tuple[int, int, int], tokens: int, target: str, device: str
) -> float:
    """Return the microseconds of a launch.

    Args:
        path: The ``.vmfb``, which holds this one kernel.
        kernel: What it reads and writes.
        workgroups: How many, in each dimension.
        tokens: Rows of the operands.
        target: What it was compiled for.
        device: Where to run it, as torch names it.

    Raises:
        KernelTimeError: If it cannot be measured.
    """
    driver, executable_format = _FORMATS[target.partition(":")[0]]
    command = [str(_tool()), f"--device={driver}", f"--executable_format={executable_format}"]
    if device != "cpu":
        command.append(f"--{driver}_default_index={device.partition(':')[2] or 0}")
    command += ["--entry_point=0", f"--constant={tokens}", f"--workgroup_count={','.join(map(str, workgroups))}"]
    command += [f"--binding={_shape(text, tokens)}={_FILL}" for text in kernel.operands]
    command += [f"--binding={_shape(text, tokens)}" for text in kernel.results]
    command += [f"--batch_size={LAUNCHES}", f"--benchmark_min_time={SECONDS}s", "--benchmark_format=json"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [*command, f"--executable_file={_executable(path, Path(folder))}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    if done.returncode:
        raise KernelTimeError(f"iree-benchmark-executable: {done.stderr.strip()[-300:]}")
    (found,) = json.loads(done.stdout[done.stdout.index("{") :])["benchmarks"]
    # An item is a launch.
    return 1e6 / float(found["items_per_second"])


def _tool() -> Path:
    spec = importlib.util.find_spec("iree._runtime_libs")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        tool = Path(folder) / "iree-benchmark-executable"
        if tool.is_file():
            # Unpacked from a wheel, it is a plain file.
            tool.chmod(0o755)
            return tool
    raise KernelTimeError("the installed iree-base-runtime has no iree-benchmark-executable")


def _executable(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path) as file:
        names = [name for name in file.namelist() if name != "module.fb" and not name.startswith("fanfold/")]
        if len(names) != 1:
            raise KernelTimeError(f"{len(names)} executables in {path.name}, expected one")
        return Path(file.extract(names[0], folder))


def _shape(text: str, tokens: int) -> str:
    """Return a type such as `f8E4M3FN[?, 256]` as the tool has it: `64x256xi8`."""
    element, _, dims = text.removesuffix("]").partition("[")
    sizes = [str(tokens) if dim == "?" else dim for dim in dims.split(", ") if dim]
    return "x".join([*sizes, _ELEMENTS.get(element, "i8")])
