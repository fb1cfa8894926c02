# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Refuses code that a machine's processor or GPU cannot run."""

from __future__ import annotations

from fanfold.errors import TargetError

from . import cpu
from .device import open_device
from .placement import Placement


def check_runnable(target: str, required: frozenset[str]) -> None:
    """Refuse code that this machine's processor cannot run: it would end the process with an illegal instruction.

    Args:
        target: The target that the code was compiled for, for the message.
        required: The processor features it needs.

    Raises:
        TargetError: If this machine lacks one of them.
    """
    missing = cpu.missing_features(required)
    if missing:
        raise TargetError(
            f"this machine's processor cannot run code compiled for {target!r}",
            stage="load",
            expected=f"a processor with {', '.join(sorted(required))}",
            found=f"a processor without {', '.join(missing)}",
            remedy="compile for this machine with target='cpu', or for any x86-64 with target='cpu:generic'",
        )


def check_device(target: str, placement: Placement) -> None:
    """Refuse code for another GPU than the one that is there.

    Args:
        target: The target that the code was compiled for.
        placement: The device.

    Raises:
        TargetError: If it cannot run the code, or there is no such device.
    """
    if not placement.driver.is_gpu or placement.driver.runs_images:
        # Each kernel of an image says what it needs, which is compared with the device when the image is loaded.
        return
    device = open_device(placement).info
    if not placement.driver.runs(target.partition(":")[2], device.arch):
        raise TargetError(
            f"{placement} cannot run code compiled for {target!r}",
            stage="load",
            expected=f"a device that runs {target}",
            found=f"{device.name}, {device.arch}",
            remedy=f"compile for {target.partition(':')[0]}:{device.arch}; `fanfold targets` lists the devices",
        )
