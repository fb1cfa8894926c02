# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whole models of Hugging Face's: every kernel is converted, valid and built, and the logits are eager's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spirv.intel_cpu import IntelCpu
from spirv.test_dispatches import compiled

SIZES = {
    "vocab_size": 256,
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}


class Logits(nn.Module):
    """A language model without its cache."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model.eval()

    def forward(self, ids: Tensor) -> Any:
        """Return the logits of tokens."""
        return self.model(input_ids=ids, use_cache=False).logits


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "dtype", "limit"),
    [
        ("Llama", torch.bfloat16, 8e-2),
        ("Qwen3", torch.float32, 1e-5),
    ],
    ids=str,
)
def test_a_language_model(family: str, dtype: torch.dtype, limit: float, tmp_path: Path, intel: IntelCpu) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers comes with the extra `examples`")
    config = getattr(transformers, f"{family}Config")(**SIZES, **({"head_dim": 32} if family == "Qwen3" else {}))
    model = Logits(getattr(transformers, f"{family}ForCausalLM")(config).to(dtype))
    batch, length = torch.export.Dim("batch", min=1), torch.export.Dim("length", min=2)
    shapes = {"ids": {0: batch, 1: length}}
    executable = compiled(model, (torch.randint(0, 256, (2, 16)),), tmp_path, intel, shapes)
    for size in ((2, 16), (1, 33)):
        ids = torch.randint(0, 256, size)
        with torch.no_grad():
            expected = model(ids)
        torch.testing.assert_close(executable(ids), expected, rtol=limit, atol=limit)
