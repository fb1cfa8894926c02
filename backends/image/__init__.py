# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs for devices that IREE has no driver for: what its schedule does, as plain data, with the device's code."""
