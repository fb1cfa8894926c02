# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The names of the model's own ops, which most of them lose when they are taken apart.

A LayerNorm is a variance, a root and some products by the time that the passes see it. Its name stays in the location
of each part, ``loc("aten.layer_norm#layer_norm_1"("model.py":6:0))``; ``layer_norm_1`` tells it apart from others.
"""

from __future__ import annotations

import torch
from torch_mlir import ir


def named(location: ir.Location, node: torch.fx.Node) -> ir.Location:
    """Return a node's location with the name of the op of the model that the node is a part of."""
    source = source_name(node)
    return location if source is None else ir.Location.name(source, childLoc=location, context=location.context)


def source_name(node: torch.fx.Node) -> str | None:
    """Return ``<op without overload>#<node of the exported graph>`` of the first graph that the exporter recorded."""
    found = None
    steps = node.meta.get("from_node") or ()
    while steps:
        step = steps[-1]
        # Steps that are no ops are modules and placeholders.
        target = str(step.target).split(".")
        if target[0] == "aten" and len(target) > 1:
            found = f"aten.{target[1]}#{step.name}"
        steps = step.from_node or ()
    return found
