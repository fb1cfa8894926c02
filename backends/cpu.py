# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The CPU backend: which processors there are, what each must have, and the flags that compile for it."""

from __future__ import annotations

import functools
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from fanfold.errors import TargetError

if TYPE_CHECKING:
    from fanfold.passes.kernel.cpu import CpuKernels

DRIVER = "local-task"

#: Processors by other names.
ALIASES = {"native": "host", "zen2": "znver2", "zen3": "znver3", "zen4": "znver4", "zen5": "znver5"}

#: Runs on the caller's thread: for calls that are too small to share.
INLINE_DRIVER = "local-sync"

# Feature names are those of torch.cpu.get_capabilities(), which is how a machine is asked what it has.
_V2 = frozenset({"sse3", "ssse3", "sse4_1", "sse4_2", "popcnt"})
_V3 = _V2 | {"avx", "avx2", "bmi", "bmi2", "f16c", "fma3", "lzcnt"}
_V4 = _V3 | {"avx512_f", "avx512_bw", "avx512_cd", "avx512_dq", "avx512_vl"}
_CASCADE = _V4 | {"avx512_vnni"}
_ICE = _CASCADE | {"avx512_ifma", "avx512_vbmi", "avx512_vbmi2", "avx512_bitalg", "avx512_vpopcntdq"}
_ZEN4 = _ICE | {"avx512_bf16"}


@dataclass(frozen=True)
class Processor:
    """One processor that the compiler knows by name.

    Attributes:
        name: LLVM's name for it.
        features: What code compiled for it may use, in the words of ``torch.cpu.get_capabilities()``.
        evidence: ``run`` when the tests run its code on a machine that has the features, else ``compiled only``.
    """

    name: str
    features: frozenset[str]
    evidence: str = "run"


#: Every x86-64 processor with a name; a new one is one row.
PROCESSORS = {
    row.name: row
    for row in (
        Processor("generic", frozenset()),
        Processor("x86-64", frozenset()),
        Processor("x86-64-v2", _V2),
        Processor("x86-64-v3", _V3),
        Processor("x86-64-v4", _V4),
        Processor("haswell", _V3),
        Processor("skylake", _V3),
        Processor("skylake-avx512", _V4),
        Processor("cascadelake", _CASCADE),
        Processor("icelake-server", _ICE),
        Processor("sapphirerapids", _ZEN4 | {"avx512_fp16", "avx_vnni", "amx_tile"}, "compiled only"),
        Processor("graniterapids", _ZEN4 | {"avx512_fp16", "avx_vnni", "amx_tile", "amx_fp16"}, "compiled only"),
        Processor("znver2", _V3 | {"sse4a"}),
        Processor("znver3", _V3 | {"sse4a"}),
        Processor("znver4", _ZEN4 | {"sse4a"}),
        Processor("znver5", _ZEN4 | {"sse4a", "avx_vnni", "avx512_vp2intersect"}),
    )
}

_RELEVANT = frozenset().union(*(row.features for row in PROCESSORS.values()))


@functools.cache
def host_features() -> frozenset[str]:
    """Return what this machine's processor has of the features that compiled code may need."""
    import torch

    return frozenset(name for name, value in torch.cpu.get_capabilities().items() if value is True) & _RELEVANT


@functools.cache
def host_model() -> str:
    """Return what distinguishes this machine's processor from others of the same features, as far as Linux tells."""
    names = ("vendor_id", "cpu family", "model", "CPU implementer", "CPU variant", "CPU part")
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n\n")[0].splitlines()
    except OSError:
        return platform.processor()
    found = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return " ".join(found[name] for name in names if name in found)


def is_x86_host() -> bool:
    """Return whether this machine is an x86-64."""
    return platform.machine().lower() in {"x86_64", "amd64"}


def names() -> list[str]:
    """Return the arch names that can be compiled for on this machine, ``host`` first."""
    return ["host", *(PROCESSORS if is_x86_host() else ["generic"])]


@dataclass(frozen=True)
class CpuArch:
    """A processor to compile for: ``host`` (the one in this machine) or a row of :data:`PROCESSORS`."""

    name: str

    #: No processor has instructions for fp8.
    hardware_fp8: ClassVar[tuple[str, ...]] = ()
    lacks: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if self.name not in names():
            raise TargetError(
                f"there is no CPU {self.name!r} to compile for on this machine",
                stage="target",
                expected=f"one of {', '.join(names())}",
                found=self.name,
            )

    @property
    def features(self) -> frozenset[str]:
        """What code compiled for this processor may use."""
        return host_features() if self.name == "host" else PROCESSORS[self.name].features

    @property
    def vector_bits(self) -> int:
        """Width of a vector register in bits."""
        if "avx512_f" in self.features:
            return 512
        return 256 if "avx2" in self.features else 128

    @property
    def evidence(self) -> str:
        """``run``, ``compiled only`` or, for all but x86-64, which the project has no machines of, ``none``."""
        if not is_x86_host():
            return "none"
        return "run" if self.name == "host" else PROCESSORS[self.name].evidence

    def compiler_flags(self) -> tuple[str, ...]:
        """Return iree-compile's flags for this processor."""
        return (
            "--iree-hal-target-device=local",
            "--iree-hal-local-target-device-backends=llvm-cpu",
            f"--iree-llvmcpu-target-cpu={self.name}",
            # Matrix products in the register tiles of the processor, weights packed once at load: two to four times
            # faster, for a packed copy of the weights in memory.
            "--iree-opt-data-tiling",
        )

    def device_target(self) -> None:
        """The flags say it all."""

    def kernels(self) -> CpuKernels:
        """Return the vocabulary in which kernels for this processor are written."""
        # Imported here: it needs torch-mlir, which a machine that only runs models does not have.
        from fanfold.passes.kernel.cpu import CpuKernels

        is_x86 = is_x86_host()
        hardware_f16 = "f16c" in self.features or not is_x86
        return CpuKernels(vector_bits=self.vector_bits, is_x86=is_x86, hardware_f16=hardware_f16)


def missing_features(required: frozenset[str]) -> list[str]:
    """Return what ``required`` names and this machine's processor lacks, sorted."""
    return sorted(required - host_features())
