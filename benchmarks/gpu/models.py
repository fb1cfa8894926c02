# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The measured programs as PyTorch modules: in fanfold's ops for fanfold, in plain ops for every other peer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.gpu.grid import GROUP, Program

EPS = 1e-6
SCALE = 0.05  # of static quantisation; readers have different ones

Results = tuple[Tensor, ...]


@dataclass(frozen=True)
class Vocabulary:
    """How a program is spelled; each takes what `fanfold.ops` takes."""

    norm: Callable[[Tensor, Tensor], Tensor]
    silu_mul: Callable[[Tensor], Tensor]
    static: Callable[[Tensor, Tensor, torch.dtype], Tensor]
    token: Callable[[Tensor, torch.dtype], Results]
    group: Callable[[Tensor, torch.dtype], Results]


def fused() -> Vocabulary:
    """Return fanfold's ops, which its passes recognise."""
    from fanfold import ops

    return Vocabulary(
        norm=lambda x, w: ops.rms_norm(x, w, EPS),
        silu_mul=ops.silu_and_mul,
        static=ops.static_quant,
        token=ops.token_quant,
        group=lambda x, fp8: ops.group_quant(x, GROUP, fp8),
    )


def _plain_norm(x: Tensor, weight: Tensor) -> Tensor:
    wide = x.float()
    return weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + EPS)).to(x.dtype)


def _plain_silu_mul(x: Tensor) -> Tensor:
    gate, value = x.chunk(2, dim=-1)
    return functional.silu(gate) * value


def _rounded(x: Tensor, fp8: torch.dtype) -> Tensor:
    bound = torch.finfo(fp8).max
    return x.clamp(-bound, bound).to(fp8)


def _plain_static(x: Tensor, scale: Tensor, fp8: torch.dtype) -> Tensor:
    return _rounded(x.float() * (1.0 / scale), fp8)


def _plain_token(x: Tensor, fp8: torch.dtype) -> Results:
    bound = torch.finfo(fp8).max
    wide = x.float()
    scale = (wide.abs().amax(-1, keepdim=True) / bound).clamp(min=1.0 / (bound * 512.0))
    return _rounded(wide * (1.0 / scale), fp8), scale


def _plain_group(x: Tensor, fp8: torch.dtype) -> Results:
    groups = x.float().unflatten(-1, (-1, GROUP))
    scale = groups.abs().amax(-1, keepdim=True).clamp(min=1e-10) / torch.finfo(fp8).max
    return _rounded(groups / scale, fp8).flatten(-2), scale.squeeze(-1)


#: Plain ops with the same roundings: eager's oracle, which Inductor and stock IREE can see through.
PLAIN = Vocabulary(_plain_norm, _plain_silu_mul, _plain_static, _plain_token, _plain_group)


class Cluster(nn.Module):
    """A program.

    Args:
        program: Which.
        fp8: The fp8 dtype.
        words: How it is spelled.
    """

    def __init__(self, program: Program, fp8: torch.dtype, words: Vocabulary) -> None:
        super().__init__()
        self._program = program
        self._fp8 = fp8
        self._words = words

    def forward(self, *inputs: Tensor) -> Results:
        """Return the sum, if there is one, and then what each reader gets."""
        program, words = self._program, self._words
        operands, scales = inputs[: _OPERANDS[program.op]], inputs[_OPERANDS[program.op] :]
        results: list[Tensor] = []
        if program.op == "silu_mul":
            y = words.silu_mul(*operands)
        else:
            x = operands[0]
            if program.op == "add_norm":
                x = x + operands[1]
                results.append(x)
            y = words.norm(x, operands[-1])
        for reader in range(program.fan_out):
            seen = y if reader == 0 else y.view(-1, *(1,) * reader, program.width)
            if program.quant == "static":
                results.append(words.static(seen, scales[reader], self._fp8))
            else:
                results += (words.token if program.quant == "token" else words.group)(seen, self._fp8)
        return tuple(results)


_OPERANDS = {"norm": 2, "add_norm": 3, "silu_mul": 1}


def inputs_of(program: Program, tokens: int, device: str, seed: int = 0) -> tuple[Tensor, ...]:
    """Return inputs for a program."""
    generator = torch.Generator(device).manual_seed(tokens * 1009 + seed)

    def rows(width: int) -> Tensor:
        # In bf16 from the start: f32 of the largest would be gigabytes.
        return torch.empty(tokens, width, dtype=torch.bfloat16, device=device).normal_(generator=generator)

    width = program.width
    if program.op == "silu_mul":
        found = [rows(2 * width)]
    else:
        weight = torch.empty(width, device=device).normal_(1.0, 0.1, generator=generator).bfloat16()
        found = [rows(width) for _ in range(_OPERANDS[program.op] - 1)]
        found.append(weight)
    if program.quant == "static":
        found += [torch.full((1,), SCALE * (1 + i), device=device) for i in range(program.fan_out)]
    return tuple(found)


def dynamic_shapes_of(program: Program) -> tuple[tuple[dict[int, torch.export.Dim] | None, ...]]:
    """Return what makes the number of tokens dynamic, as `torch.export.export` takes it: `*inputs` is one argument."""
    tokens = torch.export.Dim("tokens", min=1)
    return (tuple({0: tokens} if x.dim() == 2 else None for x in inputs_of(program, 2, "cpu")),)
