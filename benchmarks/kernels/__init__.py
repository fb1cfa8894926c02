# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The static report on GPU kernels: what vendors' tools say of the code for a fixed set of regions."""
