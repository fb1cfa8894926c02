# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tensors from and to files, for the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fanfold.errors import CallError
from fanfold.files import replacing, write_error
from fanfold.signature import TensorSpec

# What NumPy has no dtype for travels as bits of the same size.
_BITS = {1: torch.uint8, 2: torch.uint16}


def read_inputs(specs: Sequence[TensorSpec], arguments: Sequence[str]) -> list[torch.Tensor]:
    """Read one tensor for each input.

    Args:
        specs: The inputs.
        arguments: ``FILE`` (for the next input that has none) or ``NAME=FILE``.

    Raises:
        CallError: If there are too many or too few files, or one cannot be read as its input.
    """
    names = [spec.name for spec in specs]
    files: dict[str, str] = {}
    unnamed = []
    for argument in arguments:
        name, equals, file = argument.partition("=")
        if equals and name in names and name not in files:
            files[name] = file
        else:
            unnamed.append(argument)
    missing = [name for name in names if name not in files]
    if len(missing) != len(unnamed):
        raise CallError(
            "the number of input files does not fit",
            stage="call",
            expected=f"{len(names)}: {', '.join(f'{spec.name} {spec}' for spec in specs)}",
            found=f"{len(arguments)}: {', '.join(arguments)}" if arguments else "none",
            remedy="give one --input FILE for each",
        )
    files |= dict(zip(missing, unnamed, strict=True))
    return [_read(Path(files[spec.name]), spec) for spec in specs]


def write_outputs(folder: Path, specs: Sequence[TensorSpec], tensors: Sequence[torch.Tensor]) -> None:
    """Write each tensor to a ``.npy`` in ``folder``, and a ``manifest.json`` that says what each file holds.

    Raises:
        ArtifactError: If a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    manifest = []
    for number, (spec, tensor) in enumerate(zip(specs, tensors, strict=True)):
        array = _to_numpy(tensor)
        file = f"{number}.npy"
        with replacing(folder / file) as stream:
            np.save(stream, array, allow_pickle=False)
        entry = {"name": spec.name, "file": file, "shape": list(tensor.shape), "dtype": spec.dtype}
        manifest.append({**entry, "stored_as": str(array.dtype)})
    with replacing(folder / "manifest.json") as stream:
        stream.write((json.dumps({"outputs": manifest}, indent=1) + "\n").encode())


def _read(path: Path, spec: TensorSpec) -> torch.Tensor:
    try:
        tensor = _load(path)
    except Exception as error:
        # NumPy, pickle and safetensors each have errors of their own for a file that is not theirs.
        raise CallError(
            f"cannot read {path} for the input {spec.name}: {error}",
            stage="call",
            expected="a .npy file, or a .pt or .safetensors file with one tensor",
        ) from error
    wanted: torch.dtype = getattr(torch, spec.dtype)
    if tensor.dtype is not wanted and not _has_numpy_dtype(wanted) and tensor.dtype is _BITS[wanted.itemsize]:
        return tensor.view(wanted)
    return tensor


def _load(path: Path) -> torch.Tensor:
    if path.suffix == ".npy":
        array = np.load(path, allow_pickle=False)
        if array.dtype.kind == "V" and array.dtype.itemsize in _BITS:
            # What np.save makes of an ml_dtypes array.
            array = array.view(np.uint16 if array.dtype.itemsize == 2 else np.uint8)
        return torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("="), order="C"))
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        content: Any = list(load_file(path).values())
    elif path.suffix in {".pt", ".pth"}:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
        content = list(loaded.values()) if isinstance(loaded, dict) else [loaded]
    else:
        raise ValueError(f"unknown kind of file {path.suffix!r}")
    if len(content) != 1 or not isinstance(content[0], torch.Tensor):
        raise ValueError("it does not hold exactly one tensor")
    return content[0]


def _to_numpy(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = (
        tensor if _has_numpy_dtype(tensor.dtype) else tensor.view(_BITS[tensor.dtype.itemsize])
    ).numpy()
    return array


def _has_numpy_dtype(dtype: torch.dtype) -> bool:
    return dtype is not torch.bfloat16 and not str(dtype).startswith("torch.float8")
