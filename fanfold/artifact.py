# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The ``.vmfb`` file: IREE's module with the weights, the signature and the report of a compiled model in it.

IREE's file is a flatbuffer and a zip at once. fanfold adds two stored zip entries behind IREE's own:
``fanfold/parameters.safetensors`` (only when there are weights) and ``fanfold/meta.json``. The file still loads with
IREE's tools, for which the weights are one ``unzip`` away.
"""

from __future__ import annotations

import errno
import hashlib
import json
import mmap
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from . import container, weights
from .container import Container, DamagedError
from .errors import ArtifactError
from .files import replacing
from .report import Report
from .signature import Signature, TensorSpec

__all__ = ["Artifact", "Signature", "TensorSpec", "read", "write"]

FORMAT = 1
META = f"{container.PREFIX}meta.json"
PARAMETERS = f"{container.PREFIX}parameters.safetensors"

# Weights up to this size are checked against their checksum at every load; larger ones on request, since reading
# them all would cost the seconds that mapping the file saves.
_ALWAYS_VERIFY_BYTES = 64 << 20


@dataclass(frozen=True)
class Artifact:
    """A compiled model.

    Attributes:
        module: IREE's file. After :func:`read` it is the whole mapped file: IREE does not mind what we added.
        signature: What it takes and gives.
        report: How it was compiled.
        required_features: Processor features that a machine must have to run it.
        parameters: The weights by name. After :func:`read` they share the mapped file.
    """

    module: bytes | memoryview
    signature: Signature
    report: Report
    required_features: frozenset[str] = frozenset()
    parameters: Mapping[str, torch.Tensor] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """The canonical target."""
        return self.report.target


def write(path: str | os.PathLike[str], artifact: Artifact) -> None:
    """Write an artifact; the file appears complete or not at all, and readers of an old one keep the old one.

    Raises:
        ArtifactError: If the file cannot be written.
    """
    with replacing(_path(path, "save")) as stream:
        archive, module_bytes = container.begin(stream, artifact.module)
        with archive:
            if artifact.parameters:
                container.add(archive, PARAMETERS, weights.chunks(artifact.parameters))
            meta = {
                "format": FORMAT,
                "module_bytes": module_bytes,
                "module_sha256": hashlib.sha256(artifact.module[:module_bytes]).hexdigest(),
                "parameters": sorted(artifact.parameters),
                "required_features": sorted(artifact.required_features),
                "signature": artifact.signature.to_json(),
                "report": artifact.report.to_json(),
            }
            container.add(archive, META, [json.dumps(meta, indent=1).encode()])


def read(path: str | os.PathLike[str], *, verify: bool = False) -> Artifact:
    """Read an artifact; the file is mapped, not copied.

    Replacing or deleting the file later does no harm. Overwriting it in place does, as for every mapped file.

    Args:
        path: The file.
        verify: Check the weights against their checksum whatever their size; up to 64 MiB they always are.

    Raises:
        ArtifactError: If the file is missing, damaged, not fanfold's, or of a newer format.
    """
    name = _path(path, "load")
    buffer = _map(name)
    if buffer[:4] != container.MAGIC:
        raise _foreign(name, f"a file that begins with {bytes(buffer[:4])!r}")
    try:
        entries = Container(buffer)
        if META not in entries:
            raise _foreign(name, "an IREE module without them" if "module.fb" in entries else "some other zip file")
        meta = json.loads(entries.content(META))
        if meta["format"] != FORMAT:
            raise _newer(name, meta["format"])
        return _read(entries, meta, verify)
    except DamagedError as error:
        raise _damaged(name, str(error)) from error
    except (KeyError, TypeError, ValueError, struct.error) as error:
        # The checksums passed, so whatever wrote the file was not this version of fanfold.
        raise _damaged(name, f"its content makes no sense: {type(error).__name__}: {error}") from error


def _path(path: str | os.PathLike[str], stage: str) -> str:
    try:
        return os.fsdecode(path)
    except TypeError as error:
        raise ArtifactError(
            "this is not a path", stage=stage, expected="a string or a pathlib.Path", found=type(path).__name__
        ) from error


def _map(name: str) -> memoryview:
    try:
        with Path(name).open("rb") as stream:
            if os.fstat(stream.fileno()).st_size == 0:
                raise _damaged(name, "it is empty")
            # Copy-on-write: a write to a weight never reaches the file.
            return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY))
    except (OSError, ValueError) as error:
        # ValueError: a null byte in the path.
        if isinstance(error, ValueError):
            error = OSError(errno.ENOENT, str(error))
        missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
        raise ArtifactError(
            f"cannot read {name}: {error.strerror or error}",
            stage="load",
            expected="a .vmfb file",
            remedy="check the path" if missing else "check that it is a file that you may read",
        ) from error


def _read(entries: Container, meta: dict[str, Any], verify: bool) -> Artifact:
    if hashlib.sha256(entries.buffer[: meta["module_bytes"]]).hexdigest() != meta["module_sha256"]:
        raise DamagedError("the module does not match its checksum")
    parameters: dict[str, torch.Tensor] = {}
    if meta["parameters"]:
        begin, end = entries.span(PARAMETERS)
        if verify or end - begin <= _ALWAYS_VERIFY_BYTES:
            entries.check(PARAMETERS)
        parameters = weights.read(entries.buffer, begin, end)
    if sorted(parameters) != meta["parameters"]:
        raise DamagedError("weights are missing")
    return Artifact(
        module=entries.buffer,
        signature=Signature.from_json(meta["signature"]),
        report=Report.from_json(meta["report"]),
        required_features=frozenset(meta["required_features"]),
        parameters=parameters,
    )


def _damaged(name: str, found: str) -> ArtifactError:
    return ArtifactError(
        f"{name} is damaged", stage="load", found=found, remedy="copy the file again, or compile the model again"
    )


def _foreign(name: str, found: str) -> ArtifactError:
    return ArtifactError(
        f"{name} was not written by fanfold",
        stage="load",
        expected="a .vmfb with fanfold's entries, from Executable.save or `fanfold compile`",
        found=found,
        remedy="compile the model again with fanfold; IREE's own modules run with iree-run-module",
    )


def _newer(name: str, found: object) -> ArtifactError:
    return ArtifactError(
        f"{name} has another format than this fanfold reads",
        stage="load",
        expected=f"format {FORMAT}",
        found=f"format {found}",
        remedy="pip install --upgrade fanfold, or compile the model again",
    )
