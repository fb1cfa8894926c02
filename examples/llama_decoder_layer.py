# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A decoder layer of Hugging Face's Llama at Llama-3.2-1B sizes, with FP8 activations, through fanfold.

Every projection that reads a norm's result (q, k, v, gate and up) quantises it to FP8 in groups of 128 and multiplies
the dequantised values, as FP8 checkpoints do; weights are random and stay in bf16. So the first norm fans out to three
quantisations and the second one to two, each written by its own projection: fanfold finds that they are the same.

Three checks: both fused clusters by themselves, on what eager computes in the layer, must give eager's results. The
whole layer, whose matrix products sum in another order, must be about as close to the layer in f32 as eager is.

Needs the extra ``examples``: ``python examples/llama_decoder_layer.py [--tokens 128] [--no-torch-compile]``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import click
import torch
from rich.console import Console
from torch import Tensor, nn
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaDecoderLayer, LlamaRotaryEmbedding

import fanfold  # noqa: F401 - registers torch.ops.fanfold
from fanfold.demo import GroupQuant
from fanfold.trial import Trial, plain_group_quant, run_trial, show

GROUP = 128
READS_A_NORM = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "mlp.gate_proj", "mlp.up_proj")
LLAMA_3_2_1B = LlamaConfig(
    hidden_size=2048,
    intermediate_size=8192,
    num_attention_heads=32,
    num_key_value_heads=8,
    head_dim=64,
    rms_norm_eps=1e-5,
    attn_implementation="eager",
)


class QuantizedInput(nn.Module):
    """A linear layer that takes its input through FP8.

    Args:
        linear: The layer.
        quantize: The group quantisation.
    """

    def __init__(self, linear: nn.Linear, quantize: GroupQuant) -> None:
        super().__init__()
        self.linear = linear
        self.quantize = quantize

    def forward(self, x: Tensor) -> Tensor:
        """Quantise, dequantise and multiply."""
        q, scales = self.quantize(x, GROUP)
        groups = q.to(torch.float32).unflatten(-1, (-1, GROUP)) * scales.unsqueeze(-1)
        result: Tensor = self.linear(groups.flatten(-2).to(x.dtype))
        return result


class Layer(nn.Module):
    """The decoder layer as a function of tensors.

    Args:
        config: Its sizes.
        quantize: The group quantisation.
    """

    def __init__(self, config: LlamaConfig, quantize: GroupQuant) -> None:
        super().__init__()
        self.layer = LlamaDecoderLayer(config, layer_idx=0)
        for name in READS_A_NORM:
            self.layer.set_submodule(name, QuantizedInput(self.layer.get_submodule(name), quantize))

    def forward(self, x: Tensor, mask: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Return the layer's hidden state."""
        result = self.layer(x, attention_mask=mask, position_embeddings=(cos, sin))
        return result if isinstance(result, Tensor) else result[0]


class Cluster(nn.Module):
    """A norm with the quantisations of its result, and the residual add before it if there is one.

    Args:
        norm: The norm.
        quantize: The group quantisation.
        consumers: How many projections quantise the result.
    """

    def __init__(self, norm: nn.Module, quantize: GroupQuant, consumers: int) -> None:
        super().__init__()
        self.norm = norm
        self.quantize = quantize
        self.consumers = consumers

    def forward(self, x: Tensor, residual: Tensor | None = None) -> tuple[Tensor, ...]:
        """Return the sum, if there is a residual, and the values and scales for each consumer."""
        total = x if residual is None else residual + x
        normed = self.norm(total)
        quantised = [tensor for _ in range(self.consumers) for tensor in self.quantize(normed, GROUP)]
        return tuple(quantised) if residual is None else (total, *quantised)


def build(quantize: GroupQuant, config: LlamaConfig = LLAMA_3_2_1B) -> Layer:
    """Return the layer in bf16 with the same random weights at every call."""
    torch.manual_seed(0)
    return Layer(config, quantize).bfloat16().eval()


def arguments(tokens: int, config: LlamaConfig = LLAMA_3_2_1B) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return a hidden state, a causal mask and the rotary embedding for one sequence."""
    x = torch.randn(1, tokens, config.hidden_size, generator=torch.Generator().manual_seed(1)).bfloat16()
    mask = torch.full((tokens, tokens), torch.finfo(torch.bfloat16).min, dtype=torch.bfloat16).triu(1)
    with torch.no_grad():
        cos, sin = LlamaRotaryEmbedding(config)(x, torch.arange(tokens).unsqueeze(0))
    return x, mask[None, None], cos, sin


def attention_result(model: Layer, args: tuple[Tensor, ...]) -> Tensor:
    """Return what eager's attention gives to the second residual add."""
    seen: list[Tensor] = []
    hook = model.layer.self_attn.register_forward_hook(lambda _module, _args, result: seen.append(result[0]))
    with hook, torch.no_grad():
        model(*args)
    return seen[0]


def run(tokens: int, *, torch_compile: bool = True, step: Callable[[str], None] = lambda _: None) -> list[Trial]:
    """Try both clusters, then the whole layer.

    Args:
        tokens: Length of the sequence.
        torch_compile: Whether ``torch.compile`` competes.
        step: Told what happens next.
    """
    quantize = torch.ops.fanfold.group_quant
    model, competitor, args = build(quantize), build(plain_group_quant), arguments(tokens)
    norms = model.layer.input_layernorm, model.layer.post_attention_layernorm
    inputs = args[:1], (attention_result(model, args), args[0])
    titles = "norm + 3 quantisations", "residual + norm + 2 quantisations"
    trials = [
        run_trial(
            title,
            Cluster(norm, quantize, consumers),
            tensors,
            competitor=Cluster(norm, plain_group_quant, consumers),
            torch_compile=torch_compile,
            step=step,
        )
        for title, norm, tensors, consumers in zip(titles, norms, inputs, (3, 2), strict=True)
    ]
    layer = run_trial(
        f"Llama-3.2-1B decoder layer, {tokens} tokens",
        model,
        args,
        competitor=competitor,
        reference=build(plain_group_quant).float(),
        torch_compile=torch_compile,
        step=step,
    )
    return [*trials, layer]


@click.command()
@click.option("--tokens", type=click.IntRange(2), default=128, show_default=True)
@click.option("--torch-compile/--no-torch-compile", default=True, show_default=True)
def main(tokens: int, torch_compile: bool) -> None:
    """Compile, check and time the layer."""
    console = Console()
    trials = run(tokens, torch_compile=torch_compile, step=lambda text: console.print(text, style="dim"))
    for trial in trials:
        show(console, trial)
    sys.exit(0 if all(trial.ok for trial in trials) else 1)


if __name__ == "__main__":
    main()
