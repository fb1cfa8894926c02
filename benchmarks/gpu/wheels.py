# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The wheels that a machine needs which has Python and PyTorch and reaches no registry."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: What fanfold needs besides torch, with what that needs. The last five serve its command line alone.
PACKAGES = (
    "iree-base-runtime",
    "ml_dtypes",
    "numpy",
    "safetensors",
    "click",
    "rich",
    "pygments",
    "markdown-it-py",
    "mdurl",
)


class WheelError(RuntimeError):
    """A wheel cannot be built or had; the message is the tool's."""


def collect(folder: Path, pythons: tuple[str, ...]) -> None:
    """Put wheels into `folder`: fanfold's own, built from this checkout, and the versions installed here of the rest.

    Args:
        folder: Where to.
        pythons: Versions of Python on x86-64 Linux, such as ``3.12``.

    Raises:
        WheelError: If one is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        # Not in the checkout's build/, where files of older sources lie.
        stages = ["build", "--build-base", scratch, "egg_info", "--egg-base", scratch, "bdist_wheel"]
        _run(
            [
                sys.executable,
                "setup.py",
                "--quiet",
                *stages,
                "--dist-dir",
                str(folder),
                "--bdist-dir",
                f"{scratch}/wheel",
            ]
        )
    pinned = [f"{name}=={version(name)}" for name in PACKAGES]
    for python in pythons:
        # The newest platforms first: pip takes what any of them allows.
        platforms = [f"--platform=manylinux{tag}_x86_64" for tag in ("_2_28", "_2_27", "_2_17", "2014")]
        where = ["--only-binary=:all:", f"--python-version={python}", *platforms]
        _run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"--dest={folder}", *where, *pinned])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WheelError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
