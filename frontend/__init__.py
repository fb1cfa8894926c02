# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The frontend: a PyTorch model becomes a module in the `torch` dialect, its weights and its signature."""

from .export import export_model, load_program
from .model import ImportedModel, import_model
from .vllm import register_vllm_ops

__all__ = ["ImportedModel", "export_model", "import_model", "load_program", "register_vllm_ops"]
