# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which scales quotients of two products serve, by trying them all, and that kernels leave out the one they do not."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

import fanfold
from fanfold.backends.cpu import host_features

FLAGS = ["-O3", "-ffp-contract=off"]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("c++")
    if compiler is None:
        pytest.skip("there is no C compiler")
    flags = list(FLAGS)
    if platform.machine() == "x86_64":
        if not {"avx2", "fma3"} <= host_features():
            pytest.skip("this processor has no fused multiply-add: it would take minutes")
        flags += ["-mavx2", "-mfma"]
    binary = tmp_path_factory.mktemp("quotients") / "quotients"
    source = Path(__file__).with_name("quotients.c")
    subprocess.run([compiler, "-x", "c", *flags, str(source), "-o", str(binary), "-lm"], check=True)
    return binary


@pytest.mark.parametrize(("bits", "step"), [(8, 1), (11, 97)], ids=["bf16, every scale", "f16, some scales"])
def test_codes_of_two_products_are_those_of_the_quotient(program: Path, bits: int, step: int) -> None:
    """f16 with every scale takes half a minute and gives the same line: `quotients 11 1`."""
    run = subprocess.run([str(program), str(bits), str(step)], check=True, capture_output=True, text=True)
    assert run.stdout.splitlines() == ["3fffffff 0x1p+0"]


class LeastScale(torch.nn.Module):
    """Group quantisation whose scale is at least a given one."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.least = least

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.ops.fanfold.group_quant(x, 128, scale_floor=self.least)


@pytest.mark.parametrize("exponent", [-3, 0, 5])
def test_a_scale_whose_mantissa_is_all_ones(exponent: int) -> None:
    """2^-10 / (2 - 2^-23) is just above half of the smallest number, so it is not a tie."""
    least = (2 - 2.0**-23) * 2.0**exponent
    x = torch.full((2, 256), 2.0 ** (exponent - 9), dtype=torch.bfloat16)
    x[0, ::2] *= -1
    model = LeastScale(least)
    q, scales = model(x)
    assert (q.view(torch.uint8) & 0x7F == 1).all()
    found, found_scales = fanfold.compile_and_run(model, (x,), target="cpu")
    assert torch.equal(found.view(torch.uint8), q.view(torch.uint8))
    assert torch.equal(found_scales, scales)
