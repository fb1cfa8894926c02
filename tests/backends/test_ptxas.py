# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The PTX of a fan-out: NVIDIA's assembler takes it, in registers alone, and minima keep NaN.

Every architecture and many regions are in `docs/gpu-kernels.md`, which `tests/inspection/test_report.py` checks.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import fanfold
from fanfold.backends.inspection.ptxas import assemble
from fanfold.backends.iree_compiler import find_compiler
from fanfold.backends.target import parse_target
from fanfold.lowering import lower, serialised


class Cluster(nn.Module):
    """What DeepSeek's query path has, with a third reader that rounds otherwise."""

    def forward(self, x: Tensor, r: Tensor, w: Tensor) -> tuple[Tensor, ...]:
        h = x + r
        y = fanfold.ops.rms_norm(h, w, 1e-6)
        return (h, *fanfold.ops.group_quant(y, 128), *fanfold.ops.token_quant(y, torch.int8))


@pytest.mark.parametrize("arch", ["sm_80", "sm_90"])
def test_the_assembler_takes_it_without_spills(arch: str, tmp_path: Path) -> None:
    target = parse_target(f"cuda:{arch}")
    arguments = (*torch.randn(2, 4, 1536).bfloat16(), torch.randn(1536).bfloat16())
    rows = {0: torch.export.Dim("rows", min=2)}
    lowered = lower(Cluster(), arguments, None, target=target, dynamic_shapes=(rows, rows, None), strict=True)
    source = tmp_path / "module.mlir"
    source.write_bytes(serialised(lowered.imported.module, target))
    command = [str(find_compiler()), str(source), *target.compiler_flags()]
    command += [f"--iree-hal-dump-executable-intermediates-to={tmp_path}", "-o", str(tmp_path / "module.vmfb")]
    command.append(f"--iree-hal-dump-executable-binaries-to={tmp_path}")
    subprocess.run(command, check=True, capture_output=True)
    (ptx,) = tmp_path.glob("*.ptx")
    text = ptx.read_text()
    assert "ld.global.nc.v4" in text
    # A minimum that drops a NaN would make the bound of it.
    assert "min.NaN.f32" in text
    assert not re.search(r"\b(min|max)\.f32", text)
    # Roots and quotients are those of IEEE 754.
    assert "sqrt.rn.f32" in text
    assert "div.rn.f32" in text
    assert "approx" not in text
    (kernel,) = assemble(ptx, arch).values()
    assert kernel.spill_bytes == 0
    # Half of the threads that an SM can hold at once, with 65536 registers, or more.
    assert kernel.registers <= 64
