# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What stands between two kernels: from a value back to the kernel that it was computed from, through other ops.

Not every way back is a fusion that was missed. What follows a matrix product has to wait for it, and so does what needs
all the rows at once: the walk ends there, and a kernel that waits for such an op misses nothing by standing apart.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch_mlir import ir

from fanfold.dialect.rows import RowsOp

from .clustering import used_values
from .torch_values import defining, torch_tensor, users

ROWS: str = RowsOp.OPERATION_NAME

#: So many ops are looked at behind one operand of a kernel: a user expects no fusion over more.
_REACH = 64

#: Matrix products and convolutions, by their names behind ``torch.aten.``.
_PRODUCTS = frozenset(
    (
        *("mm", "bmm", "matmul", "addmm", "baddbmm", "addbmm", "addmv", "mv", "dot", "linear", "bilinear", "einsum"),
        *("_scaled_mm", "_int_mm", "convolution", "_convolution", "conv1d", "conv2d", "conv3d"),
        *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    )
)

#: Other ops that no kernel of rows can do its work around, by how their names start.
_BARRIERS = (
    *("_scaled_dot_product", "scaled_dot_product", "_flash", "_efficient"),
    *("embedding", "scatter", "index_put", "index_add", "sort", "topk", "cum", "nonzero", "masked_select", "bincount"),
    *("max_pool", "avg_pool", "adaptive", "upsample", "fft", "multinomial", "_fft", "stft", "searchsorted"),
)

#: Ops that read only the shape of their operand.
_OF_SHAPE = ("zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like", "new_", "size")

#: Reductions: a kernel could do them if they were over rows.
_REDUCTIONS = (
    *("sum", "mean", "amax", "amin", "max", "min", "var", "std", "prod", "argmax", "argmin", "logsumexp", "any", "all"),
    *("linalg_vector_norm", "norm", "median"),
)


@dataclass(frozen=True)
class Gap:
    """A way from one kernel to another through ops of none.

    Attributes:
        made: The result of the first kernel.
        between: The ops, those next to the first kernel first.
    """

    made: ir.Value
    between: tuple[ir.Operation, ...]


def ways_back(value: ir.Value, is_end: Callable[[ir.Operation], bool]) -> Iterator[Gap]:
    """Yield the shortest way from each result of an op that ends the walk to `value`."""
    ways: deque[tuple[ir.Value, tuple[ir.Operation, ...]]] = deque([(value, ())])
    seen = {value}
    while ways and len(seen) <= _REACH:
        here, between = ways.popleft()
        op = defining(here)
        if op is None or is_barrier(op):
            continue
        if is_end(op):
            yield Gap(here, between)
            continue
        for operand in tensors_read(op):
            if operand not in seen:
                seen.add(operand)
                ways.append((operand, (op, *between)))


def gaps_behind(value: ir.Value) -> Iterator[Gap]:
    """Yield the shortest way from each kernel's result to `value`; a direct one is no gap."""
    return (gap for gap in ways_back(value, lambda op: op.name == ROWS) if gap.between)


def reader_ahead(value: ir.Value, name: str) -> ir.Operation | None:
    """Return an op of this name that reads `value`, directly or through ops of rows."""
    work: deque[ir.Value] = deque([value])
    seen = {value}
    while work and len(seen) <= _REACH:
        for user in users(work.popleft()):
            if user.name == name:
                return user
            if not is_barrier(user):
                new = [result for result in user.results if result not in seen]
                seen.update(new)
                work += new
    return None


def waits(reader: ir.Operation, first: ir.Operation) -> bool:
    """Return whether `reader` needs the result of an op that has to wait for `first`: of a matrix product, say.

    Both are in one block.
    """
    work = [(value, False) for value in used_values(reader)]
    seen = set(work)
    while work:
        value, behind = work.pop()
        op = defining(value)
        if op is None:
            continue
        if op == first:
            if behind:
                return True
            continue
        if op.block != first.block or op.is_before_in_block(first):
            continue
        for operand in used_values(op):
            step = (operand, behind or is_barrier(op))
            if step not in seen:
                seen.add(step)
                work.append(step)
    return False


def is_barrier(op: ir.Operation) -> bool:
    """Return whether a row of an op's result needs more than the same row of its operands, or nobody can tell."""
    dialect, _, name = str(op.name).partition(".")
    if dialect == "linalg" or op.name == "torch.operator" or name.startswith("hop_"):
        return True
    short = name.removeprefix("aten.").removeprefix("prims.")
    if dialect != "torch" or short == name:
        return False
    if is_product(op):
        return True
    if short.partition(".")[0] in _REDUCTIONS:
        return not _is_over_last_dim(op)
    return short.startswith(_BARRIERS)


def is_product(op: ir.Operation) -> bool:
    """Return whether an op is a matrix product or a convolution."""
    return op.name.startswith("torch.aten.") and op.name.split(".")[2] in _PRODUCTS


def _is_over_last_dim(op: ir.Operation) -> bool:
    source, result = torch_tensor(op.operands[0].type), torch_tensor(op.results[0].type)
    if source is None or result is None or not source.dims:
        return False
    # Of rows of one value, those of another shape are as good.
    return result.dims in (source.dims, source.dims[:-1], (*source.dims[:-1], 1))


def tensors_read(op: ir.Operation) -> list[ir.Value]:
    """Return the operands whose elements an op reads."""
    short = op.name.removeprefix("torch.aten.")
    if short != op.name and short.startswith(_OF_SHAPE):
        return []
    return [v for v in used_values(op) if isinstance(v.type, ir.RankedTensorType) or "tensor" in str(v.type)]
