# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The two flavours of fp8, which of them a device computes with, and how values of one are kept in the other.

OCP (``float8_e4m3fn``, ``float8_e5m2``) is what NVIDIA has, and AMD from gfx950 on; gfx942 has FNUZ. The exponent bias
of an FNUZ type is greater by one: the same byte is half the value. So a tensor with a scale is kept byte for byte, for
twice the scale. What has no such byte is -0 (FNUZ has one zero; its code is FNUZ's NaN), NaN, and what is beyond the
range of the other type.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The types of each flavour, by MLIR's names; counterparts are at the same place.
FLAVOURS = {"ocp": ("f8E4M3FN", "f8E5M2"), "fnuz": ("f8E4M3FNUZ", "f8E5M2FNUZ")}

#: What a user can ask for: the model's types as they are, those of the target, or a flavour by name.
POLICIES = ("exact", "native", *FLAVOURS)

COUNTERPARTS = dict(zip(FLAVOURS["ocp"], FLAVOURS["fnuz"], strict=True)) | dict(
    zip(FLAVOURS["fnuz"], FLAVOURS["ocp"], strict=True)
)

#: The names without ``torch.``.
DTYPES = {
    "f8E4M3FN": "float8_e4m3fn",
    "f8E4M3FNUZ": "float8_e4m3fnuz",
    "f8E5M2": "float8_e5m2",
    "f8E5M2FNUZ": "float8_e5m2fnuz",
}

#: Magnitude that codes reach in each type: the largest one, but for ``f8E4M3FNUZ``, where it is vLLM's 224 and not 240,
#: and ``f8E5M2FNUZ``, which follows it: what the largest value of the counterpart is half of.
REACH = {"f8E4M3FN": 448.0, "f8E5M2": 57344.0, "f8E4M3FNUZ": 224.0, "f8E5M2FNUZ": 28672.0}


def gain(source: str) -> float:
    """Return how many times as large a code is in `source` as in its counterpart."""
    return 2.0 if source in FLAVOURS["ocp"] else 0.5


@dataclass(frozen=True)
class Float8Choice:
    """Which fp8 types a model may have, and what becomes of the others.

    Attributes:
        target: The target, for messages.
        types: The types that may be there, by MLIR's names; none allows all.
        converts: Whether the others are converted to these; they are refused otherwise.
    """

    target: str = ""
    types: tuple[str, ...] = ()
    converts: bool = False

    def is_foreign(self, element: str) -> bool:
        """Return whether an element type is fp8 of the flavour that must not stay."""
        return bool(self.types) and element in DTYPES and element not in self.types

    def renamed(self, dtype: str) -> str:
        """Return the dtype (without ``torch.``) that tensors of this dtype have after a conversion."""
        element = next((name for name, found in DTYPES.items() if found == dtype), None)
        return DTYPES[COUNTERPARTS[element]] if element is not None and self.is_foreign(element) else dtype


#: All types, as they are.
ANY = Float8Choice()
