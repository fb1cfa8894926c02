# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold run``."""

from __future__ import annotations

import time
from pathlib import Path

import click


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "-i", "--input", "inputs", multiple=True, metavar="[NAME=]FILE", help="One for each input, in order or by name."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A folder for the results.")
@click.option("--device", help="Where to run it, such as cuda:1; by default the first device that its target has.")
@click.option("--repeat", type=click.IntRange(1), default=1, show_default=True, help="Call it this often and time it.")
def run(model: Path, inputs: tuple[str, ...], output: Path | None, device: str | None, repeat: int) -> None:
    """Run MODEL, a .vmfb written by fanfold, on inputs from .npy, .pt or .safetensors files.

    .npy has no bfloat16 and no FP8. Where the signature wants one, give its bit patterns as uint16 or uint8; results
    of these types are written that way too. manifest.json in the output folder says what each file holds.
    """
    import torch
    from torch.utils import _pytree as pytree

    import fanfold

    from .tensor_files import read_inputs, write_outputs

    executable = fanfold.load(model, device=device)
    signature = executable.signature
    flat = read_inputs(signature.inputs, inputs)
    args, kwargs = pytree.tree_unflatten(flat, pytree.treespec_loads(signature.in_spec))
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        result = executable(*args, **kwargs)
        seconds.append(time.perf_counter() - start)
    results: list[torch.Tensor] = pytree.tree_leaves(result)
    for spec, tensor in zip(signature.outputs, results, strict=True):
        click.echo(f"{spec.name}: {spec.dtype}{list(tensor.shape)}")
    click.echo(f"{repeat} call{'s' if repeat > 1 else ''}, best {min(seconds) * 1e3:.3f} ms")
    if output is not None:
        write_outputs(output, signature.outputs, results)
