# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles regions for an architecture and reads what its tools say of the kernels."""

from __future__ import annotations

import functools
import io
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch
from torch_mlir import ir

from benchmarks.kernels.launches import Launch, launches
from benchmarks.kernels.regions import REGIONS, Regions
from benchmarks.kernels.row import Row
from fanfold.backends import cuda, rocm
from fanfold.backends.dispatch_count import dispatches_per_call
from fanfold.backends.inspection.code import Code, bytes_of
from fanfold.backends.inspection.gcn import read_gcn
from fanfold.backends.inspection.hsaco import read_hsaco
from fanfold.backends.inspection.ptx import read_ptx
from fanfold.backends.inspection.ptxas import assemble
from fanfold.backends.iree_compiler import find_compiler
from fanfold.backends.target import Target, parse_target
from fanfold.dialect.context import make_context
from fanfold.errors import CompileError
from fanfold.frontend import import_model
from fanfold.lowering import set_device
from fanfold.passes import pipeline

#: The architectures of the report, with their backends.
ARCHS = dict.fromkeys(cuda.ARCHS, "cuda") | dict.fromkeys(rocm.ARCHS, "rocm")

_CUDA_SUBGROUP = 32
_EXPORT = re.compile(r"hal\.executable\.export public @([\w$]+).*?\n +\}([^\n]*)", re.DOTALL)
_SHARED = re.compile(r"workgroup_local_memory = (\d+)")


@dataclass(frozen=True)
class Kernel:
    """What the tools of either vendor say of a kernel; the fields are those of :class:`Row`."""

    code: Code
    threads: int
    subgroup: int
    registers: int
    spills: int
    scratch: int
    shared: int


def measure(arch: str, width: int) -> list[Row]:
    """Compile every region for rows of `width` columns and return its line of the report.

    Raises:
        CompileError: If a region does not become a kernel, or a tool refuses it.
    """
    target = parse_target(f"{ARCHS[arch]}:{arch}")
    fp8 = _fp8_of(arch)
    module = ir.Module.parse(_imported(width, fp8), make_context())
    set_device(module, target)
    result = pipeline.run(module, target.kernels())
    missed = [f"{d.op}: {d.reason or 'no kernel'}" for d in result.decisions if d.missed]
    if missed:
        raise CompileError(f"not one kernel a region for {arch} at {width}: {'; '.join(missed)}", stage="passes")
    dispatched = _kernels_of_results(module, width, fp8)
    launched = launches(module)
    with tempfile.TemporaryDirectory(prefix="fanfold-") as folder:
        total = _compile(str(module), target, Path(folder))
        kernels = (_read_cuda if target.backend == "cuda" else _read_rocm)(Path(folder), arch)
    # Dispatches that compute no region belong to all of them.
    others = total - sum(map(len, dispatched.values()))
    return [
        _row((arch, name, width), kernels[next(iter(names))], launched[next(iter(names))], len(names) + others, fp8)
        for name, names in dispatched.items()
    ]


def versions() -> dict[str, str]:
    """Return the versions of the tools that kernels depend on."""
    return {name: version(name) for name in ("torch-mlir", "iree-base-compiler", "nvidia-cuda-nvcc")}


def _fp8_of(arch: str) -> torch.dtype:
    known = (cuda.ARCHS | rocm.ARCHS)[arch].hardware_fp8
    return torch.float8_e4m3fnuz if "f8E4M3FNUZ" in known else torch.float8_e4m3fn


@functools.cache
def _imported(width: int, fp8: torch.dtype) -> bytes:
    """Return all regions in the `torch` dialect, as bytecode: exporting takes longer than all passes."""
    number = torch.export.Dim("rows", min=2)
    operands = [region.inputs(width) for region in REGIONS.values()]
    shapes = [tuple({0: number} if x.dim() == 2 else None for x in inputs) for inputs in operands]
    model = Regions(tuple(REGIONS), fp8)
    imported = import_model(model, (operands,), dynamic_shapes=(shapes,))
    stream = io.BytesIO()
    imported.module.operation.write_bytecode(stream)
    return stream.getvalue()


def _kernels_of_results(module: ir.Module, width: int, fp8: torch.dtype) -> dict[str, set[str]]:
    """Return the kernels that compute each region, traced back from what ``main`` returns."""
    (main,) = (op for op in module.body.operations if "main" in str(op.operation.attributes["sym_name"]))
    body = main.operation.regions[0].blocks[0]
    returned = list(body.operations[len(body.operations) - 1].operation.operands)
    found = {}
    for name, region in REGIONS.items():
        count = len(region.compute(fp8, *region.inputs(width)))
        todo, returned, found[name] = returned[:count], returned[count:], set[str]()
        while todo:
            value = todo.pop()
            if isinstance(value, ir.BlockArgument):
                continue
            if value.owner.name == "flow.dispatch":
                entry = str(value.owner.attributes["entry_points"][0])
                found[name].add(entry.partition("::")[0].removeprefix("@"))
            else:
                todo += list(value.owner.operands)
    return found


def _compile(module: str, target: Target, folder: Path) -> int:
    """Compile, leaving each vendor's files in the folder, and return the dispatches of a call."""
    source, statistics = folder / "module.mlir", folder / "statistics.csv"
    source.write_text(module, encoding="utf-8")
    command = [str(find_compiler()), str(source), *target.compiler_flags()]
    command += [f"--iree-hal-dump-executable-{kind}-to={folder}" for kind in ("intermediates", "binaries")]
    command += ["--iree-scheduling-dump-statistics-format=csv", f"--iree-scheduling-dump-statistics-file={statistics}"]
    command += ["-o", str(folder / "module.vmfb")]
    if target.backend == "cuda":
        command.append(f"--dump-compilation-phases-to={folder}")
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise CompileError(f"iree-compile fails for {target}", stage="compile", found=done.stderr[:2000])
    return dispatches_per_call(statistics.read_text(encoding="utf-8"))


def _read_cuda(folder: Path, arch: str) -> Mapping[str, Kernel]:
    (ptx,) = folder.glob("*.ptx")
    assembled = assemble(ptx, arch)
    # The PTX leaves the size of shared memory to the launch, whose parameters stand in IREE's module.
    (targets,) = folder.glob("*.executable-targets.mlir")
    launches = {name: _SHARED.search(rest) for name, rest in _EXPORT.findall(targets.read_text(encoding="utf-8"))}
    found = {}
    for name, kernel in read_ptx(ptx.read_text(encoding="utf-8")).items():
        said, launch = assembled[name], launches.get(name)
        shared = int(launch[1]) if launch else 0
        found[name] = Kernel(
            kernel.code, kernel.threads, _CUDA_SUBGROUP, said.registers, said.spill_bytes, said.stack_bytes, shared
        )
    return found


def _read_rocm(folder: Path, arch: str) -> Mapping[str, Kernel]:
    (assembly,), (binary,) = folder.glob("*.rocmasm"), folder.glob("*.hsaco")
    loaded = read_hsaco(binary.read_bytes(), arch)
    found = {}
    for name, code in read_gcn(assembly.read_text(encoding="utf-8")).items():
        k = loaded[name]
        found[name] = Kernel(code, k.threads, k.subgroup, k.vector_registers, k.spills, k.scratch_bytes, k.shared_bytes)
    return found


def _row(key: tuple[str, str, int], kernel: Kernel, launch: Launch, dispatches: int, fp8: torch.dtype) -> Row:
    arch, region, width = key
    code = kernel.code
    threads = kernel.threads * launch.parts
    fewest_loaded, fewest_stored = REGIONS[region].fewest_bytes(width, fp8)
    return Row(
        arch=arch,
        region=region,
        width=width,
        dispatches=dispatches,
        threads=kernel.threads,
        rows=launch.rows,
        parts=launch.parts,
        subgroup=kernel.subgroup,
        registers=kernel.registers,
        spills=kernel.spills,
        scratch=kernel.scratch,
        shared=kernel.shared,
        barriers=code.barriers,
        loops=code.has_loops,
        loads=code.loads,
        stores=code.stores,
        loaded=bytes_of(code.loads) * threads // launch.rows,
        stored=bytes_of(code.stores) * threads // launch.rows,
        fewest_loaded=fewest_loaded,
        fewest_stored=fewest_stored,
    )
