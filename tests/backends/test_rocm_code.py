# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What LLVM makes of kernels for AMD's processors: which instructions there are, and which must not be."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import fanfold
from fanfold.backends import rocm
from fanfold.backends.iree_compiler import find_compiler
from fanfold.backends.target import parse_target
from fanfold.lowering import lower

WIDTH = 512


class Cluster(nn.Module):
    """A sum over all threads of a row, maxima over 16 and over 8 neighbours, and both fp8 formats."""

    def forward(self, x: Tensor, r: Tensor, w: Tensor) -> tuple[Tensor, ...]:
        h = x + r
        y = fanfold.ops.rms_norm(h, w, 1e-6)
        q, s = fanfold.ops.group_quant(y, 128)
        p, t = fanfold.ops.group_quant(y, 64, torch.float8_e5m2)
        return h, q, s, p, t


@pytest.fixture(params=list(rocm.ARCHS))
def arch(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def generated(arch: str, folder: Path) -> tuple[str, str]:
    """Return the LLVM IR of the cluster's kernel before optimisation, and its assembly."""
    target = parse_target(f"rocm:{arch}")
    arguments = (*torch.randn(2, 4, WIDTH).bfloat16(), torch.randn(WIDTH).bfloat16())
    lowered = lower(Cluster(), arguments, None, target=target, dynamic_shapes=None, fp8="native", strict=True)
    source = folder / "module.mlir"
    source.write_text(str(lowered.imported.module))
    command = [str(find_compiler()), str(source), *target.compiler_flags()]
    command += [f"--iree-hal-dump-executable-intermediates-to={folder}", "-o", str(folder / "module.vmfb")]
    subprocess.run(command, check=True, capture_output=True)
    (llvm_ir,), (assembly,) = folder.glob("*.linked.ll"), folder.glob("*.rocmasm")
    return llvm_ir.read_text(), assembly.read_text()


def test_instructions(arch: str, tmp_path: Path) -> None:
    llvm_ir, assembly = generated(arch, tmp_path)
    found = Counter(re.findall(r"^\s+([a-z]\w+)", assembly, re.MULTILINE))
    # A minimum that drops a NaN would make the bound of it.
    assert "llvm.minimum.v8f32" in llvm_ir
    assert "llvm.minnum" not in llvm_ir
    assert "llvm.maxnum" not in llvm_ir
    # Lanes exchange by DPP: within 16 of them, and beyond by what each processor has.
    dpp = Counter(re.findall(r"(quad_perm|row_half_mirror|row_mirror|row_xmask):?", assembly))
    assert dpp["quad_perm"] >= 2 * 3
    assert not any(name.startswith(("ds_swizzle", "ds_bpermute")) for name in found)
    beyond = "v_readlane_b32" if arch.startswith("gfx9") else "v_permlanex16_b32"
    assert found[beyond] >= 1
    # Rounded once instead of twice, a quotient would lead to other codes.
    assert re.search(r"= f(mul|add) <8 x float>", llvm_ir)
    assert not re.search(r"= f(?:mul|add|sub|div) (?:contract|fast|nnan|ninf|nsz|arcp|afn|reassoc)", llvm_ir)
    # Fp8 by the processor's own conversion, if it has one: 2 codes an instruction, for 8 columns at least.
    for name in ("v_cvt_pk_fp8_f32", "v_cvt_pk_bf8_f32"):
        assert found[name] >= 4 if rocm.ARCHS[arch].hardware_fp8 else found[name] == 0
    assert (found["v_cvt_pk_bf16_f32"] > 0) == (arch == "gfx950")
    # A row is read by 16 bytes a thread and no otherwise, and nothing is spilled.
    loads = {name for name in found if name.startswith("global_load")}
    assert loads in ({"global_load_dwordx4"}, {"global_load_b128"})
    assert re.findall(r"[vs]gpr_spill_count:\s*(\d+)", assembly) == ["0", "0"]
