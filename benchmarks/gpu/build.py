# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles every program of a grid, fused and by IREE alone, into a folder."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.gpu.grid import Program
from benchmarks.gpu.models import BATCH, PLAIN, Batch, Cluster, dynamic_shapes_of, fused, inputs_of

#: What is made of each program: ours, ours many times in one call, and IREE's own; the folders are called so.
FORMS = ("fanfold", "batch", "stock")


@dataclass(frozen=True)
class Job:
    """One compilation.

    Attributes:
        program: What.
        form: What it is made into: one of `FORMS`.
        target: What for.
        folder: Where to.
    """

    program: Program
    form: str
    target: str
    folder: Path

    @property
    def path(self) -> Path:
        """The file that is made."""
        return self.folder / "programs" / self.form / f"{self.program.name}.vmfb"


def fp8_of(target: str) -> torch.dtype:
    """Return the fp8 dtype of a target: the one that its instructions know, or OCP's."""
    from fanfold.backends import rocm
    from fanfold.backends.target import parse_target

    arch = rocm.ARCHS.get(parse_target(target).arch.name)
    return torch.float8_e4m3fnuz if arch and "f8E4M3FNUZ" in arch.hardware_fp8 else torch.float8_e4m3fn


def build(programs: Iterable[Program], target: str, folder: Path, jobs: int) -> Iterator[tuple[Job, str]]:
    """Compile all programs in processes of their own; yields each job with its error, or with an empty string."""
    todo = [Job(program, form, target, folder) for program in programs for form in FORMS]
    for form in FORMS:
        (folder / "programs" / form).mkdir(parents=True, exist_ok=True)
    # Spawned, not forked: torch and MLIR have threads.
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(_compile, todo)


def _compile(job: Job) -> tuple[Job, str]:
    from fanfold.errors import FanfoldError

    try:
        (_compile_stock if job.form == "stock" else _compile_fused)(job)
    except FanfoldError as error:
        return job, str(error)
    return job, ""


def _compile_fused(job: Job) -> None:
    import fanfold

    cluster = Cluster(job.program, fp8_of(job.target), fused())
    inputs, shapes = inputs_of(job.program, 4, "cpu"), dynamic_shapes_of(job.program)
    many = job.form == "batch"
    model: nn.Module = Batch(cluster) if many else cluster
    args: tuple[Any, ...] = tuple(tuple(x.clone() for x in inputs) for _ in range(BATCH)) if many else inputs
    # To torch.export, `*inputs` is one argument.
    dynamic = ((shapes,) * BATCH,) if many else (shapes,)
    fanfold.compile(model, args, target=job.target, dynamic_shapes=dynamic, strict=True).save(job.path)


def _compile_stock(job: Job) -> None:
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
    args, shapes = inputs_of(job.program, 4, "cpu"), (dynamic_shapes_of(job.program),)
    imported = import_model(model, args, dynamic_shapes=shapes)
    set_device(imported.module, target)
    run_passes(imported.module, [ConvertFloat8(), Finalize()], PassState(NoKernels()))
    compiled = compile_module(serialised(imported.module, target), target)
    report = Report(target=str(parsed), dispatches=compiled.dispatches)
    write(job.path, Artifact(compiled.vmfb, imported.signature, report, target.required_cpu_features()))
