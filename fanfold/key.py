# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The key of the compiler: a hash of all that decides what a model becomes, but for the model.

It is the SHA-256 of a text that can be printed (``fanfold key --text``) and compared line by line: versions, the target
as it is resolved, IREE's flags, each pass with its options and its source, and every source file that passes use.
Nothing in it depends on the process or on where things are installed: no paths, no times, no order of a set.

Python's own version is not part of it. The sources are, and they make the same IR on every Python that they run on, so
machines with different ones share what they have compiled.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib.util
import inspect
import json
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._version import __version__
from .errors import CompileError

if TYPE_CHECKING:
    from fanfold.backends.target import Target
    from fanfold.passes.base import Pass

#: Packages whose versions a report states.
TOOLS = ("torch", "torch-mlir", "iree-base-compiler")

#: Sub-packages and modules that make an artifact. Of the target, what it resolves to matters, and that is in the text.
_PACKAGES = ("backends.image", "dialect", "frontend", "ops", "passes")
_MODULES = (
    *("float8", "float8_weights", "layouts", "lowering", "signature"),
    *("backends.compiling", "backends.iree_compiler", "backends.iree_process"),
)


def tool_versions() -> dict[str, str]:
    """Return the versions of fanfold and of the tools that it compiles with, those that are installed."""
    versions = {"fanfold": __version__}
    for name in TOOLS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # IREE's compiler may be missing where a model is only explained
            continue
    return versions


def pipeline_key(target: Target, fp8: str = "exact") -> str:
    """Return the key of the standard pipeline for a target and an fp8 policy, as 64 hexadecimal digits.

    Raises:
        CompileError: If the source files of fanfold are not installed.
    """
    return hashlib.sha256(canonical_text(target, fp8=fp8).encode()).hexdigest()


def canonical_text(target: Target, passes: Sequence[Pass] | None = None, *, fp8: str = "exact") -> str:
    """Return the text that the key is a hash of, one fact a line.

    Args:
        target: What to compile for.
        passes: The passes; by default those of the standard pipeline.
        fp8: What becomes of fp8 types that the target does not have.

    Raises:
        CompileError: If a pass has an option without a canonical text, or no source file.
    """
    from fanfold.backends.cpu import host_model
    from fanfold.passes.kernel.no_kernels import switched
    from fanfold.passes.pipeline import standard_pipeline, with_float8

    versions = tool_versions()
    lines = [f"version {name} {versions.get(name, 'not installed')}" for name in ("fanfold", *TOOLS)]
    lines += [f"target {target} {_canonical(target)}"]
    if target.backend == "cpu":
        # `host` and `generic` are other processors on another architecture.
        lines.append(f"machine {platform.machine().lower()}")
        if target.arch.name == "host":
            # LLVM tunes for the very processor.
            lines.append(f"processor {host_model()}")
    lines += [f"feature {name}" for name in sorted(target.required_cpu_features())]
    lines += [f"flag {flag}" for flag in target.compiler_flags()]
    lines.append(f"kernels {_canonical(switched(target.kernels()))}")
    chosen = with_float8(standard_pipeline() if passes is None else passes, target.float8(fp8))
    for number, pass_ in enumerate(chosen, start=1):
        lines.append(f"pass {number:02} {pass_.name} {_canonical(pass_)} {_pass_hash(type(pass_))}")
    lines += [f"source {name} {digest}" for name, digest in _source_hashes()]
    return "\n".join(lines) + "\n"


def _canonical(value: Any) -> str:
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    """Return an option as data whose JSON is the same in every process."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            "class": type(value).__name__,
            **{f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)},
        }
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(item) for item in value), key=json.dumps)
    if isinstance(value, dict):
        return [[_plain(k), _plain(v)] for k, v in value.items()]
    raise CompileError(
        f"an option of type {type(value).__name__} has no text that is the same in every process",
        stage="passes",
        expected="numbers, strings, dataclasses and collections of them",
        found=repr(value),
    )


def _pass_hash(pass_class: type) -> str:
    try:
        return _file_hash(Path(inspect.getfile(pass_class)))
    except (OSError, TypeError) as error:
        raise _no_sources(f"the pass {pass_class.__name__}") from error


@functools.cache
def _source_hashes() -> tuple[tuple[str, str], ...]:
    """Return the installed name and the hash of each source file; once a process, as Python reads them once too."""
    found = []
    for package in _PACKAGES:
        spec = importlib.util.find_spec(f"fanfold.{package}")
        files = [
            (f"fanfold/{package.replace('.', '/')}/{path.relative_to(folder).as_posix()}", path)
            for folder in (spec and spec.submodule_search_locations) or ()
            for path in Path(folder).rglob("*.py")
        ]
        if not files:
            raise _no_sources(f"the package fanfold.{package}")
        found += [(name, _file_hash(path)) for name, path in sorted(files)]
    for module in _MODULES:
        spec = importlib.util.find_spec(f"fanfold.{module}")
        if spec is None or not spec.has_location or spec.origin is None:
            raise _no_sources(f"the module fanfold.{module}")
        found.append((f"fanfold/{module.replace('.', '/')}.py", _file_hash(Path(spec.origin))))
    return tuple(found)


@functools.cache
def _file_hash(path: Path) -> str:
    # A checkout may have converted the ends of lines.
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def _no_sources(what: str) -> CompileError:
    return CompileError(
        f"{what} has no source file, and the key of the pipeline is a hash of it",
        stage="passes",
        expected="an installation with .py files",
        remedy="install fanfold from its wheel or from a checkout",
    )
