# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The regions of the kernel report, and a decoder layer, on both drivers for XPU: numbers, one dispatch a region."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers.models.deepseek_v3.configuration_deepseek_v3 import DeepseekV3Config
from transformers.models.deepseek_v3.modeling_deepseek_v3 import DeepseekV3ForCausalLM
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaDecoderLayer, LlamaRotaryEmbedding

import fanfold
from e2e.agreement import assert_quantised, assert_rounded, assert_scales
from xpu.report_regions import REGIONS
from xpu.ways import OPENCL, WAYS, Way, require

BF16, F32 = torch.bfloat16, torch.float32
WIDTH = 1536
SEEDS = (0, 1)


class One(nn.Module):
    """A region by itself."""

    def __init__(self, region: Any) -> None:
        super().__init__()
        self.region = region

    def forward(self, *operands: Tensor) -> tuple[Tensor, ...]:
        return self.region.compute(torch.float8_e4m3fn, *operands)


def draw(region: Any, rows: int) -> tuple[Tensor, ...]:
    shapes = {"rows": (rows, WIDTH), "pairs": (rows, 2 * WIDTH), "vector": (WIDTH,), "number": (1,)}
    made = []
    for kind in region.operands:
        value = torch.randn(shapes[kind])
        made.append(value.abs() / 50 if kind == "number" else value.to(BF16))
    return tuple(made)


@functools.cache
def saved(name: str, folder: Any) -> str:
    """Compile a region for XPU with a dynamic number of rows; returns the file."""
    region = REGIONS[name]
    rows = torch.export.Dim("rows", min=0)
    shapes = (tuple({0: rows} if kind in ("rows", "pairs") else None for kind in region.operands),)
    executable = fanfold.compile(One(region), draw(region, 4), target="xpu", dynamic_shapes=shapes, strict=True)
    assert executable.report.dispatches == 1
    path = folder / f"{list(REGIONS).index(name)}.vmfb"
    executable.save(path)
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tmp_path_factory.mktemp("xpu")


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("name", REGIONS)
def test_a_region_is_one_dispatch_with_eagers_numbers(name: str, way: Way, folder: Any) -> None:
    require(way)
    executable = fanfold.load(saved(name, folder), device=way.driver)
    for seed in SEEDS:
        torch.manual_seed(seed)
        for rows in (1, 33, 0):
            inputs = draw(REGIONS[name], rows)
            results, expected = executable(*inputs), REGIONS[name].compute(torch.float8_e4m3fn, *inputs)
            for found, wanted in zip(results, expected, strict=True):
                assert found.stride() == wanted.stride() or not wanted.numel()
                if wanted.element_size() == 1:
                    assert_quantised(found, wanted)
                elif wanted.dtype == F32:
                    assert_scales(found, wanted, BF16)
                elif wanted.dtype == torch.int32:
                    assert torch.equal(found, wanted)
                else:
                    assert_rounded(found, wanted)


class Layer(nn.Module):
    """A small decoder layer of Llama's whose norms' results go through FP8 to the projections that read them."""

    def __init__(self) -> None:
        super().__init__()
        config = LlamaConfig(
            hidden_size=256,
            intermediate_size=512,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=64,
            attn_implementation="eager",
        )
        self.layer = LlamaDecoderLayer(config, layer_idx=0)
        self.rotary = LlamaRotaryEmbedding(config)
        for norm in (self.layer.input_layernorm, self.layer.post_attention_layernorm):
            norm.register_forward_hook(lambda _module, _args, y: self.through_fp8(y))

    @staticmethod
    def through_fp8(y: Tensor) -> Tensor:
        q, scales = fanfold.ops.group_quant(y, 128)
        groups = q.to(F32).unflatten(-1, (-1, 128)) * scales.unsqueeze(-1)
        return groups.flatten(-2).to(y.dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's hidden state of sequences ``[batch, length, 256]`` that see all of themselves."""
        positions = torch.arange(x.shape[1]).unsqueeze(0)
        result = self.layer(x, attention_mask=None, position_embeddings=self.rotary(x, positions))
        return result if isinstance(result, Tensor) else result[0]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_decoder_layer_is_as_close_to_f32_as_eager(way: Way) -> None:
    require(way)
    torch.manual_seed(0)
    model = Layer().eval()
    x = torch.randn(2, 9, 256)
    with torch.no_grad():
        exact = model(x)
        model = model.bfloat16()
        expected = model(x.bfloat16())
        length = torch.export.Dim("length", min=2)
        executable = fanfold.compile(
            model, (x.bfloat16(),), target="xpu", device=way.driver, dynamic_shapes={"x": {1: length}}
        )
        found = executable(x.bfloat16())
        shorter, expected_shorter = executable(x[:, :5].bfloat16()), model(x[:, :5].bfloat16())
    assert all(decision.kernel for decision in executable.report.decisions)
    eagers, ours = ((value.float() - exact).square().mean().sqrt() for value in (expected, found))
    assert ours <= 1.1 * eagers
    assert (shorter.float() - expected_shorter.float()).abs().max() <= 0.05 * expected_shorter.float().abs().max()


class Experts(nn.Module):
    """A DeepSeek-V3 of Hugging Face's with one layer, whose experts are chosen by groups, from tokens to logits."""

    def __init__(self) -> None:
        super().__init__()
        config = DeepseekV3Config(
            vocab_size=64,
            hidden_size=64,
            moe_intermediate_size=32,
            num_hidden_layers=1,
            first_k_dense_replace=0,
            num_attention_heads=2,
            num_key_value_heads=2,
            n_routed_experts=8,
            n_group=2,
            topk_group=1,
            num_experts_per_tok=2,
            kv_lora_rank=16,
            q_lora_rank=32,
            qk_rope_head_dim=8,
            qk_nope_head_dim=16,
            v_head_dim=16,
            num_mtp_layers=0,
        )
        self.model = DeepseekV3ForCausalLM(config).eval()
        # The default, grouped_mm, has an op that nothing lowers.
        self.model.set_experts_implementation("batched_mm")
        nn.init.normal_(self.model.model.layers[0].mlp.gate.weight)

    def forward(self, ids: Tensor) -> Any:
        """Return the logits of tokens."""
        return self.model(input_ids=ids, use_cache=False).logits


@pytest.mark.slow
def test_a_mixture_of_experts() -> None:
    require(OPENCL)
    torch.manual_seed(0)
    model, ids = Experts(), torch.randint(0, 64, (2, 16))
    executable = fanfold.compile(model, (ids,), target="xpu", device=OPENCL.driver)
    with torch.no_grad():
        torch.testing.assert_close(executable(ids), model(ids), rtol=1e-5, atol=1e-6)


def test_threads_of_a_workgroup_share_what_they_reduced() -> None:
    require(OPENCL)

    class Shares(nn.Module):
        def forward(self, x: Tensor, images: Tensor, weight: Tensor) -> list[Tensor]:
            """Return reductions over the first dim, with what reads them, and a depthwise convolution."""
            centred = x - x.mean(0, keepdim=True)
            return [
                x.softmax(0),
                x - x.amax(0, keepdim=True),
                centred / (x.var(0, keepdim=True) + 1e-5).sqrt(),
                nn.functional.conv1d(images, weight, groups=2, padding=1),
            ]

    # IREE puts no barrier into any of them, for workgroups of 32 threads that are two subgroups here.
    inputs = torch.randn(5, 129), torch.randn(2, 2, 9), torch.randn(2, 1, 3)
    found = fanfold.compile(Shares(), inputs, target="xpu", device=OPENCL.driver)(*inputs)
    for result, expected in zip(found, Shares()(*inputs), strict=True):
        torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-6)


def test_products_of_small_integers_keep_their_signs() -> None:
    require(OPENCL)

    class Products(nn.Module):
        def forward(self, a: Tensor, b: Tensor, c: Tensor) -> list[Tensor]:
            """Return products of int8 and of int16 in every wider type."""
            a16, c32 = a.short(), c.int()
            return [a16 @ b.short(), a.long() @ b.long(), c @ c, c32 @ c32, c.long() @ c.long(), c[0].long() @ c.long()]

    a, b = (torch.randint(-128, 128, (64, 64), dtype=torch.int8) for _ in range(2))
    c = torch.randint(-1000, 1000, (64, 64), dtype=torch.int16)
    found = fanfold.compile(Products(), (a, b, c), target="xpu", device=OPENCL.driver)(a, b, c)
    for result, expected in zip(found, Products()(a, b, c), strict=True):
        assert torch.equal(result, expected)


@pytest.mark.parametrize(("shape", "stride"), [((2, 8, 9, 33), 1), ((1, 6, 31, 5), 2)])
def test_a_depthwise_convolution_without_a_bias(shape: tuple[int, ...], stride: int) -> None:
    require(OPENCL)
    torch.manual_seed(0)
    # IREE's threads write the zeros that it starts from in another order than that in which they read them.
    model = nn.Conv2d(shape[1], shape[1], 3, stride, 1, groups=shape[1], bias=False).eval()
    x = torch.randn(shape)
    with torch.no_grad():
        found = fanfold.compile_and_run(model, (x,), target="xpu", device=OPENCL.driver)
        torch.testing.assert_close(found, model(x), rtol=1e-5, atol=1e-5)
