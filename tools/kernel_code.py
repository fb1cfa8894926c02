#!/usr/bin/env python3
# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes what one region becomes for a target: after each pass, as our kernel, and as IREE's machine code.

The region is RMSNorm, then FP8 by groups of 128, in bf16, as in docs/kernels.md. Change `Example` to see another.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

import torch
from torch import Tensor, nn

import fanfold
from fanfold.backends.iree_compiler import find_compiler
from fanfold.backends.target import parse_target
from fanfold.lowering import lower, serialised

#: What is worth reading: MLIR, and the assembly of CPUs, NVIDIA's GPUs and AMD's.
READABLE = (".mlir", ".s", ".ptx", ".rocmasm")


class Example(nn.Module):
    """The model whose kernel is shown."""

    def forward(self, x: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
        """Return the codes and the scales of the normalised rows."""
        q, scales = fanfold.ops.group_quant(fanfold.ops.rms_norm(x, w, 1e-6), 128)
        return q, scales


def main() -> None:
    """Write the files to a folder and list those to read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", help="cpu:x86-64-v3, cuda:sm_90, rocm:gfx950, ...")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--width", type=int, default=7168)
    options = parser.parse_args()
    write(options.target, options.folder, options.width)
    print(*(path for path in sorted(options.folder.iterdir()) if path.suffix in READABLE), sep="\n")


def write(name: str, folder: Path, width: int = 7168) -> None:
    """Write what the example becomes for the target of this name, for rows of this width."""
    target = parse_target(name)
    arguments = (torch.randn(4, width).bfloat16(), torch.randn(width).bfloat16())
    shapes = ({0: torch.export.Dim("rows", min=2)}, None)
    flags = {"fp8": "native", "strict": True, "dump_dir": folder / "passes"}
    lowered = lower(Example(), arguments, None, target=target, dynamic_shapes=shapes, **flags)
    module, source = lowered.imported.module, folder / "input"
    (folder / "kernel.mlir").write_text(str(module), encoding="utf-8")
    source.write_bytes(serialised(module, target))
    command = [str(find_compiler()), str(source), *target.compiler_flags(), "-o", str(folder / "module.vmfb")]
    command += [f"--iree-hal-dump-executable-{kind}-to={folder}" for kind in ("intermediates", "binaries")]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
