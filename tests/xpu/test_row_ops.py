# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels for XPU, run, against the eager oracle: each row op in every form, with every dtype and width."""

from __future__ import annotations

import functools

import pytest
import torch

from fanfold.backends.compiling import compile_for_target
from fanfold.backends.runtime import LoadedModule
from fanfold.backends.target import parse_target
from fanfold.dialect.context import parse_module
from fanfold.lowering import serialised, set_device
from fanfold.passes.base import PassState
from fanfold.passes.finalize import Finalize
from fanfold.passes.form_rows import FormRows
from fanfold.passes.lower_rows_to_kernel import LowerRowsToKernel
from fanfold.passes.lower_rows_to_linalg import LowerRowsToLinalg
from fanfold.passes.pipeline import run_passes
from passes.row_modules import DTYPES, ELEMENT, SOURCES, Inputs, Source, assert_eager, special_rows
from xpu.ways import OPENCL, WAYS, Way, require

WIDTHS = [1, 37, 1536]

#: Every source with every width and with every dtype; a module takes seconds to compile.
#: Both drivers have the same compiler here: Level Zero's takes one width of each.
CASES = [
    pytest.param(source, dtype, width, way, id=f"{source}-{ELEMENT[dtype]}-{width}-{way}")
    for way in WAYS
    for i, source in enumerate(SOURCES)
    for j, width in enumerate(WIDTHS)
    for k, dtype in enumerate(DTYPES)
    if (i + j + k) % len(DTYPES) == 0 and (way is OPENCL or width == 37)
]


@functools.cache
def compiled(source: str, dtype: torch.dtype, width: int, target: str) -> tuple[bytes, Source]:
    """Compile a module of `SOURCES`, every region of it by a kernel of ours."""
    written, parsed = SOURCES[source](dtype, width), parse_target(target)
    module = parse_module(written.text())
    set_device(module, parsed)
    state = PassState(parsed.kernels())
    # What linalg gets are the slices of rows that no op reads.
    run_passes(module, [FormRows(), LowerRowsToKernel(), LowerRowsToLinalg(), Finalize()], state)
    assert all(decision.kernel for decision in state.decisions)
    return compile_for_target(serialised(module, parsed), parsed).vmfb, written


@functools.cache
def loaded(source: str, dtype: torch.dtype, width: int, way: Way) -> tuple[LoadedModule, Source]:
    vmfb, written = compiled(source, dtype, width, way.target)
    name = str(dtype).removeprefix("torch.")
    outputs = [str(result[2]).removeprefix("torch.") for result in written.results]
    return LoadedModule(vmfb, way.driver, [name] * 4 + ["float32"] * 2, outputs, {}), written


@pytest.mark.parametrize(("source", "dtype", "width", "way"), CASES)
def test_numbers_are_eagers(source: str, dtype: torch.dtype, width: int, way: Way) -> None:
    require(way)
    module, written = loaded(source, dtype, width, way)
    for rows in (3, 0, 1, 9):
        inputs = Inputs.around(torch.randn(rows, width).to(dtype))
        assert_eager(module.call(inputs.all()), written, inputs)
    tiny = torch.randn(5, width).to(dtype) * torch.finfo(dtype).tiny
    for inputs in (Inputs.around(special_rows(width, dtype)), Inputs.around(tiny)):
        assert_eager(module.call(inputs.all()), written, inputs, exact_only=True)
