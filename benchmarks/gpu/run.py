# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``python run.py`` in the benchmark's folder: the one command on the machine with the GPU.

Needs Python, PyTorch with the GPU's support, and this folder. The wheels in it are unpacked in it, not installed, so
nothing of the machine is changed.
"""

from __future__ import annotations

import importlib.util
import sys
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

#: Distributions that are taken from the folder whatever the machine has: the programs were compiled for them.
OURS = ("fanfold", "iree_base_runtime")
#: The others, which the machine may have.
OTHERS = ("numpy", "ml_dtypes", "safetensors")


def main() -> int:
    """Unpack what is missing and run the benchmark."""
    unpack(FOLDER / "wheels", FOLDER / f"site-{sys.implementation.cache_tag}")
    sys.path.insert(0, str(FOLDER))
    from benchmarks.gpu.remote import main as measure

    return measure(FOLDER)


def unpack(wheels: Path, site: Path) -> None:
    """Unpack the wheels that this Python needs and put them on its path; a folder without wheels changes nothing."""
    if not wheels.is_dir():
        return
    for name in (*OURS, *(name for name in OTHERS if importlib.util.find_spec(name) is None)):
        fitting = [path for path in wheels.glob("*.whl") if path.name.startswith(f"{name}-") and fits(path.name)]
        if not fitting:
            sys.exit(f"no wheel of {name} for Python {sys.version.split()[0]}: make the folder with --python for it")
        done = site / f".{fitting[0].name}"
        if not done.exists():
            with zipfile.ZipFile(fitting[0]) as wheel:
                wheel.extractall(site)
            done.touch()
    sys.path.insert(0, str(site))


def fits(wheel: str) -> bool:
    """Return whether this CPython can import what is in a wheel of this name."""
    python, abi = wheel.removesuffix(".whl").split("-")[2:4]
    major, minor = sys.version_info[:2]
    if abi == "abi3":
        return python.startswith("cp3") and int(python[3:]) <= minor
    return f"cp{major}{minor}" in python.split(".") or "py3" in python.split(".")


if __name__ == "__main__":
    sys.exit(main())
