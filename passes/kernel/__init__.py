# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The kernel generator: one `fanfold.rows` region becomes one kernel in arith, math, vector, memref and scf."""
