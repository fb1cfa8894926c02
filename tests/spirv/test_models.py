# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A whole model of Hugging Face's: every kernel is converted, valid and built, and the logits are eager's."""

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
    "head_dim": 32,
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
def test_a_language_model(tmp_path: Path, intel: IntelCpu) -> None:
    """One is enough for each run of the tests: it takes Intel's compiler a minute. `tests/xpu` has Llama's layer."""
    transformers = pytest.importorskip("transformers", reason="transformers comes with the extra `examples`")
    model = Logits(transformers.Qwen3ForCausalLM(transformers.Qwen3Config(**SIZES)))
    batch, length = torch.export.Dim("batch", min=1), torch.export.Dim("length", min=2)
    shapes = {"ids": {0: batch, 1: length}}
    executable = compiled(model, (torch.randint(0, 256, (2, 16)),), tmp_path, intel, shapes)
    for size in ((2, 16), (1, 33)):
        ids = torch.randint(0, 256, size)
        with torch.no_grad():
            expected = model(ids)
        torch.testing.assert_close(executable(ids), expected, rtol=1e-5, atol=1e-5)
