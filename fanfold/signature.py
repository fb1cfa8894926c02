# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a compiled model takes and gives: pytree structures, and a tensor for each leaf of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class TensorSpec:
    """A tensor among the inputs or outputs.

    Attributes:
        name: Its name in the model, for messages.
        shape: Its sizes; ``None`` for a dynamic one.
        dtype: Its dtype without ``torch.``, for example ``bfloat16``.
        symbols: One entry for each dim: the name of a dynamic size, or ``None``. Dims with equal names have equal
            sizes, which calls check. Empty when nothing is known about that.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    symbols: tuple[str | None, ...] = ()

    def __str__(self) -> str:
        symbols = self.symbols or (None,) * len(self.shape)
        sizes = (symbol or "?" if size is None else str(size) for size, symbol in zip(self.shape, symbols, strict=True))
        return f"{self.dtype}[{', '.join(sizes)}]"


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a compiled model.

    Attributes:
        in_spec: ``torch.utils._pytree.treespec_dumps`` of ``(args, kwargs)``.
        out_spec: The same of the result.
        inputs: One spec for each leaf of ``in_spec``.
        outputs: One spec for each leaf of ``out_spec``.
    """

    in_spec: str
    out_spec: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def __str__(self) -> str:
        inputs = ", ".join(f"{spec.name}: {spec}" for spec in self.inputs)
        return f"({inputs}) -> ({', '.join(str(spec) for spec in self.outputs)})"

    def to_json(self) -> dict[str, Any]:
        """Return the signature as JSON-serialisable data."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Signature:
        """Rebuild a signature from :meth:`to_json` data.

        Raises:
            KeyError, TypeError: If the data is not a signature's.
        """
        return Signature(
            in_spec=data["in_spec"],
            out_spec=data["out_spec"],
            inputs=tuple(_tensor_from_json(leaf) for leaf in data["inputs"]),
            outputs=tuple(_tensor_from_json(leaf) for leaf in data["outputs"]),
        )


def _tensor_from_json(data: dict[str, Any]) -> TensorSpec:
    return TensorSpec(data["name"], tuple(data["shape"]), data["dtype"], tuple(data["symbols"]))
