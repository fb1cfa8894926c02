# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Row-wise ops as `linalg` and `tensor` ops: what is lowered when a target's kernel generator refuses a region."""
