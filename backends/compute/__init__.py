# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs program images on devices that IREE has no driver for: through Level Zero, or through OpenCL."""
