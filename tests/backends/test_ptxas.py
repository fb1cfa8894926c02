# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""NVIDIA's assembler takes the PTX of every architecture, in registers alone; it comes with the extra `gpu-test`."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import fanfold
from fanfold.backends import cuda
from fanfold.backends.iree_compiler import find_compiler
from fanfold.backends.target import parse_target
from fanfold.lowering import lower


def find_ptxas() -> str | None:
    """Return NVIDIA's assembler from PyPI's package, or else from the machine."""
    spec = importlib.util.find_spec("nvidia")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for found in Path(folder).glob("*/bin/ptxas"):
            return str(found)
    return shutil.which("ptxas")


class Cluster(nn.Module):
    """What DeepSeek's query path has, with a third reader that rounds otherwise."""

    def forward(self, x: Tensor, r: Tensor, w: Tensor) -> tuple[Tensor, ...]:
        h = x + r
        y = fanfold.ops.rms_norm(h, w, 1e-6)
        return (h, *fanfold.ops.group_quant(y, 128), *fanfold.ops.token_quant(y, torch.int8))


@pytest.mark.parametrize("width", [1536, 7168])
@pytest.mark.parametrize("arch", cuda.ARCHS)
def test_the_assembler_takes_it_without_spills(arch: str, width: int, tmp_path: Path) -> None:
    ptxas = find_ptxas()
    if ptxas is None:
        pytest.skip("there is no ptxas: pip install 'fanfold[gpu-test]'")
    target = parse_target(f"cuda:{arch}")
    arguments = (*torch.randn(2, 4, width).bfloat16(), torch.randn(width).bfloat16())
    rows = {0: torch.export.Dim("rows", min=2)}
    lowered = lower(Cluster(), arguments, None, target=target, dynamic_shapes=(rows, rows, None), strict=True)
    source = tmp_path / "module.mlir"
    source.write_text(str(lowered.imported.module))
    command = [str(find_compiler()), str(source), *target.compiler_flags()]
    command += [f"--iree-hal-dump-executable-files-to={tmp_path}", "-o", str(tmp_path / "module.vmfb")]
    subprocess.run(command, check=True, capture_output=True)
    (ptx,) = tmp_path.glob("*.ptx")
    text = ptx.read_text()
    assert "ld.global.nc.v4" in text
    # A minimum that drops a NaN would make the bound of it.
    assert "min.NaN.f32" in text
    assert not re.search(r"\b(min|max)\.f32", text)
    done = subprocess.run(
        [ptxas, f"-arch={arch}", "-v", str(ptx), "-o", str(tmp_path / "kernel.cubin")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "0 bytes spill stores, 0 bytes spill loads" in done.stderr
    (registers,) = re.findall(r"Used ([0-9]+) registers", done.stderr)
    # Half of the threads that an SM can hold at once, with 65536 registers, or more.
    assert int(registers) <= 64, done.stderr
