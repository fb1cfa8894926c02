# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""GPU kernels against the eager oracle, run on a GPU made of NumPy: for each row op, width, dtype and subgroup."""

from __future__ import annotations

import functools

import pytest
import torch

from fanfold.backends import cuda, rocm, vulkan, xpu
from passes.row_modules import BF16, DTYPES, ELEMENT, SOURCES, Inputs, Source, assert_eager, special_rows
from simt.region import Program

WIDTHS = [1, 2, 37, 64, 100, 256, 1536, 2056]
#: The lanes of a subgroup on NVIDIA's devices, AMD's and Intel's; none of a Vulkan device of which nothing is known.
SUBGROUPS = [32, 64, 16, 0]

#: Every source with every width, and each of these with every dtype and subgroup.
CASES = [
    (source, width, dtype, subgroup)
    for i, source in enumerate(SOURCES)
    for j, width in enumerate(WIDTHS)
    for k, dtype in enumerate(DTYPES)
    for n, subgroup in enumerate(SUBGROUPS)
    if (i + j + k) % len(DTYPES) == 0 and (i + j + n) % len(SUBGROUPS) == 0
]


#: With instructions of its own, and without any.
DEVICES = {
    32: cuda.ARCHS["sm_90"].device(),
    64: rocm.ARCHS["gfx942"].device(),
    16: xpu.ARCHS["bmg"].device(),
    0: vulkan.ARCHS["generic"].device(),
}


@functools.cache
def program(source: str, dtype: torch.dtype, width: int, subgroup: int) -> tuple[Program, Source]:
    written = SOURCES[source](dtype, width)
    return Program(written.text(), DEVICES[subgroup]), written


@pytest.mark.parametrize(("source", "width", "dtype", "subgroup"), CASES)
def test_numbers_are_eagers(source: str, width: int, dtype: torch.dtype, subgroup: int) -> None:
    made, written = program(source, dtype, width, subgroup)
    for rows in (3, 0, 1, 9):
        inputs = Inputs.around(torch.randn(rows, width).to(dtype))
        assert_eager(made.call(inputs.all()), written, inputs)


@pytest.mark.parametrize("subgroup", SUBGROUPS)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: ELEMENT[d])
@pytest.mark.parametrize("width", [37, 256])
@pytest.mark.parametrize("source", SOURCES)
def test_specials_are_eagers(source: str, width: int, dtype: torch.dtype, subgroup: int) -> None:
    made, written = program(source, dtype, width, subgroup)
    inputs = Inputs.around(special_rows(width, dtype))
    assert_eager(made.call(inputs.all()), written, inputs, exact_only=True)


@pytest.mark.parametrize("source", SOURCES)
def test_denormals_are_kept(source: str) -> None:
    made, written = program(source, BF16, 256, 32)
    inputs = Inputs.around(torch.randn(5, 256).bfloat16() * torch.finfo(BF16).tiny)
    assert_eager(made.call(inputs.all()), written, inputs, exact_only=True)


@pytest.mark.parametrize("width", [64, 1536])
def test_a_row_has_the_same_bits_alone_and_among_others(width: int) -> None:
    made, _ = program("custom ops", BF16, width, 32)
    inputs = Inputs.around(torch.randn(257, width).bfloat16())
    together = made.call(inputs.all())
    for row in (0, 100, 256):
        alone = Inputs(*(t[row : row + 1] if t.dim() == 2 else t for t in inputs.all()))
        for one, all_ in zip(made.call(alone.all()), together, strict=True):
            assert torch.equal(one.view(torch.int8), all_[row : row + 1].contiguous().view(torch.int8))


NORM_AND_QUANTIZE = """
func.func @main(%x: tensor<?xWxbf16>, %w: tensor<Wxbf16>) -> (tensor<?xWxf8E4M3FN>, tensor<?xSxf32>) {
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = W : i64,
    weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?xWxbf16>, tensor<Wxbf16>) -> tensor<?xWxbf16>
  %q, %s = "fanfold.quantize"(%y) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64,
    absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32,
    scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>,
    resultSegmentSizes = array<i32: 1, 1>} : (tensor<?xWxbf16>) -> (tensor<?xWxf8E4M3FN>, tensor<?xSxf32>)
  return %q, %s : tensor<?xWxf8E4M3FN>, tensor<?xSxf32>
}
"""


@pytest.mark.parametrize("subgroup", SUBGROUPS)
@pytest.mark.parametrize("width", [1536, 2048, 4096, 7168, 8192, 16384])
def test_bytes_are_the_fewest(width: int, subgroup: int) -> None:
    """Each row is read once and written once; one barrier; 16 bytes a load."""
    text = NORM_AND_QUANTIZE.replace("Wx", f"{width}x").replace("xWx", f"x{width}x").replace("xSx", f"x{width // 128}x")
    made = Program(text.replace("= W ", f"= {width} "), DEVICES[subgroup])
    (kernel,) = made.kernels
    rows = 2 * kernel.schedule.rows
    made.call([torch.randn(rows, width).bfloat16(), torch.randn(width).bfloat16()])
    (counters,) = made.counters
    assert counters.loaded == rows * width * 4, "rows and, for each of them, the weight"
    assert counters.stored == rows * (width + width // 128 * 4)
    # Without subgroups, every exchange is one through memory: there are as many as there are groups for a thread.
    assert counters.barriers <= 1 or not subgroup
    assert kernel.schedule.vector == 8
