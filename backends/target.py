# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The one grammar of targets: ``cpu``, ``cpu:host``, ``cpu:znver4``.

A target is ``backend[:arch]``. The canonical spelling leaves out the default arch, so ``cpu:host`` prints as ``cpu``.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fanfold.errors import TargetError

from . import cpu

if TYPE_CHECKING:
    from fanfold.passes.kernel.cpu import CpuKernels

_DEFAULT_ARCH = {"cpu": "host"}
_BACKEND_ALIASES = {"llvm-cpu": "cpu", "local": "cpu", "host": "cpu"}
_ARCH_ALIASES = {"native": "host", "zen2": "znver2", "zen3": "znver3", "zen4": "znver4", "zen5": "znver5"}

# What every target needs. Without the first IREE truncates f64 literals to f32 instead of rounding them (1.7 becomes
# 1.69999993); without the second a bf16 constant of at most 256 bytes is inlined into a dispatch with the wrong type.
_COMMON_FLAGS = (
    "--iree-input-demote-f64-to-f32=false",
    "--iree-flow-inline-constants-max-byte-length=0",
)


@dataclass(frozen=True)
class Target:
    """What to compile for.

    Attributes:
        backend: The backend's name, for example ``cpu``.
        arch: The device within it.
    """

    backend: str
    arch: cpu.CpuArch

    def __str__(self) -> str:
        default = self.arch.name == _DEFAULT_ARCH[self.backend]
        return self.backend if default else f"{self.backend}:{self.arch.name}"

    @property
    def driver(self) -> str:
        """The IREE HAL driver that runs this target."""
        return cpu.DRIVER

    def compiler_flags(self) -> tuple[str, ...]:
        """Return iree-compile's flags for this target."""
        return (*self.arch.compiler_flags(), *_COMMON_FLAGS)

    def kernels(self) -> CpuKernels:
        """Return the target's kernel vocabulary (``passes.kernel.vocabulary``)."""
        return self.arch.kernels()

    def required_cpu_features(self) -> frozenset[str]:
        """Return the processor features that a machine must have to run code for this target."""
        return self.arch.features


@dataclass(frozen=True)
class Listing:
    """One line of ``fanfold targets``.

    Attributes:
        target: The canonical target.
        vector_bits: Width of a vector register in bits.
        missing: What this machine lacks to run it; empty when it can.
        evidence: What the project's tests did with its code: ``run``, ``compiled only`` or ``none``.
    """

    target: str
    vector_bits: int
    missing: tuple[str, ...]
    evidence: str


def parse_target(text: str) -> Target:
    """Parse a target such as ``cpu`` or ``cpu:znver4``; case and surrounding space do not matter.

    Raises:
        TargetError: If there is no such target; the message names those there are.
    """
    if not isinstance(text, str):
        raise TargetError("a target is a string", stage="target", expected="cpu or cpu:<name>", found=repr(text))
    head, colon, tail = text.strip().lower().partition(":")
    backend = _BACKEND_ALIASES.get(head, head)
    if backend not in _DEFAULT_ARCH:
        raise _unknown("target", text, list(_DEFAULT_ARCH), backend)
    name = _ARCH_ALIASES.get(tail, tail) if colon else _DEFAULT_ARCH[backend]
    if name not in cpu.names():
        raise _unknown("CPU", text, cpu.names(), name)
    return Target(backend, cpu.CpuArch(name))


def list_targets() -> list[Listing]:
    """Return every target that this installation compiles for, with what this machine lacks to run it."""
    listings = []
    for name in cpu.names():
        target = Target("cpu", cpu.CpuArch(name))
        missing = tuple(cpu.missing_features(target.required_cpu_features()))
        listings.append(Listing(str(target), target.arch.vector_bits, missing, target.arch.evidence))
    return listings


def driver_of(target: str) -> str:
    """Return the HAL driver for a canonical target, also for one that cannot be compiled for on this machine.

    Raises:
        TargetError: If there is no such backend.
    """
    backend = target.partition(":")[0]
    if backend not in _DEFAULT_ARCH:
        raise _unknown("target", target, list(_DEFAULT_ARCH), backend)
    return cpu.DRIVER


def inline_driver_of(target: str) -> str | None:
    """Return the HAL driver that runs small calls of a canonical target on the caller's thread, if there is one."""
    return cpu.INLINE_DRIVER if target.partition(":")[0] == "cpu" else None


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


def _unknown(kind: str, text: str, choices: list[str], wrong: str) -> TargetError:
    close = difflib.get_close_matches(wrong, choices, n=1)
    return TargetError(
        f"there is no {kind} {text!r}",
        stage="target",
        expected=f"one of {', '.join(choices)}",
        found=text,
        remedy=f"did you mean {close[0]!r}?" if close else "`fanfold targets` lists what there is",
    )
