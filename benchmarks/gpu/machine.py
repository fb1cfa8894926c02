# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a reader must know of the machine to judge the numbers.

`benchmarks/results.py` has it of a processor. This stands alone: only `benchmarks/gpu/` is on the machine with the GPU.
"""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import torch

PACKAGES = ("iree-base-runtime", "triton", "numpy")


def describe(device: str) -> dict[str, str]:
    """Return date, device, driver and versions."""
    found = {"date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), "device": device}
    if device != "cpu":
        properties = torch.cuda.get_device_properties(device)
        found["device"] = f"{properties.name}, {properties.multi_processor_count} multiprocessors"
        found["memory"] = f"{properties.total_memory / 2**30:.0f} GiB"
        found["driver"] = _driver()
        found["runtime"] = f"CUDA {torch.version.cuda}" if torch.version.cuda else f"HIP {torch.version.hip}"
    found |= {"system": f"{platform.system()} {platform.machine()}", "python": platform.python_version()}
    found["torch"] = torch.__version__
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed as a package"
    return found


def _driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version,clocks.max.sm,power.limit", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        return f"not known: {type(error).__name__}"
    return done.stdout.strip().splitlines()[0] + " (driver, highest clock, power limit)"
