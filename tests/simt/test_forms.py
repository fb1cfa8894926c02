# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The forms of a GPU kernel for wide rows, against eager: streamed, and split over workgroups."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from fanfold import ops
from fanfold.backends import cuda
from fanfold.passes.kernel.gpu.schedule import SMALL_WORKGROUP
from passes.row_modules import BF16, DTYPES, F8, F32, Inputs, Source, assert_eager, norm_attributes, special_rows
from simt.region import Program

#: Few threads, so that rows of some thousand columns are too wide for their registers.
SMALL = replace(cuda.ARCHS["sm_90"].device(), max_threads=64)


def norm_and_quantize(dtype: torch.dtype, width: int) -> Source:
    """Return a norm, its quantisations of every granularity, and an absmax over the row."""
    s = Source(dtype, width)
    weighted = norm_attributes(width, dtype, weight=True)

    def norm(a: Inputs) -> torch.Tensor:
        return ops.rms_norm(a.x, a.w, 1e-6)

    y = s.add("rms_norm", "%x, %w", weighted, f"{s.row}, {s.vector}", [(s.row, dtype)], norm, exact=False)
    s.quantize(y, F8, "token", lambda a: ops.token_quant(norm(a)), form="reciprocal", scale_floor=1 / (448 * 512.0))
    if width % 64 == 0:
        s.quantize(y, F8, "group", lambda a: ops.group_quant(norm(a), 64), group=64, absmax_floor=1e-10, exact=False)
    s.results = [(*result[:3], False) for result in s.results]
    return s


def quantize_alone(dtype: torch.dtype, width: int) -> Source:
    """Return what needs no number of a whole row: groups, a static scale, a sum and SiLU·mul."""
    s = Source(dtype, width)
    group = 128 if width % 128 == 0 else 8
    s.quantize("%x", F8, "group", lambda a: ops.group_quant(a.x, group), group=group, absmax_floor=1e-10)
    packed = {"scale_format": "ue8m0_packed", "scale_layout": "column_padded"}
    s.quantize(
        "%x", F8, "group", lambda a: ops.group_quant(a.x, group, **packed), group=group, absmax_floor=1e-10, **packed
    )
    s.quantize("%x", F8, "tensor", lambda a: ops.static_quant(a.x, a.scale), form="reciprocal")
    total = [(s.tensor(width, F32), F32)]
    s.add("residual_add", "%x, %r", "", f"{s.row}, {s.row}", total, lambda a: a.x.float() + a.r.float())
    halves = [s.write("columns", "%g", f"offset = {i} : i64", s.tensor(2 * width), [s.row])[0] for i in (0, width)]
    activation = "activation_type = bf16, limit = 0x7FF0000000000000 : f64".replace("bf16", s.row.split("x")[-1][:-1])
    row = [(s.row, dtype)]
    pair = f"{s.row}, {s.row}"
    s.add("silu_mul", ", ".join(halves), activation, pair, row, lambda a: ops.silu_and_mul(a.pair), exact=False)
    return s


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("width", [4160, 5120, 4104])
def test_streamed_rows_are_eagers(width: int, dtype: torch.dtype) -> None:
    written = norm_and_quantize(dtype, width)
    made = Program(written.text(), SMALL)
    (kernel,) = made.kernels
    assert kernel.schedule.is_streamed(width)
    for inputs in (Inputs.around(torch.randn(3, width).to(dtype)), Inputs.around(special_rows(width, dtype))):
        assert_eager(made.call(inputs.all()), written, inputs)


def test_a_streamed_row_of_odd_groups_is_refused_with_the_reason() -> None:
    written = Source(BF16, 4800)
    written.quantize("%x", F8, "group", lambda a: ops.group_quant(a.x, 96), group=96, absmax_floor=1e-10)
    written.quantize("%x", F8, "token", lambda a: ops.token_quant(a.x), form="reciprocal")
    with pytest.raises(NotImplementedError, match=r"4800 columns does not fit .* a group of 96 is not"):
        Program(written.text(), SMALL)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("width", [2048, 4096, 7168, 2056])
def test_rows_without_a_number_of_their_own_are_split(width: int, dtype: torch.dtype) -> None:
    written = quantize_alone(dtype, width)
    device = cuda.ARCHS["sm_90"].device()
    made = Program(written.text(), device)
    for kernel in made.kernels:
        in_one = SMALL_WORKGROUP * kernel.schedule.vector
        assert (kernel.schedule.parts > 1) == (width > in_one), kernel.schedule
    for rows in (5, 0, 1):
        inputs = Inputs.around(torch.randn(rows, width).to(dtype))
        assert_eager(made.call(inputs.all()), written, inputs)
    inputs = Inputs.around(special_rows(width, dtype))
    assert_eager(made.call(inputs.all()), written, inputs, exact_only=True)


def test_a_split_row_reads_and_writes_each_byte_once() -> None:
    width, rows = 16384, 2
    written = Source(BF16, width)
    written.quantize("%x", F8, "group", lambda a: ops.group_quant(a.x, 128), group=128, absmax_floor=1e-10)
    made = Program(written.text(), cuda.ARCHS["sm_90"].device())
    (kernel,) = made.kernels
    assert kernel.schedule.parts == 8
    made.call(Inputs.around(torch.randn(rows, width).to(BF16)).all())
    (counters,) = made.counters
    assert counters.loaded == rows * width * 2
    assert counters.stored == rows * (width + width // 128 * 4)
    assert counters.barriers == 0
