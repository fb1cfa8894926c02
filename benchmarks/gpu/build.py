# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles every program of a grid, fused and by IREE alone, into a folder."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from benchmarks.gpu.grid import Program
from benchmarks.gpu.models import PLAIN, Cluster, dynamic_shapes_of, fused, inputs_of
from benchmarks.kernels.launches import Launch, launches

#: The peers that are compiled ahead; the folders are called so.
PEERS = ("fanfold", "stock")


@dataclass(frozen=True)
class Job:
    """One compilation.

    Attributes:
        program: What.
        peer: By whom: one of `PEERS`.
        target: What for.
        folder: Where to.
    """

    program: Program
    peer: str
    target: str
    folder: Path

    @property
    def path(self) -> Path:
        """The file that is made."""
        return self.folder / "programs" / self.peer / f"{self.program.name}.vmfb"


def fp8_of(target: str) -> torch.dtype:
    """Return the fp8 dtype of a target: the one that its instructions know, or OCP's."""
    from fanfold.backends import rocm
    from fanfold.backends.target import parse_target

    arch = rocm.ARCHS.get(parse_target(target).arch.name)
    return torch.float8_e4m3fnuz if arch and "f8E4M3FNUZ" in arch.hardware_fp8 else torch.float8_e4m3fn


@dataclass(frozen=True)
class Built:
    """The end of a job.

    Attributes:
        job: Which.
        error: Why nothing was made; empty if something was.
        launch: How fanfold's kernel is launched.
    """

    job: Job
    error: str = ""
    launch: Launch | None = None


def build(programs: Iterable[Program], target: str, folder: Path, jobs: int) -> Iterator[Built]:
    """Compile all programs in processes of their own."""
    todo = [Job(program, peer, target, folder) for program in programs for peer in PEERS]
    for peer in PEERS:
        (folder / "programs" / peer).mkdir(parents=True, exist_ok=True)
    # Spawned, not forked: torch and MLIR have threads.
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(_compile, todo)
        pool.close()
        pool.join()


def _compile(job: Job) -> Built:
    from fanfold.errors import FanfoldError

    try:
        return Built(job, launch=_compile_fused(job)) if job.peer == "fanfold" else _compile_stock(job)
    except FanfoldError as error:
        return Built(job, str(error))


def _compile_fused(job: Job) -> Launch:
    """Compile as `fanfold.compile` does, and return what it does not: how the kernel is launched."""
    from fanfold.artifact import Artifact, write
    from fanfold.backends.iree_compiler import compile_module
    from fanfold.backends.target import parse_target
    from fanfold.lowering import lower, serialised

    target = parse_target(job.target)
    model = Cluster(job.program, fp8_of(job.target), fused())
    args, shapes = inputs_of(job.program, 4, "cpu"), dynamic_shapes_of(job.program)
    lowered = lower(model, args, None, target=target, dynamic_shapes=shapes, strict=True)
    imported = lowered.imported
    (launch,) = launches(imported.module).values()
    compiled = compile_module(serialised(imported.module, target), target)
    report = replace(lowered.report, dispatches=compiled.dispatches)
    write(job.path, Artifact(compiled.vmfb, imported.signature, report, target.required_cpu_features()))
    return launch


def _compile_stock(job: Job) -> Built:
    """Compile the plain spelling as IREE does on its own, at its highest optimisation level.

    The one thing that it gets of us is fp8 as integer arithmetic: IREE has no conversion for NVIDIA's GPUs at all. The
    file is like ours, so that both are called alike.
    """
    from fanfold.artifact import Artifact, write
    from fanfold.backends.iree_compiler import compile_module
    from fanfold.backends.target import Target, parse_target
    from fanfold.frontend import import_model
    from fanfold.lowering import serialised, set_device
    from fanfold.passes.base import PassState
    from fanfold.passes.convert_float8 import ConvertFloat8
    from fanfold.passes.finalize import Finalize
    from fanfold.passes.kernel.no_kernels import NoKernels
    from fanfold.passes.pipeline import run_passes
    from fanfold.report import Report

    class Optimised(Target):
        def compiler_flags(self) -> tuple[str, ...]:
            return (*super().compiler_flags(), "--iree-opt-level=O3")

    parsed = parse_target(job.target)
    target = Optimised(parsed.backend, parsed.arch)
    model = Cluster(job.program, fp8_of(job.target), PLAIN)
    args, shapes = inputs_of(job.program, 4, "cpu"), dynamic_shapes_of(job.program)
    imported = import_model(model, args, dynamic_shapes=shapes)
    set_device(imported.module, target)
    run_passes(imported.module, [ConvertFloat8(), Finalize()], PassState(NoKernels()))
    compiled = compile_module(serialised(imported.module, target), target)
    report = Report(target=str(parsed), dispatches=compiled.dispatches)
    write(job.path, Artifact(compiled.vmfb, imported.signature, report, target.required_cpu_features()))
    return Built(job)
