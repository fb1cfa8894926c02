# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The query path of DeepSeek-V3.2 at its true sizes: ``fanfold demo`` compiles, checks and times it.

A bf16 projection (7168 to 1536), an RMSNorm, a view to two dims, and two FP8 quantisations of the same rows, one for
each of the two consumers of the query: the attention's up-projection and the sparse-attention indexer.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from fanfold.trial import SAME_INPUT, Limits, Trial, plain_group_quant, run_trial

HIDDEN = 7168
Q_LORA_RANK = 1536
GROUP = 128
GroupQuant = Callable[[Tensor, int], tuple[Tensor, Tensor]]

#: End to end, the projection too sums in another order than eager's: its bf16 results flip before the norm sees them.
WHOLE_PATH = Limits(differing=1e-2, steps=2, relative=2 * SAME_INPUT.relative)


class RMSNorm(nn.Module):
    """RMSNorm as Hugging Face spells it out for Llama and DeepSeek.

    Args:
        width: Elements of a row.
        eps: Added to the mean square.
    """

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(1 + 0.1 * torch.randn(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each row in f32, round, and multiply by the weight."""
        wide = x.to(torch.float32)
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.eps)
        return self.weight * wide.to(x.dtype)


class NormAndQuantize(nn.Module):
    """Norm, view to two dims, and a quantisation for each of two consumers.

    Args:
        width: Elements of a row.
        quantize: The group quantisation.
    """

    def __init__(self, width: int, quantize: GroupQuant) -> None:
        super().__init__()
        self.norm = RMSNorm(width)
        self.quantize = quantize

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return values and scales for the attention, then for the indexer."""
        rows = self.norm(x).view(-1, x.shape[-1])
        return (*self.quantize(rows, GROUP), *self.quantize(rows, GROUP))


class QueryPath(nn.Module):
    """Projection to the query's low rank, then :class:`NormAndQuantize`.

    Args:
        quantize: The group quantisation.
        hidden: Width of the model's hidden state.
        rank: Width of the compressed query.
    """

    def __init__(self, quantize: GroupQuant, hidden: int = HIDDEN, rank: int = Q_LORA_RANK) -> None:
        super().__init__()
        self.q_a_proj = nn.Linear(hidden, rank, bias=False)
        self.tail = NormAndQuantize(rank, quantize)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Map a hidden state [batch, tokens, hidden] to the quantised query, twice."""
        result: tuple[Tensor, Tensor, Tensor, Tensor] = self.tail(self.q_a_proj(x))
        return result


def build(quantize: GroupQuant, hidden: int = HIDDEN, rank: int = Q_LORA_RANK) -> QueryPath:
    """Return the query path in bf16 with the same random weights at every call."""
    torch.manual_seed(0)
    return QueryPath(quantize, hidden, rank).bfloat16().eval()


def run(rows: int, *, torch_compile: bool = True, step: Callable[[str], None] = lambda _: None) -> list[Trial]:
    """Try the whole query path, then its norm and quantisations alone on the projection's eager result.

    Args:
        rows: Tokens.
        torch_compile: Whether ``torch.compile`` competes.
        step: Told what happens next.

    Returns:
        Both trials. The second one has equal inputs on both sides, so it is the strict one.
    """
    import fanfold  # noqa: F401 - registers torch.ops.fanfold

    model, competitor = build(torch.ops.fanfold.group_quant), build(plain_group_quant)
    x = torch.randn(1, rows, HIDDEN, generator=torch.Generator().manual_seed(1)).bfloat16()
    with torch.no_grad():
        projected = model.q_a_proj(x)
    whole = run_trial(
        "query path",
        model,
        (x,),
        competitor=competitor,
        limits=WHOLE_PATH,
        torch_compile=torch_compile,
        step=step,
    )
    tail = run_trial(
        "norm + 2 quantisations",
        model.tail,
        (projected,),
        competitor=competitor.tail,
        torch_compile=torch_compile,
        step=step,
    )
    return [whole, tail]
