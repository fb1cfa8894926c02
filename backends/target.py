# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The one grammar of targets: ``cpu``, ``cpu:znver4``, ``cuda:sm_90``, ``rocm:mi300x``.

A target is ``backend[:arch]``. The canonical spelling leaves out the default arch, so ``cpu:host`` prints as ``cpu``,
and names the arch of a product, so ``cuda:h200`` prints as ``cuda:sm_90``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from fanfold.errors import TargetError
from fanfold.float8 import Float8Choice

from . import cpu, cuda, rocm, vulkan, xpu
from .float8 import choose

if TYPE_CHECKING:
    from fanfold.passes.kernel.vocabulary import Kernels


class Arch(Protocol):
    """A device to compile for, as its backend describes it."""

    @property
    def name(self) -> str:
        """Its name within the backend."""
        ...

    @property
    def features(self) -> frozenset[str]:
        """The features of this machine's processor that compiled code needs."""
        ...

    @property
    def vector_bits(self) -> int:
        """Width of its vector registers, or the widest access of a thread, in bits."""
        ...

    @property
    def hardware_fp8(self) -> tuple[str, ...]:
        """The fp8 types that its instructions know, in MLIR's names; with none, integers make either flavour."""
        ...

    @property
    def evidence(self) -> str:
        """What the project's tests did with code for it: ``run``, ``run on a CPU``, ``compiled only`` or ``none``."""
        ...

    @property
    def lacks(self) -> tuple[str, ...]:
        """The features of `fanfold.features` that it does not have."""
        ...

    def compiler_flags(self) -> tuple[str, ...]:
        """Return iree-compile's flags for it."""
        ...

    def device_target(self) -> str | None:
        """Return the `#hal.device.target` that the module must have, if flags cannot say it."""
        ...

    def kernels(self) -> Kernels:
        """Return the vocabulary in which kernels for it are written."""
        ...


@dataclass(frozen=True)
class Backend:
    """A family of devices.

    Attributes:
        driver: The IREE HAL driver that runs its code.
        names: Returns the archs that can be compiled for here.
        arch: Makes one of them.
        aliases: Other names of archs.
        default: The arch of a target that names none, if there is one.
        inline_driver: The HAL driver that runs small calls on the caller's thread, if there is one.
        runs_images: Whether what runs there is a program image (`backends/image/`), since IREE has no driver for it.
    """

    driver: str
    names: Callable[[], list[str]]
    arch: Callable[[str], Arch]
    aliases: Mapping[str, str]
    default: str | None = None
    inline_driver: str | None = None
    runs_images: bool = False


BACKENDS: dict[str, Backend] = {
    "cpu": Backend(cpu.DRIVER, cpu.names, cpu.CpuArch, cpu.ALIASES, default="host", inline_driver=cpu.INLINE_DRIVER),
    "cuda": Backend(cuda.DRIVER, lambda: list(cuda.ARCHS), cuda.ARCHS.__getitem__, cuda.ALIASES),
    "rocm": Backend(rocm.DRIVER, lambda: list(rocm.ARCHS), rocm.ARCHS.__getitem__, rocm.ALIASES),
    "xpu": Backend(
        *(xpu.DRIVER, lambda: list(xpu.ARCHS), xpu.ARCHS.__getitem__, xpu.ALIASES),
        default=xpu.DEFAULT,
        runs_images=True,
    ),
    "vulkan": Backend(
        vulkan.DRIVER, lambda: list(vulkan.ARCHS), vulkan.ARCHS.__getitem__, vulkan.ALIASES, default=vulkan.DEFAULT
    ),
}
_BACKEND_ALIASES = {
    "llvm-cpu": "cpu",
    "local": "cpu",
    "host": "cpu",
    "nvidia": "cuda",
    "amd": "rocm",
    "hip": "rocm",
    "intel": "xpu",
    "level_zero": "xpu",
}

# What every target needs. Without the first a bf16 constant of at most 256 bytes is inlined into a dispatch with the
# wrong type. The second ends IREE's checks of its own work, not those of what it is given: after each of its passes it
# would walk the whole module, our kernels in it, which hardly any of them touches. That is a quarter to two fifths of
# its time.
_COMMON_FLAGS = (
    "--iree-flow-inline-constants-max-byte-length=0",
    "--verify=false",
)


@dataclass(frozen=True)
class Target:
    """What to compile for.

    Attributes:
        backend: The backend's name, for example ``cpu``.
        arch: The device within it.
    """

    backend: str
    arch: Arch

    def __str__(self) -> str:
        default = self.arch.name == BACKENDS[self.backend].default
        return self.backend if default else f"{self.backend}:{self.arch.name}"

    @property
    def driver(self) -> str:
        """The IREE HAL driver that runs this target."""
        return BACKENDS[self.backend].driver

    @property
    def runs_images(self) -> bool:
        """Whether what runs this target is a program image, not a module of IREE's."""
        return BACKENDS[self.backend].runs_images

    def compiler_flags(self) -> tuple[str, ...]:
        """Return iree-compile's flags for this target.

        Where it demotes f64, IREE truncates literals to f32 instead of rounding them (1.7 becomes 1.69999993): a pass
        has rounded them.
        """
        demotes = str("f64" in self.arch.lacks).lower()
        return (*self.arch.compiler_flags(), f"--iree-input-demote-f64-to-f32={demotes}", *_COMMON_FLAGS)

    def device_target(self) -> str | None:
        """Return the `#hal.device.target` that a module for this target must have, if the flags do not say it."""
        return self.arch.device_target()

    def kernels(self) -> Kernels:
        """Return the target's kernel vocabulary (``passes.kernel.vocabulary``)."""
        return self.arch.kernels()

    def float8(self, policy: str) -> Float8Choice:
        """Return which fp8 types a model for this target may have, by a policy of `fanfold.float8`.

        Raises:
            TargetError: If there is no such policy, or it asks for what the target does not have.
        """
        return choose(policy, str(self), self.arch.hardware_fp8)

    def required_cpu_features(self) -> frozenset[str]:
        """Return the processor features that a machine must have to run code for this target."""
        return self.arch.features


def parse_target(text: str) -> Target:
    """Parse a target such as ``cpu`` or ``cuda:sm_90``; case and surrounding space do not matter.

    Raises:
        TargetError: If there is no such target; the message names those there are.
    """
    if not isinstance(text, str):
        raise TargetError("a target is a string", stage="target", expected="cpu or cuda:<name>", found=repr(text))
    head, colon, tail = text.strip().lower().partition(":")
    backend = _BACKEND_ALIASES.get(head, head)
    if backend not in BACKENDS:
        raise _unknown("target", text, list(BACKENDS), backend)
    row = BACKENDS[backend]
    if not colon and row.default is None:
        raise TargetError(
            f"{text!r} does not say for which device",
            stage="target",
            expected=f"one of {', '.join(f'{backend}:{name}' for name in row.names())}",
            found=text,
        )
    name = row.aliases.get(tail, tail) if colon else row.default
    if name not in row.names():
        raise _unknown(_KINDS.get(backend, f"{backend} device"), text, [*row.names(), *row.aliases], tail)
    return Target(backend, row.arch(name))


#: What an arch of a backend is called.
_KINDS = {"cpu": "CPU"}


def driver_of(target: str) -> str:
    """Return the HAL driver for a canonical target, also for one that cannot be compiled for on this machine.

    Raises:
        TargetError: If there is no such backend.
    """
    return _backend_of(target).driver


def inline_driver_of(target: str) -> str | None:
    """Return the HAL driver that runs small calls of a canonical target on the caller's thread, if there is one.

    Raises:
        TargetError: If there is no such backend.
    """
    return _backend_of(target).inline_driver


def _backend_of(target: str) -> Backend:
    backend = target.partition(":")[0]
    if backend not in BACKENDS:
        raise _unknown("target", target, list(BACKENDS), backend)
    return BACKENDS[backend]


def _unknown(kind: str, text: str, choices: list[str], wrong: str) -> TargetError:
    close = difflib.get_close_matches(wrong, choices, n=1)
    return TargetError(
        f"there is no {kind} {text!r}",
        stage="target",
        expected=f"one of {', '.join(choices)}",
        found=text,
        remedy=f"did you mean {close[0]!r}?" if close else "`fanfold targets` lists what there is",
    )
