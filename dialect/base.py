# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The dialect object that every op registers with."""

from torch_mlir.dialects import ext


class Fanfold(ext.Dialect, name="fanfold"):
    """Row-wise ops on rank-2 tensors ``tensor<R x D x T>`` and the fused region ``fanfold.rows``."""
