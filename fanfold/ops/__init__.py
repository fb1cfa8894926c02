# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Torch custom ops of fanfold: norms, activations and quantisations, one row (last dim) at a time.

Each op is ``torch.ops.fanfold.<name>`` with a schema, an implementation in plain torch that runs on every device, and
a shape function, so that it traces through ``torch.export`` as a single node. The implementation is the oracle that
compiled models are compared with: it is written for clarity, not for speed. The functions here are the same ops with
names, defaults and documentation.

The ops have no derivative: they are for inference.
"""

from .activation import silu_and_mul
from .checks import ArgumentError
from .group_quant import group_quant
from .norm import add_rms_norm, rms_norm
from .static_quant import static_quant
from .tensor_quant import tensor_quant
from .token_quant import token_quant

__all__ = [
    "ArgumentError",
    "add_rms_norm",
    "group_quant",
    "rms_norm",
    "silu_and_mul",
    "static_quant",
    "tensor_quant",
    "token_quant",
]
