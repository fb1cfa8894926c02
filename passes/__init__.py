# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""MLIR rewrite passes from the `torch` dialect to kernels and dispatches; `pipeline` is the whole of it in order."""
