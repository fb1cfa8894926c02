# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads PTX: the kernels of a module with their accesses, barriers and loops."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from fanfold.errors import CompileError

from .code import Code, tally
from .control_flow import Block, in_loops, run_by_all

_ENTRY = re.compile(r"\.entry\s+([\w$]+)\s*\(.*?\)(.*?)\{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
_THREADS = re.compile(r"\.(?:maxntid|reqntid)\s+([0-9, ]+)")
_LABEL = re.compile(r"([$\w]+):$")
_INSTRUCTION = re.compile(r"(?P<guard>@!?%\w+\s+)?(?P<name>[a-z][\w.:]*)\s*(?P<operands>.*?);")
_ELEMENT = re.compile(r"[busf](8|16|32|64|128)")
_OTHER_MEMORY = {"shared", "local", "param", "const"}


@dataclass(frozen=True)
class PtxKernel:
    """A kernel in PTX.

    Attributes:
        code: Its counted instructions.
        threads: Threads of a workgroup.
    """

    code: Code
    threads: int


def read_ptx(text: str) -> dict[str, PtxKernel]:
    """Return the kernels of a PTX module by name.

    Raises:
        CompileError: If there is none, or the text has a form that is not known here.
    """
    found = {}
    for name, directives, body in _ENTRY.findall(text):
        threads = _THREADS.search(directives)
        if threads is None:
            raise _unknown(f"the entry {name} without .maxntid or .reqntid")
        count = math.prod(map(int, threads[1].split(",")))
        found[name] = PtxKernel(_count(name, _blocks(body)), count)
    if not found:
        raise _unknown("no .entry")
    return found


def _blocks(body: str) -> list[Block]:
    blocks = [Block()]
    for line in map(str.strip, body.splitlines()):
        label, instruction = _LABEL.match(line), _INSTRUCTION.match(line)
        if label:
            blocks.append(Block(label[1]))
        elif instruction:
            blocks[-1].lines.append(line)
            name = instruction["name"].partition(".")[0]
            if name in {"bra", "ret", "exit"}:
                blocks[-1].targets += [instruction["operands"].strip()] if name == "bra" else []
                blocks[-1].falls = instruction["guard"] is not None
                blocks.append(Block())
    # Behind the last end there is nothing.
    return blocks if blocks[-1].lines or blocks[-1].label else blocks[:-1]


def _count(name: str, blocks: list[Block]) -> Code:
    by_all = run_by_all(blocks)
    loads: list[tuple[int, bool]] = []
    stores: list[tuple[int, bool]] = []
    barriers = 0
    for number, block in enumerate(blocks):
        for instruction in filter(None, map(_INSTRUCTION.match, block.lines)):
            parts = instruction["name"].split(".")
            guarded = number not in by_all or instruction["guard"] is not None
            # `ld.shared::cta`, `ld.global.L1::no_allocate`: a memory may have a part, a cache a hint.
            elsewhere = _OTHER_MEMORY.intersection(part.partition("::")[0] for part in parts)
            if parts[0] in {"bar", "barrier"}:
                barriers += 1
            elif parts[:2] == ["cp", "async"] and "global" in parts:
                loads.append((int(instruction["operands"].split(",")[2]), guarded))
            elif parts[0] in {"ld", "ldu", "atom"} and not elsewhere:
                loads.append((_width(parts), guarded))
            elif parts[0] in {"st", "red"} and not elsewhere:
                stores.append((_width(parts), guarded))
    return Code(name, tally(loads), tally(stores), barriers, bool(in_loops(blocks)))


def _width(parts: list[str]) -> int:
    element = _ELEMENT.fullmatch(parts[-1])
    if element is None:
        raise _unknown(".".join(parts))
    count = next((int(part[1:]) for part in parts if re.fullmatch("v[248]", part)), 1)
    return count * int(element[1]) // 8


def _unknown(what: str) -> CompileError:
    return CompileError("the PTX has a form that is not known here", stage="inspect", found=what)
