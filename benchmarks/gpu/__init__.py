# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The GPU benchmark: a folder is made on any machine, and run on one with a GPU, PyTorch and nothing else."""
