# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Errors that say at which step of a program they happened."""

from __future__ import annotations

from fanfold.errors import FanfoldError


def at(error: FanfoldError, place: str) -> FanfoldError:
    """Return an error like another that says where it happened, unless that does already.

    Args:
        error: What happened.
        place: The step of the program, with its kernel.
    """
    if error.op is not None:
        return error
    fields = {name: value for name, value in vars(error).items() if name not in ("message", "op", "__notes__")}
    return type(error)(error.message, op=place, **fields)
