# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the kernels aim at, and whether a run shows it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.gpu.results import Cell

COPY_SHARE = 0.85
COPY_FROM_BYTES = 64 << 20
INDUCTOR_FACTOR = 1.2


@dataclass(frozen=True)
class Verdict:
    """One aim.

    Attributes:
        aim: What it is.
        met: Whether it is met; ``None`` if nothing that was measured tells.
        found: What was found.
    """

    aim: str
    met: bool | None
    found: str

    def __str__(self) -> str:
        return f"{'not measured' if self.met is None else 'PASS' if self.met else 'FAIL'}: {self.aim}: {self.found}"


def geometric_mean(ratios: Iterable[float | None]) -> float | None:
    """Return the geometric mean of the ratios that are known, or ``None``."""
    known = [math.log(ratio) for ratio in ratios if ratio is not None]
    return math.exp(sum(known) / len(known)) if known else None


def verdicts(cells: Sequence[Cell]) -> list[Verdict]:
    """Return a verdict for each aim."""
    return [_numbers(cells), _launches(cells), _bandwidth(cells, "on_device"), *_inductor(cells)]


def _numbers(cells: Sequence[Cell]) -> Verdict:
    # A call that fails has no numbers either.
    met = ({*cell.agreement, *cell.errors} & {"fanfold", "process", "inputs"} for cell in cells)
    found = [cell.agreement.get("fanfold", "failed") for cell, known in zip(cells, met, strict=True) if known]
    wrong = sum(text != "ok" for text in found)
    said = f"{len(found) - wrong} of {len(found)} cells"
    return Verdict("the numbers are eager's on the same device", not wrong if found else None, said)


def _launches(cells: Sequence[Cell]) -> Verdict:
    found = [cell.dispatches["fanfold"] for cell in cells if "fanfold" in cell.dispatches]
    said = f"{min(found)} to {max(found)} in {len(found)} cells" if found else "nothing ran"
    return Verdict("one launch a region", max(found) == 1 if found else None, said)


def _bandwidth(cells: Sequence[Cell], kind: str) -> Verdict:
    aim = f"at least {COPY_SHARE:.0%} of a copy's bandwidth from 64 MiB on, on the device alone, in every cell"
    shares = {
        f"{cell.program.name} at {cell.tokens}": share
        for cell in cells
        if cell.bytes >= COPY_FROM_BYTES and (share := cell.ratio("copy", kind)) is not None
    }
    if not shares:
        return Verdict(aim, None, "no cell of this size has both times")
    worst = min(shares, key=shares.__getitem__)
    missed = sum(share < COPY_SHARE for share in shares.values())
    mean = geometric_mean(shares.values())
    said = f"{missed} of {len(shares)} cells below; mean {mean:.0%}, least {shares[worst]:.0%} ({worst})"
    return Verdict(aim, not missed, said)


def _inductor(cells: Sequence[Cell]) -> list[Verdict]:
    found = []
    for kind, where in (("on_device", "on the device alone"), ("throughput", "a call among many")):
        aim = f"{INDUCTOR_FACTOR} times torch.compile in geometric mean, {where}"
        mean = geometric_mean(cell.ratio("torch.compile", kind) for cell in cells)
        met = None if mean is None else mean >= INDUCTOR_FACTOR
        found.append(Verdict(aim, met, "no cell has both times" if mean is None else f"{mean:.2f}"))
    return found
