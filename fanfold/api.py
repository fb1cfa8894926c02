# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""compile, compile_and_run, explain and load."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import artifact as artifacts
from .arguments import Arguments
from .artifact import Artifact
from .errors import MissingDependencyError
from .executable import Executable
from .files import write_error
from .lowering import lower, serialised
from .report import Report

if TYPE_CHECKING:
    import torch


def compile(  # noqa: A001 - the name that users of torch.compile expect
    model: torch.nn.Module | torch.export.ExportedProgram,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    target: str = "cpu",
    device: str | torch.device | None = None,
    dynamic_shapes: Any = None,
    fp8: str = "exact",
    strict: bool = False,
    dump_dir: str | os.PathLike[str] | None = None,
) -> Executable:
    """Compile a model.

    Args:
        model: An ``nn.Module``, a ``GraphModule`` or an ``ExportedProgram``. It is not changed.
        args: Example inputs; not used with an ``ExportedProgram``.
        kwargs: Example keyword inputs; not used with an ``ExportedProgram``.
        target: What to compile for, see ``fanfold targets``.
        device: Where the executable runs, see :func:`load`. It need not be on this machine before it is called.
        dynamic_shapes: As for ``torch.export.export``.
        fp8: What becomes of fp8 types that the target's hardware does not have while it has their counterparts (FNUZ
            on gfx942, OCP on gfx950, gfx1201 and CUDA from sm_89): ``"exact"`` refuses them, ``"native"`` converts
            quantisations, weights and scales to the target's; docs/numerics.md says how. ``"fnuz"`` and ``"ocp"``
            convert to a flavour by name, also where no hardware has one.
        strict: Refuse the model if a norm, an activation or a quantisation has no kernel of ours, or is not in that of
            its producer. The error has each one's place in the source and what kept it apart.
        dump_dir: A folder that gets the IR after every pass and the compiler's input and log; by default the one that
            the environment variable ``FANFOLD_DUMP`` names, if any.

    Raises:
        TargetError: If there is no such target, or the device is none that runs it, or the target lacks an fp8 type of
            the model that is not to be converted, or cannot be.
        ArtifactError: If the dump folder cannot be made.
        ExportError: If the model does not export or import.
        CompileError: If a pass or the IREE compiler fails, or a fusion was missed and `strict` is set.
        MissingDependencyError: If the compiler is not installed.
    """
    from fanfold.backends.placement import choose_device
    from fanfold.backends.target import parse_target

    parsed = parse_target(target)
    choose_device(device, str(parsed))
    parsed.float8(fp8)
    folder = _dump_folder(dump_dir)
    # Before the seconds that exporting takes.
    require_compiler()
    from fanfold.backends.compiling import compile_for_target

    lowered = lower(
        *(model, args, kwargs),
        target=parsed,
        dynamic_shapes=dynamic_shapes,
        fp8=fp8,
        strict=strict,
        dump_dir=folder,
    )
    imported = lowered.imported
    start = time.perf_counter()
    compiled = compile_for_target(serialised(imported.module, parsed), parsed, workdir=folder and folder / "iree")
    report = replace(
        lowered.report,
        dispatches=compiled.dispatches,
        timings={**lowered.report.timings, "compile": time.perf_counter() - start},
    )
    return Executable(
        Artifact(
            module=compiled.vmfb,
            signature=imported.signature,
            report=report,
            required_features=parsed.required_cpu_features(),
            parameters=imported.parameters,
        ),
        device,
    )


def _dump_folder(chosen: str | os.PathLike[str] | None) -> Path | None:
    name = chosen if chosen is not None else os.environ.get("FANFOLD_DUMP")
    if not name:
        return None
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    return folder


def require_compiler() -> None:
    """Check that everything that compiling needs is installed.

    Raises:
        MissingDependencyError: If something is not.
    """
    from fanfold.backends.iree_compiler import find_compiler

    find_compiler()
    require_torch_mlir()


def require_torch_mlir() -> None:
    """Check that torch-mlir, in which passes run, is installed.

    Raises:
        MissingDependencyError: If it is not.
    """
    if importlib.util.find_spec("torch_mlir") is None:
        raise MissingDependencyError(
            "compiling and running passes need torch-mlir, which is not installed",
            stage="compile",
            expected="the package torch-mlir",
            remedy="pip install 'fanfold[compiler]'",
        )


def compile_and_run(
    model: torch.nn.Module | torch.export.ExportedProgram,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    target: str = "cpu",
    device: str | torch.device | None = None,
    dynamic_shapes: Any = None,
    fp8: str = "exact",
    strict: bool = False,
) -> Any:
    """Compile a model and call it with the example inputs; returns what the model returns.

    The arguments and errors are those of :func:`compile` and of calling an :class:`Executable`. An ``ExportedProgram``
    needs its inputs here too.
    """
    from torch.export import ExportedProgram

    if isinstance(model, ExportedProgram):
        # An nn.Module with the wrong inputs fails to export; here, nothing would fail before the call.
        names = [str(name) for name in model.graph_signature.user_inputs]
        Arguments(model.call_spec.in_spec, names).flatten(args, kwargs or {})
    executable = compile(
        model,
        args,
        kwargs,
        target=target,
        device=device,
        dynamic_shapes=dynamic_shapes,
        fp8=fp8,
        strict=strict,
    )
    return executable(*args, **(kwargs or {}))


def explain(
    model: torch.nn.Module | torch.export.ExportedProgram,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    target: str = "cpu",
    dynamic_shapes: Any = None,
    fp8: str = "exact",
) -> Report:
    """Say what compiling a model would make of each norm, activation and quantisation in it, without compiling it.

    Runs the frontend and the passes, not IREE: the report has no count of dispatches. The arguments and errors are
    those of :func:`compile`, and ``FANFOLD_DUMP`` is heeded as there; IREE's compiler need not be installed.
    """
    from fanfold.backends.target import parse_target

    parsed = parse_target(target)
    folder = _dump_folder(None)
    require_torch_mlir()
    lowered = lower(model, args, kwargs, target=parsed, dynamic_shapes=dynamic_shapes, fp8=fp8, dump_dir=folder)
    return lowered.report


def load(path: str | os.PathLike[str], *, device: str | torch.device | None = None, verify: bool = False) -> Executable:
    """Load a saved executable; its weights are mapped, not read. Needs no compiler.

    The file may be replaced or deleted afterwards, but not overwritten in place.

    Args:
        path: The ``.vmfb``.
        device: Where to run it: ``cpu``, ``cuda:<index>`` or ``rocm:<index>`` (also ``hip:<index>``), or a
            ``torch.device``. It must be one that runs what the file was compiled for; that target's first device is
            the default. ``fanfold targets`` lists what this machine has.
        verify: Check the weights against their checksum whatever their size; up to 64 MiB they always are.

    Raises:
        ArtifactError: If the file is missing, damaged, not fanfold's, or of a newer format, or returns containers of a
            type that this process does not know.
        TargetError: If this machine cannot run what it was compiled for, or has no such device.
    """
    executable = Executable(artifacts.read(path, verify=verify), device)
    executable.load()
    return executable
