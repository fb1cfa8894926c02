# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the compiler did: passes with their rewrite counts, and one decision for each row-wise op of the model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class PassRecord:
    """One pass that ran.

    Attributes:
        name: The pass's command-line name, for example ``form-rows``.
        rewrites: How many rewrites it made.
        seconds: Wall time in seconds.
    """

    name: str
    rewrites: int
    seconds: float


@dataclass(frozen=True)
class Decision:
    """What became of one row-wise op (norm, activation or quantisation) of the source model.

    Attributes:
        op: What it was in the model, for example ``torch.aten.rms_norm``.
        location: The user's source position (``file.py:12``), or ``unknown``.
        kernel: The kernel that computes it, or ``None`` when it has no kernel of ours.
        fused_with: The other source ops in that kernel.
        reason: Why it is not in a kernel, or not with its neighbours; empty when there is nothing to explain.
    """

    op: str
    location: str
    kernel: str | None
    fused_with: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """The account of one compilation, stored in the artifact.

    Attributes:
        target: The canonical target, for example ``cpu``.
        dispatches: Device dispatches in one call.
        passes: The passes in the order in which they ran.
        decisions: One entry for each norm, activation and quantisation of the source model.
        versions: Versions of the tools that made the artifact.
        timings: Seconds by stage (``export``, ``import``, ``passes``, ``compile``).
    """

    target: str
    dispatches: int
    passes: tuple[PassRecord, ...] = ()
    decisions: tuple[Decision, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def kernel_dispatches(self) -> int:
        """How many of the dispatches run kernels of ours."""
        return sum(record.rewrites for record in self.passes if record.name == "lower-rows-to-kernel")

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON-serialisable data."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Report:
        """Rebuild a report from :meth:`to_json` data.

        Raises:
            KeyError, TypeError: If the data is not a report's.
        """
        return Report(
            target=data["target"],
            dispatches=data["dispatches"],
            passes=tuple(PassRecord(**p) for p in data["passes"]),
            decisions=tuple(Decision(**{**d, "fused_with": tuple(d["fused_with"])}) for d in data["decisions"]),
            versions=dict(data["versions"]),
            timings=dict(data["timings"]),
        )

    def __str__(self) -> str:
        fused = sum(1 for d in self.decisions if d.kernel)
        taken = f"{fused} of {len(self.decisions)} row-wise ops in fanfold kernels"
        lines = [f"target {self.target}: {self.dispatches} dispatches per call, {taken}"]
        lines += [f"  {p.name:<24} {p.rewrites:>5} rewrites  {p.seconds * 1e3:8.1f} ms" for p in self.passes]
        for d in self.decisions:
            what = f"fused into {d.kernel}" if d.kernel else "not fused"
            mates = f" with {', '.join(d.fused_with)}" if d.fused_with else ""
            why = f": {d.reason}" if d.reason else ""
            lines.append(f"  {d.op} at {d.location}: {what}{mates}{why}")
        return "\n".join(lines)
