# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``python -m benchmarks.instructions``: what the CPU kernel's loops execute for an element, counted in its assembly.

The kernel is that of ``benchmarks.cpu``: RMSNorm and two equal group-128 FP8 quantisations of bf16. It runs on no clock
and on no particular processor, so that a change of the generator shows on every machine, also for processors that this
one is not.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

#: The loops in the order in which a row passes them, each known by an instruction that no later one has.
LOOPS = {"sum of squares": r"vfmadd231ps", "values and maxima": r"vpmaxsw", "codes": r"vpackuswb|vpmovwb"}

#: What instructions are for, by how they begin; what is in no list is arithmetic of addresses and jumps.
KINDS = {
    "memory": r"v?mov(dq|up|ap)",
    "f32": r"v(mul|add|fmadd|fnmadd|div|min|max)\w*ps",
    "16 and 32 bits": r"vp(add|sub|and|or|xor|srl|sll|sra|max|min|cmp|ternlog)|vblendv",
    "places": r"vp(blend|pack|perm|unpck|shuf|mov)|vextract",
}


@dataclass(frozen=True)
class Loop:
    """An innermost loop of the assembly: its instructions."""

    lines: tuple[str, ...]

    def has(self, pattern: str) -> bool:
        """Return whether an instruction begins with a pattern."""
        return any(re.match(pattern, line) for line in self.lines)

    @property
    def name(self) -> str | None:
        """Which of `LOOPS` it is, if any; the exact form of the codes, which has divisions, is rare."""
        names = [name for name, pattern in LOOPS.items() if self.has(pattern)]
        return names[-1] if names and not self.has("vdiv") else None

    @property
    def columns(self) -> int:
        """Columns of an iteration, from its loads of bf16: whole registers, beside x also those of the weights."""
        widths = {"x": 8, "y": 16, "z": 32}
        loads = [m[1] for line in self.lines if (m := re.match(r"vmovdqu\w*\s+\S*\(.*\), %([xyz])mm", line))]
        return sum(widths[kind] for kind in loads) // (2 if self.name == "values and maxima" else 1)


def loops_of(assembly: str) -> Iterable[Loop]:
    """Yield the innermost loops: runs of instructions that end with a jump to where they begin."""
    label = ""
    lines: list[str] = []
    for line in assembly.splitlines():
        if mark := re.match(r"(\.LBB\w+):", line):
            label, lines = mark[1], []
        elif re.match(r"\s+[a-z]", line):
            lines.append(line.strip())
            if lines[-1].startswith("j") and lines[-1].split()[-1] == label:
                yield Loop(tuple(lines))


def assembly_of(target: str, width: int) -> str:
    """Compile the benchmark's model and return the assembly of its kernel."""
    import fanfold
    from benchmarks.model import NormQuant, example_input, quantize_fanfold
    from fanfold.backends.iree_compiler import find_compiler
    from fanfold.backends.target import parse_target

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = NormQuant(width, quantize_fanfold).eval()
        fanfold.compile(model, (example_input(16, width),), target=target, dump_dir=folder)
        (source,) = (folder / "iree").glob("input.mlir*")
        flags = [
            *parse_target(target).compiler_flags(),
            f"--iree-hal-dump-executable-intermediates-to={folder / 'asm'}",
        ]
        command = [str(find_compiler()), str(source), *flags, "-o", str(folder / "module.vmfb")]
        subprocess.run(command, check=True, capture_output=True)
        (assembly,) = (folder / "asm").glob("*.s")
        return assembly.read_text(encoding="utf-8")


@click.command()
@click.option("--target", "targets", multiple=True, default=("cpu:x86-64-v3", "cpu:x86-64-v4"), show_default=True)
@click.option("--width", default=7168, show_default=True, help="Columns of a row.")
def main(targets: tuple[str, ...], width: int) -> None:
    """Count the instructions of the CPU kernel's loops."""
    from rich.console import Console
    from rich.table import Column, Table

    for target in targets:
        table = Table(Column("loop"), "columns", "instructions", "an element", *KINDS, title=target, box=None)
        # The last block of a row has loops of its own, of the same instructions.
        loops = {loop.name: loop for loop in loops_of(assembly_of(target, width))}
        for name in LOOPS:
            loop = loops[name]
            kinds = Counter(_kind(line) for line in loop.lines)
            each = len(loop.lines) / loop.columns
            table.add_row(
                name, *map(str, (loop.columns, len(loop.lines))), f"{each:.2f}", *(str(kinds[k]) for k in KINDS)
            )
        table.add_row("all", "", "", f"{sum(len(loops[name].lines) / loops[name].columns for name in LOOPS):.2f}")
        Console().print(table)


def _kind(line: str) -> str:
    return next((kind for kind, begin in KINDS.items() if re.match(begin, line)), "rest")


if __name__ == "__main__":
    main()
