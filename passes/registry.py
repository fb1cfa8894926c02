# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every pass by its command-line name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from fanfold.errors import FanfoldError
from fanfold.float8 import ANY, Float8Choice

from .absorb_elementwise import AbsorbElementwise
from .base import Pass
from .convert_float8 import ConvertFloat8
from .convert_spirv import ConvertSpirv
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
from .lower_rows_to_kernel import LowerRowsToKernel
from .lower_rows_to_linalg import LowerRowsToLinalg
from .lower_sines import LowerSines
from .lower_sorts import LowerSorts
from .pipeline import standard_pipeline, with_float8
from .raise_aten_rms_norm import RaiseAtenRMSNorm
from .raise_custom_ops import RaiseCustomOps
from .raise_spelled_quantize import RaiseSpelledQuantize
from .raise_spelled_rms_norm import RaiseSpelledRMSNorm
from .raise_spelled_silu_mul import RaiseSpelledSiluMul
from .report_gaps import ReportGaps
from .report_left_ops import ReportLeftOps
from .report_near_misses import ReportNearMisses
from .resolve_dims import ResolveDims
from .retarget_float8 import RetargetFloat8
from .return_float8_bytes import ReturnFloat8Bytes
from .return_scale_layouts import ReturnScaleLayouts
from .separate_results import SeparateResults
from .sink_views import SinkViews
from .split_tensor_scales import SplitTensorScales
from .widen_products import WidenProducts

#: Pass classes by name; a test holds that each pass file is here, under its own name.
PASSES: dict[str, type[Pass]] = {
    pass_class.name: pass_class
    for pass_class in (
        ConvertFloat8,
        ConvertSpirv,
        DropDeadOps,
        Finalize,
        FoldDuplicates,
        FoldEmptyViews,
        FoldViews,
        FormRows,
        KeepNans,
        KeepRoundings,
        LowerRowsToKernel,
        LowerRowsToLinalg,
        LowerSines,
        LowerSorts,
        RaiseAtenRMSNorm,
        RaiseCustomOps,
        RaiseSpelledRMSNorm,
        RaiseSpelledSiluMul,
        RaiseSpelledQuantize,
        ReportGaps,
        ReportLeftOps,
        ReportNearMisses,
        AbsorbElementwise,
        FoldSlices,
        RetargetFloat8,
        ReturnFloat8Bytes,
        ReturnScaleLayouts,
        SinkViews,
        SplitTensorScales,
        ResolveDims,
        SeparateResults,
        DemoteF64,
        WidenProducts,
    )
}

#: What ``standard`` stands for in a pipeline.
STANDARD = "standard"


def resolve_passes(names: Sequence[str], float8: Float8Choice = ANY) -> list[Pass]:
    """Return the passes of these names; ``standard`` is the whole standard pipeline.

    Args:
        names: The names.
        float8: Which fp8 types the module may have.

    Raises:
        FanfoldError: If there is no pass of one of the names. Nothing has run by then.
    """
    passes: list[Pass] = []
    for name in names:
        if name == STANDARD:
            passes += standard_pipeline()
        else:
            passes.append(find_pass(name)())
    return with_float8(passes, float8)


def find_pass(name: str) -> type[Pass]:
    """Return the pass class of this name.

    Raises:
        FanfoldError: If there is none; the message names those there are, and the closest one.
    """
    if name not in PASSES:
        close = difflib.get_close_matches(name, PASSES, n=1)
        raise FanfoldError(
            f"there is no pass {name!r}",
            stage="passes",
            expected=f"one of {', '.join(sorted(PASSES))}",
            found=name,
            remedy=f"did you mean {close[0]}?" if close else "see fanfold-opt --list-passes",
        )
    return PASSES[name]
