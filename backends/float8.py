# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a policy on fp8 types means for a target."""

from __future__ import annotations

from collections.abc import Sequence

from fanfold.errors import TargetError
from fanfold.float8 import DTYPES, FLAVOURS, POLICIES, Float8Choice


def choose(policy: str, target: str, hardware: Sequence[str]) -> Float8Choice:
    """Return what a policy means for a target.

    Args:
        policy: One of `POLICIES`.
        target: The target's name.
        hardware: The fp8 types that its hardware has.

    Raises:
        TargetError: If there is no such policy, or the target has the other flavour.
    """
    if policy not in POLICIES:
        raise TargetError(
            f"there is no fp8 policy {policy!r}", stage="target", expected=" or ".join(POLICIES), found=policy
        )
    if policy in ("exact", "native"):
        return Float8Choice(target, tuple(hardware), converts=policy == "native")
    types = FLAVOURS[policy]
    if hardware and not set(types) <= set(hardware):
        raise TargetError(
            f"{target} does not have the fp8 types asked for",
            stage="target",
            expected=" and ".join(DTYPES[name] for name in hardware),
            found=f"fp8={policy!r}: {' and '.join(DTYPES[name] for name in types)}",
            remedy="compile with fp8='native', which takes the target's own",
        )
    return Float8Choice(target, types, converts=True)
