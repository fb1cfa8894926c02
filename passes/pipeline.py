# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pipeline: what happens to a module between torch-mlir and iree-compile, top to bottom."""

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from torch_mlir import ir

from fanfold.errors import CompileError
from fanfold.float8 import ANY, Float8Choice
from fanfold.report import Decision, KernelRecord, PassRecord

from .absorb_elementwise import AbsorbElementwise
from .base import Pass, PassState
from .convert_float8 import ConvertFloat8
from .demote_f64 import DemoteF64
from .drop_dead_ops import DropDeadOps
from .finalize import Finalize
from .fold_duplicates import FoldDuplicates
from .fold_empty_views import FoldEmptyViews
from .fold_slices import FoldSlices
from .fold_views import FoldViews
from .form_rows import FormRows
from .keep_nans import KeepNans
from .keep_roundings import KeepRoundings
from .kernel.no_kernels import switched
from .kernel.vocabulary import Kernels
from .kernel_records import kernel_records
from .lower_rows_to_kernel import LowerRowsToKernel
from .lower_rows_to_linalg import LowerRowsToLinalg
from .lower_sines import LowerSines
from .lower_sorts import LowerSorts
from .raise_aten_rms_norm import RaiseAtenRMSNorm
from .raise_custom_ops import RaiseCustomOps
from .raise_spelled_quantize import RaiseSpelledQuantize
from .raise_spelled_rms_norm import RaiseSpelledRMSNorm
from .raise_spelled_silu_mul import RaiseSpelledSiluMul
from .report_gaps import ReportGaps
from .report_left_ops import ReportLeftOps
from .report_near_misses import ReportNearMisses
from .resolve_dims import ResolveDims
from .result_memory import results_are_apart
from .retarget_float8 import RetargetFloat8
from .return_float8_bytes import ReturnFloat8Bytes
from .return_scale_layouts import ReturnScaleLayouts
from .separate_results import SeparateResults
from .sink_views import SinkViews
from .split_tensor_scales import SplitTensorScales
from .widen_products import WidenProducts

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PipelineResult:
    """What a run of the pipeline did.

    Attributes:
        passes: The passes that ran, with their rewrite counts.
        decisions: What became of each row-wise op of the source model.
        kernels: The kernels in the module; empty for passes that ran by hand.
        result_layouts: The layouts of the results that the module returns as memory.
        byte_results: The results that the module returns as bytes.
        results_apart: Whether each result is memory of its own for sure; not asked for passes that ran by hand.
    """

    passes: list[PassRecord]
    decisions: list[Decision]
    kernels: list[KernelRecord] = field(default_factory=list)
    result_layouts: dict[int, str] = field(default_factory=dict)
    byte_results: frozenset[int] = frozenset()
    results_apart: bool = False


def standard_pipeline() -> list[Pass]:
    """Return the passes in the order in which they run."""
    return [
        # Claim what is row-wise before torch-mlir or IREE can lower it with other rounding.
        RaiseCustomOps(),
        RaiseAtenRMSNorm(),
        RaiseSpelledRMSNorm(),
        RaiseSpelledSiluMul(),
        # A model that computes a norm twice, for a scale and for the values, means one.
        FoldDuplicates(),
        RaiseSpelledQuantize(),
        # What they have not taken; nothing else has been at it yet.
        DropDeadOps(),
        # Every quantisation that is known is one op by now, with its bound and its scales.
        RetargetFloat8(),
        ReportNearMisses(),
        # In row form, views between row ops are the identity; then equal consumers are equal ops.
        FoldViews(),
        SinkViews(),
        FoldSlices(),
        DropDeadOps(),
        AbsorbElementwise(),
        FoldDuplicates(),
        # A kernel must not write a tensor that is asked for its size only.
        ResolveDims(),
        DropDeadOps(),
        SplitTensorScales(),
        FormRows(),
        # What is between two kernels still stands there.
        ReportGaps(),
        ReportLeftOps(),
        SeparateResults(),
        FoldEmptyViews(),
        # What is left is torch-mlir's and IREE's to lower, and they must not lose its NaNs and roundings.
        ConvertFloat8(),
        KeepNans(),
        KeepRoundings(),
        LowerSorts(),
        LowerSines(),
        # The target's generator takes what it can; linalg takes the rest, with the same numbers.
        LowerRowsToKernel(),
        LowerRowsToLinalg(),
        ReturnScaleLayouts(),
        # All results are there by now, in the types that the caller is told.
        ReturnFloat8Bytes(),
        Finalize(),
    ]


def with_float8(passes: Sequence[Pass], choice: Float8Choice) -> list[Pass]:
    """Return passes with a choice of fp8 types for the pass that keeps to it."""
    return [RetargetFloat8(choice) if isinstance(pass_, RetargetFloat8) else pass_ for pass_ in passes]


#: The passes that make up for features of `fanfold.features` that a target lacks; roundings of their casts are kept.
SUBSTITUTES: dict[str, Pass] = {"narrow products": WidenProducts(), "f64": DemoteF64()}


def without(passes: Sequence[Pass], lacks: Collection[str]) -> list[Pass]:
    """Return passes with those that make up for features that the target lacks."""
    added = [pass_ for name, pass_ in SUBSTITUTES.items() if name in lacks]
    return [p for pass_ in passes for p in ([*added, pass_] if isinstance(pass_, KeepRoundings) else [pass_])]


def run(
    module: ir.Module,
    kernels: Kernels,
    *,
    float8: Float8Choice = ANY,
    lacks: Collection[str] = (),
    numbers: Mapping[str, frozenset[float]] | None = None,
    dump_dir: Path | None = None,
) -> PipelineResult:
    """Rewrite `module` in place to what iree-compile takes.

    Args:
        module: A module in the `torch` dialect, from `fanfold.frontend`.
        kernels: Kernel vocabulary of the target; ``FANFOLD_KERNELS=off`` in the environment overrides it.
        float8: Which fp8 types the module may have, and what becomes of the others.
        lacks: The features of `fanfold.features` that the target does not have.
        numbers: The numbers in parameters that have few different ones, for a choice that converts.
        dump_dir: Folder that gets the IR after each pass, numbered and named.

    Raises:
        CompileError: If a pass fails, or an op is left that nothing can lower.
        TargetError: If the module has an fp8 type that it must not have, or one that cannot be converted.
    """
    passes = without(with_float8(standard_pipeline(), float8), lacks)
    result = run_passes(module, passes, PassState(switched(kernels), numbers=numbers or {}), dump_dir=dump_dir)
    made = kernel_records(module)
    missed = sum(d.missed for d in result.decisions)
    _log.debug("%d kernels for %d row-wise ops, %d fusions missed", len(made), len(result.decisions), missed)
    return replace(result, kernels=made, results_apart=results_are_apart(module))


def run_passes(
    module: ir.Module, passes: Sequence[Pass], state: PassState, *, dump_dir: Path | None = None
) -> PipelineResult:
    """Run `passes` in order, verifying the module after each that changed it, and at the end.

    Raises:
        CompileError: If a pass fails or leaves an invalid module.
    """
    records = []
    dump(module, dump_dir, 0, "input")
    for number, pass_ in enumerate(passes, start=1):
        started = time.perf_counter()
        try:
            count = pass_.run(module, state)
            # What has not changed is as valid as before; verifiers in Python cost as much as the passes themselves.
            if count or pass_ is passes[-1]:
                module.operation.verify()
        except ir.MLIRError as error:
            raise CompileError(
                f"pass {pass_.name} failed: {error}",
                stage="passes",
                op=pass_.name,
                remedy="set FANFOLD_DUMP=<folder> to keep the IR before each pass, and report it",
            ) from error
        records.append(PassRecord(pass_.name, count, time.perf_counter() - started))
        _log.debug("%s: %d rewrites in %.1f ms", pass_.name, count, records[-1].seconds * 1e3)
        dump(module, dump_dir, number, pass_.name)
    return PipelineResult(
        records,
        state.decisions,
        result_layouts=state.result_layouts,
        byte_results=frozenset(state.byte_results),
    )


def dump(module: ir.Module, folder: Path | None, number: int, name: str) -> None:
    """Write the IR to ``<folder>/<number>-<name>.mlir``, large constants elided."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    text = module.operation.get_asm(large_elements_limit=16, large_resource_limit=64)
    (folder / f"{number:02}-{name}.mlir").write_text(text)
