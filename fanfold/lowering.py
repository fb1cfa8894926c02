# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From a model to the module that iree-compile takes: what compiling and explaining have in common."""

from __future__ import annotations

import gc
import io
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import CompileError
from .features import warn_of_lacks
from .float8_weights import converted_weight, few_numbers
from .key import pipeline_key, tool_versions
from .report import Decision, Report

if TYPE_CHECKING:
    import torch
    from torch_mlir import ir

    from fanfold.backends.target import Target
    from fanfold.frontend import ImportedModel
    from fanfold.passes.pipeline import PipelineResult

#: So many missed fusions are listed in an error; the report has them all.
_LISTED = 10


@dataclass(frozen=True)
class Lowered:
    """A model after our passes.

    Attributes:
        imported: The model; its module is lowered in place.
        report: The account so far, without dispatches.
    """

    imported: ImportedModel
    report: Report


def lower(
    model: torch.nn.Module | torch.export.ExportedProgram,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None,
    *,
    target: Target,
    dynamic_shapes: Any,
    fp8: str = "exact",
    strict: bool = False,
    dump_dir: Path | None = None,
) -> Lowered:
    """Export and import a model and run the passes.

    The arguments are those of :func:`fanfold.compile`.

    Raises:
        ExportError: If the model does not export or import.
        CompileError: If a pass fails, or a fusion was missed and `strict` is set.
        TargetError: If the target lacks an fp8 type of the model, as `fp8` has it, or it cannot be converted.
    """
    from fanfold.frontend import import_model
    from fanfold.passes import pipeline

    choice = target.float8(fp8)
    with _without_collections():
        imported = import_model(model, args, kwargs, dynamic_shapes=dynamic_shapes)
        start = time.perf_counter()
        set_device(imported.module, target)
        numbers = few_numbers(imported.parameters) if choice.converts else {}
        result = pipeline.run(
            *(imported.module, target.kernels()),
            float8=choice,
            lacks=target.arch.lacks,
            numbers=numbers,
            dump_dir=dump_dir,
        )
        imported = replace(
            imported,
            signature=imported.signature.with_layouts(result.result_layouts)
            .with_memory(as_bytes=result.byte_results, apart=result.results_apart)
            .with_dtypes(choice.renamed),
            parameters={name: converted_weight(name, t, choice) for name, t in imported.parameters.items()},
        )
        seconds = time.perf_counter() - start
    warn_of_lacks(str(target), _missed_features(target, result), stacklevel=3)
    report = Report(
        target=str(target),
        dispatches=None,
        passes=tuple(result.passes),
        decisions=tuple(result.decisions),
        versions=tool_versions(),
        timings={**imported.timings, "passes": seconds},
        kernels=tuple(result.kernels),
        key=pipeline_key(target, fp8),
    )
    if strict and report.missed:
        raise _missed(report.missed, len(report.decisions))
    return Lowered(imported, report)


def _missed_features(target: Target, result: PipelineResult) -> set[str]:
    """Return the features that the target lacks and the model uses, as far as the passes saw."""
    rewrites = {record.name: record.rewrites for record in result.passes}
    types = [type_ for kernel in result.kernels for type_ in (*kernel.operands, *kernel.results)]
    used = {
        "fp8": any(type_.startswith("f8") for type_ in types),
        "narrow products": rewrites.get("widen-products", 0) > 0,
        "f64": rewrites.get("demote-f64", 0) > 0,
        "subgroups": bool(result.kernels),
    }
    return {name for name in target.arch.lacks if used[name]}


def set_device(module: ir.Module, target: Target) -> None:
    """Tell IREE in the module which device it is for, where flags cannot say it."""
    from torch_mlir import ir

    device = target.device_target()
    if device is not None:
        with module.context:
            module.operation.attributes["hal.device.targets"] = ir.ArrayAttr.get([ir.Attribute.parse(device)])


def serialised(module: ir.Module, target: Target) -> bytes:
    """Return the module as iree-compile is given it."""
    if target.backend == "cpu":
        bytecode = io.BytesIO()
        module.operation.write_bytecode(bytecode)
        return bytecode.getvalue()
    # The attribute of `gpu.thread_id` does not survive bytecode: it is written as text that its own parser refuses.
    return str(module).encode()


@contextmanager
def _without_collections() -> Iterator[None]:
    """Pause the collection of reference cycles, unless it is off already.

    Graphs and IR are many small objects that live until the end. Each thousand of them makes Python look for garbage
    in all that torch holds, in vain: that takes a quarter of the time of an export and half that of the passes.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _missed(missed: tuple[Decision, ...], ops: int) -> CompileError:
    lines = [f"{d.op} at {d.location}: {d.reason or 'it has no kernel'}" for d in missed]
    more = [f"and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else []
    listed = "".join(f"\n    {line}" for line in [*lines[:_LISTED], *more])
    return CompileError(
        f"{len(missed)} of {ops} row-wise ops missed a fusion, which `strict` forbids:{listed}",
        stage="passes",
        remedy="change the model as the reasons say, or compile without strict; `fanfold explain` shows every op",
    )
