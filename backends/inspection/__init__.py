# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads what vendors' tools say of compiled GPU kernels: PTX and its assembler, GCN assembly and its ELF file."""
