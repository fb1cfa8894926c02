# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels of `fanfold.rows` for GPUs: a row is shared by the lanes of a workgroup and kept in their registers."""
