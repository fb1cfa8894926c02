# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How a torch custom op is registered, for `fanfold::*` and for the ops that stand in for vLLM's."""

from collections.abc import Callable
from typing import Any

import torch

#: The library of `torch.ops.fanfold.*`; it must live as long as the ops do.
FANFOLD = torch.library.Library("fanfold", "DEF")


def define_op(library: torch.library.Library, schema: str, eager: Callable[..., Any], fake: Callable[..., Any]) -> None:
    """Define one op: its schema, what it computes and the shapes and dtypes of its results.

    Args:
        library: The library of the op's namespace.
        schema: The op's schema without namespace, such as ``relu(Tensor x) -> Tensor``.
        eager: Computes the op on any device. Results alias no operand and have the strides of the fake ones.
        fake: Returns empty tensors like the results; sizes may be symbolic.
    """
    library.define(schema, tags=(torch.Tag.pt2_compliant_tag,))
    name = schema.partition("(")[0]
    library.impl(name, eager, "CompositeExplicitAutograd")
    torch.library.register_fake(f"{library.ns}::{name}", fake, lib=library)
