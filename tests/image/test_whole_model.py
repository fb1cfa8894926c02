# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A whole language model, with dynamic batch and sequence, is one straight program."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch

from fanfold.backends.image.build import compile_image
from fanfold.backends.image.codec import decode
from fanfold.backends.image.host import declaration
from fanfold.backends.target import parse_target
from fanfold.lowering import lower, serialised

from .test_build import image_in

LAYERS = 2


class Logits(torch.nn.Module):
    """A tiny Llama of Hugging Face's, from tokens to logits."""

    def __init__(self) -> None:
        super().__init__()
        transformers: Any = pytest.importorskip("transformers", reason="transformers comes with the extra `examples`")
        config = transformers.LlamaConfig(
            vocab_size=128,
            hidden_size=64,
            intermediate_size=96,
            num_hidden_layers=LAYERS,
            num_attention_heads=4,
            num_key_value_heads=2,
        )
        self.model = transformers.LlamaForCausalLM(config).eval()

    def forward(self, ids: torch.Tensor) -> Any:
        return self.model(input_ids=ids, use_cache=False).logits


@pytest.mark.slow
def test_a_llama_with_dynamic_batch_and_sequence() -> None:
    target = parse_target("xpu")
    model = Logits()
    shapes = {"ids": {0: torch.export.Dim("batch", max=64), 1: torch.export.Dim("tokens", min=2, max=256)}}
    ids = torch.randint(0, 128, (2, 16))
    lowered = lower(model, (ids,), None, target=target, dynamic_shapes=shapes)
    compiled = compile_image(serialised(lowered.imported.module, target), target)
    image = decode(image_in(compiled))
    assert declaration(image.main) == "sync func @main(%input0: tensor<?x?xi64>) -> (%output0: tensor<?x?x128xf32>)"
    steps = Counter(step.name for step in image.main.steps)
    assert steps["dispatch"] == compiled.dispatches > 10 * LAYERS
    assert steps["barrier"] < steps["dispatch"]
    assert steps["release"] == steps["allocate"] - 1
    loaded = {step.attributes["key"] for f in image.initializers for step in f.steps if step.name == "parameter"}
    assert loaded == set(lowered.imported.parameters)
    # Layers share kernels.
    assert len(image.kernels) < steps["dispatch"]
