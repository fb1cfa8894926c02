# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is compared: each peer makes a call of a program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import fanfold
from benchmarks.gpu.clock import Call
from benchmarks.gpu.grid import Program
from benchmarks.gpu.kernel_time import kernel_time
from benchmarks.gpu.models import PLAIN, Cluster
from fanfold import artifact

#: The peers in the order of the table; each call is checked against the first one's.
PEERS = ("eager", "fanfold", "stock", "torch.compile")


class Peers:
    """Makes the calls of every peer.

    Args:
        folder: The benchmark's folder.
        manifest: What is in it.
        device: Such as ``cuda:0``.
        dynamic: Whether `torch.compile` makes one program for all numbers of tokens, or one for each.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any], device: str, *, dynamic: bool) -> None:
        self._folder = folder
        self._device = device
        self._fp8: torch.dtype = getattr(torch, manifest["fp8"])
        self._target: str = manifest["target"]
        self._launches: dict[str, list[int]] = manifest["launches"]
        self._dynamic = dynamic

    def make(self, peer: str, program: Program) -> tuple[Call, int | None]:
        """Return the call of a program, and its dispatches where the compiler counted them."""
        if peer in {"fanfold", "stock"}:
            return self._load(self._path(peer, program))
        plain = Cluster(program, self._fp8, PLAIN)
        if peer == "eager":
            return plain, None
        torch._dynamo.reset()  # no other program's guards are checked at call time
        compiled: Call = torch.compile(plain, dynamic=self._dynamic, fullgraph=True)
        return compiled, None

    def kernel_time(self, program: Program, tokens: int) -> float:
        """Return the microseconds of fanfold's kernel alone.

        Raises:
            KernelTimeError: If it cannot be measured.
        """
        path = self._path("fanfold", program)
        (kernel,) = artifact.read(path).report.kernels
        rows, parts = self._launches[program.name]
        workgroups = (-(-tokens // rows), parts, 1)
        return kernel_time(path, kernel, workgroups=workgroups, tokens=tokens, target=self._target, device=self._device)

    def _path(self, peer: str, program: Program) -> Path:
        return self._folder / "programs" / peer / f"{program.name}.vmfb"

    def _load(self, path: Path) -> tuple[Call, int | None]:
        # A torch.device, whose `cuda` is AMD's too where torch is built for that.
        options: dict[str, Any] = {} if self._device == "cpu" else {"device": torch.device(self._device)}
        executable = fanfold.load(path, **options)
        return executable, executable.report.dispatches


def make_copy(size: int, device: str) -> tuple[Callable[[Tensor], object], Tensor]:
    """Return a copy that loads and stores `size` bytes in all, and what it copies."""
    source = torch.zeros(max(size // 2, 1), dtype=torch.uint8, device=device)
    target = torch.ones_like(source)
    return target.copy_, source
