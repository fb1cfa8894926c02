# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the compiler did: passes with their counts, kernels, and one decision for each row-wise op of the model."""

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
        fused_with: The other source ops in its kernels, those that were absorbed (casts, sums) included.
        reason: Why it is not in a kernel, or not with its neighbours; empty when there is nothing to explain.
        also_in: More kernels that compute it or a part of it, as with one dynamic scale for a whole tensor.
        left: Whether it is left to IREE without a loss: no kernel of ours has it as a neighbour.
    """

    op: str
    location: str
    kernel: str | None
    fused_with: tuple[str, ...] = ()
    reason: str = ""
    also_in: tuple[str, ...] = ()
    left: bool = False

    @property
    def missed(self) -> bool:
        """Whether a fusion was missed: the op has no kernel of ours, or is not in that of its producer."""
        return not self.left and (self.kernel is None or bool(self.reason))

    @property
    def kernels(self) -> tuple[str, ...]:
        """All kernels that compute it or a part of it."""
        return () if self.kernel is None else (self.kernel, *self.also_in)


@dataclass(frozen=True)
class KernelRecord:
    """One kernel that was made.

    Attributes:
        name: Its symbol, as in :attr:`Decision.kernel`.
        dispatches: How often one call of the model dispatches it.
        operands: Types of the tensors that it reads, for example ``bf16[?, 1536]``.
        results: Types of the tensors that it writes.
    """

    name: str
    dispatches: int
    operands: tuple[str, ...]
    results: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """The account of one compilation, stored in the artifact.

    Attributes:
        target: The canonical target, for example ``cpu``.
        dispatches: Device dispatches in one call; ``None`` when IREE did not run, as in :func:`fanfold.explain`.
        passes: The passes in the order in which they ran.
        decisions: One entry for each norm, activation and quantisation of the source model.
        versions: Versions of the tools that made the artifact.
        timings: Seconds by stage (``export``, ``import``, ``passes``, ``compile``).
        kernels: The kernels that were made.
        key: Hash of all that turned the model into this artifact, see ``fanfold key``: with equal keys, equal models
            become equal artifacts.
    """

    target: str
    dispatches: int | None
    passes: tuple[PassRecord, ...] = ()
    decisions: tuple[Decision, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    kernels: tuple[KernelRecord, ...] = ()
    key: str = ""

    @property
    def missed(self) -> tuple[Decision, ...]:
        """The decisions behind which a fusion was missed."""
        return tuple(d for d in self.decisions if d.missed)

    @property
    def left(self) -> tuple[Decision, ...]:
        """The decisions on what is left to IREE, with no fusion missed."""
        return tuple(d for d in self.decisions if d.left)

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

        Artifacts made before there were a key and a list of kernels have neither; they are read as empty.

        Raises:
            KeyError, TypeError: If the data is not a report's.
        """
        return Report(
            target=data["target"],
            dispatches=data["dispatches"],
            passes=tuple(PassRecord(**p) for p in data["passes"]),
            decisions=tuple(
                Decision(**{**d, "fused_with": tuple(d["fused_with"]), "also_in": tuple(d.get("also_in", ()))})
                for d in data["decisions"]
            ),
            versions=dict(data["versions"]),
            timings=dict(data["timings"]),
            kernels=tuple(
                KernelRecord(k["name"], k["dispatches"], tuple(k["operands"]), tuple(k["results"]))
                for k in data.get("kernels", ())
            ),
            key=data.get("key", ""),
        )

    def __str__(self) -> str:
        fused = sum(1 for d in self.decisions if d.kernel)
        taken = f"{fused} of {len(self.decisions)} row-wise ops in fanfold kernels"
        calls = "" if self.dispatches is None else f"{self.dispatches} dispatches per call, "
        lines = [f"target {self.target}: {calls}{taken}"]
        lines += [f"  {p.name:<24} {p.rewrites:>5} rewrites  {p.seconds * 1e3:8.1f} ms" for p in self.passes]
        for d in self.decisions:
            what = f"fused into {' and '.join(d.kernels)}" if d.kernel else "left to IREE" if d.left else "not fused"
            mates = f" with {', '.join(d.fused_with)}" if d.fused_with else ""
            why = f": {d.reason}" if d.reason else ""
            lines.append(f"  {d.op} at {d.location}: {what}{mates}{why}")
        return "\n".join(lines)
