# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads the assembly of AMD's GPUs: the kernels of a module with their accesses, barriers and loops."""

from __future__ import annotations

import re

from fanfold.errors import CompileError

from .code import Code, tally
from .control_flow import Block, in_loops, run_by_all

_KERNEL = re.compile(r"^(\w\S*):[^\n]*\n(.*?)^\.Lfunc_end\d+:", re.DOTALL | re.MULTILINE)
_LABEL = re.compile(r"(\.L\w+):")
_ACCESS = re.compile(r"(?:global|flat|buffer)_(load|store|atomic)_(\w+)")
_ELEMENTS = {"dword": 4, "short": 2, "ushort": 2, "sshort": 2, "byte": 1, "ubyte": 1, "sbyte": 1}


def read_gcn(text: str) -> dict[str, Code]:
    """Return the kernels of an assembly file by name.

    Raises:
        CompileError: If there is none, or the text has a form that is not known here.
    """
    found = {name: _count(name, _blocks(body)) for name, body in _KERNEL.findall(text)}
    if not found:
        raise _unknown("no function")
    return found


def _blocks(body: str) -> list[Block]:
    blocks = [Block()]
    for full in body.splitlines():
        line = full.partition(";")[0].strip()
        label = _LABEL.match(line)
        if label:
            blocks.append(Block(label[1]))
        elif line and not line.startswith("."):
            blocks[-1].lines.append(line)
            name, _, operands = line.partition(" ")
            if name.startswith(("s_branch", "s_cbranch", "s_endpgm")):
                blocks[-1].targets += [] if name == "s_endpgm" else [operands.strip()]
                blocks[-1].falls = name.startswith("s_cbranch")
                blocks.append(Block())
    # Behind the last end there is padding.
    return blocks if blocks[-1].lines or blocks[-1].label else blocks[:-1]


def _count(name: str, blocks: list[Block]) -> Code:
    by_all, lanes = run_by_all(blocks), _ActiveLanes()
    loads: list[tuple[int, bool]] = []
    stores: list[tuple[int, bool]] = []
    barriers = 0
    for number, block in enumerate(blocks):
        for line in block.lines:
            mnemonic, _, operands = line.partition(" ")
            lanes.step(mnemonic, [operand.strip() for operand in operands.split(",")])
            access = _ACCESS.match(mnemonic)
            if access:
                of_kind = stores if access[1] == "store" else loads
                of_kind.append((_width(access[2]), number not in by_all or lanes.some_are_off))
            # Since gfx12 a barrier is a signal and a wait.
            barriers += mnemonic in {"s_barrier", "s_barrier_signal"}
    return Code(name, tally(loads), tally(stores), barriers, bool(in_loops(blocks)))


class _ActiveLanes:
    """Follows the mask of active lanes in the order of the text, in which compilers lay out nested conditions."""

    def __init__(self) -> None:
        #: The registers that hold a mask from before a condition.
        self._saved: set[str] = set()

    @property
    def some_are_off(self) -> bool:
        return bool(self._saved)

    def step(self, mnemonic: str, operands: list[str]) -> None:
        exec_is = operands[0].startswith("exec")
        if "saveexec" in mnemonic:
            # With `or` this is the other side of a condition: a mask is taken out and put in.
            self._saved.discard(operands[1])
            self._saved.add(operands[0])
        elif exec_is and mnemonic.startswith(("s_or_b", "s_mov_b")):
            self._saved.discard(operands[-1])
        elif mnemonic.startswith(("s_xor_b", "s_mov_b")) and self._saved.intersection(operands[1:]) and not exec_is:
            self._saved.difference_update(operands[1:])
            self._saved.add(operands[0])


def _width(what: str) -> int:
    """Return the bytes of `dwordx4`, `b128`, `ushort`, `short_d16_hi`, `d16_hi_b8`, `add_f32` and the like."""
    words = what.split("_")
    for word in words:
        element, _, count = word.partition("x")
        if element in _ELEMENTS:
            return _ELEMENTS[element] * int(count or 1)
    bits = re.fullmatch(r"[bufi](\d+)", words[-1])
    if bits is None or int(bits[1]) % 8:
        raise _unknown(what)
    return int(bits[1]) // 8


def _unknown(what: str) -> CompileError:
    return CompileError("the assembly has a form that is not known here", stage="inspect", found=what)
