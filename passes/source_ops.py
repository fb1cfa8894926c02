# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Norms, activations and quantisations by PyTorch's names, and which op of the model an op was a part of.

The frontend takes many ops apart, and keeps their names in the locations of the parts:
``loc("aten.layer_norm#layer_norm_1"("model.py":6:0))`` is the op ``aten.layer_norm``, told apart from others of that
line by its name in the exported graph. An op without such a name stands for itself.
"""

import re
from dataclasses import dataclass
from zlib import crc32

from torch_mlir import ir

_NAME = re.compile(r'"(\w+\.[\w.]+)#([^"]+)"\(')

#: Functions of single values, as PyTorch calls them.
ACTIVATIONS = frozenset(
    f"aten.{name}"
    for name in (
        *("relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "selu", "celu", "gelu", "silu", "mish", "hardswish"),
        *("hardsigmoid", "hardtanh", "sigmoid", "log_sigmoid", "tanh", "softplus", "softsign", "glu", "threshold"),
    )
)

_MEAN = "it subtracts the mean, and kernels have RMS norms only"
_CHANNELS = "its mean and variance are over more than a row: kernels have RMS norms of rows only"
_CONSTANTS = "its mean and variance are constants: it is a factor and a bias for each channel, and no norm of rows"

#: Norms of PyTorch that kernels do not have, with the reason.
NORMS = {
    "aten.layer_norm": _MEAN,
    "aten.native_layer_norm": _MEAN,
    "aten.group_norm": _CHANNELS,
    "aten.native_group_norm": _CHANNELS,
    "aten.instance_norm": _CHANNELS,
    "aten.batch_norm": _CONSTANTS,
    "aten.cudnn_batch_norm": _CONSTANTS,
    "aten.native_batch_norm": _CONSTANTS,
    "aten._native_batch_norm_legit": _CONSTANTS,
    "aten._native_batch_norm_legit_no_training": _CONSTANTS,
}

#: What rounds to the values of a quantisation, and keeps the type.
FAKE_QUANTIZATIONS = frozenset(
    f"aten.{name}"
    for name in (
        *("fake_quantize_per_tensor_affine", "fake_quantize_per_tensor_affine_cachemask"),
        *("fake_quantize_per_channel_affine", "fake_quantize_per_channel_affine_cachemask"),
        *("_fake_quantize_per_tensor_affine_cachemask_tensor_qparams", "fused_moving_avg_obs_fake_quant"),
    )
)


@dataclass(frozen=True)
class SourceOp:
    """An op of the model.

    Attributes:
        name: Its name without the overload, such as ``aten.layer_norm``.
        key: What tells it apart from others.
    """

    name: str
    key: str

    def origin(self, where: str) -> str:
        """Return its origin, as `origins` has them, at a position in the user's code."""
        return f"{self.name}@{where}#{crc32(self.key.encode())}"


def source_of(op: ir.Operation) -> SourceOp | None:
    """Return the op of the model that an op was a part of, None if its location does not say."""
    found = _NAME.search(str(op.location))
    return None if found is None else SourceOp(found[1], found[2])


def is_activation(name: str) -> bool:
    """Return whether an op of this name, with or without its overload, is an activation."""
    return ".".join(name.removeprefix("torch.").split(".")[:2]).rstrip("_") in ACTIVATIONS
