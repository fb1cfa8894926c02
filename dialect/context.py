# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""MLIR contexts that know the `torch`, `torch_c` and `fanfold` dialects.

This is the one module that touches the quirks of the MLIR Python API: contexts are loaded here, and pattern callbacks
(where True means "no match") and Python exceptions (which C++ cannot carry) are wrapped here.
"""

import sys
from collections.abc import Callable, Mapping
from types import ModuleType

from torch_mlir import ir, passmanager, rewrite
from torch_mlir.dialects import torch as torch_dialect

# The op modules register their classes with the dialect when imported.
from . import absmax, cast, columns, elementwise, quantize, residual_add, rms_norm, rows, silu_mul  # noqa: F401
from .base import Fanfold

# The bindings look for a Python module of a dialect whenever they see an op of it, and again if there is none: tens of
# thousands of failed imports in a large model.
for _name in (Fanfold.DIALECT_NAMESPACE, "flow", "hal", "torch_c", "util"):
    sys.modules.setdefault(f"torch_mlir.dialects.{_name}", ModuleType(f"torch_mlir.dialects.{_name}"))

#: A rewrite of one op: returns whether it changed anything.
Rewrite = Callable[[ir.Operation, rewrite.PatternRewriter], bool]


def make_context() -> ir.Context:
    """Return a context with `torch`, `torch_c` and `fanfold` loaded.

    IREE's dialects (`flow`, `hal`, `util`) are not part of torch-mlir, so unregistered ops are allowed: they print in
    generic form, which iree-compile parses.
    """
    context = make_bare_context()
    load_dialects(context)
    return context


def make_bare_context() -> ir.Context:
    """Return a context with MLIR's own dialects alone, in half the time; unregistered ops are allowed there too."""
    context = ir.Context()
    context.allow_unregistered_dialects = True
    return context


def load_dialects(context: ir.Context) -> None:
    """Load the dialects into `context`; loading twice is allowed and changes nothing."""
    torch_dialect.register_dialect(context)
    with context, ir.Location.unknown():
        # torch_c has no registration of its own in Python: a pass that depends on it brings it in.
        empty = ir.Module.create()
        passmanager.PassManager.parse("builtin.module(torch-func-backend-type-conversion)").run(empty.operation)
        if not context.is_dialect_loaded(Fanfold.DIALECT_NAMESPACE):
            Fanfold.load()


def parse_module(text: str | bytes, context: ir.Context | None = None) -> ir.Module:
    """Parse and verify MLIR text or bytecode.

    Raises:
        torch_mlir.ir.MLIRError: If the text does not parse or verify.
    """
    with context or make_context():
        return ir.Module.parse(text)


def apply_patterns(module: ir.Module, patterns: Mapping[str, Rewrite]) -> int:
    """Apply rewrites greedily until nothing changes.

    Args:
        module: The module, rewritten in place.
        patterns: Rewrites by op name.

    Returns:
        How many rewrites were made.

    Raises:
        Exception: Whatever a rewrite raised.
    """
    return _apply(module.context, patterns, lambda frozen: rewrite.apply_patterns_and_fold_greedily(module, frozen))


def apply_patterns_once(op: ir.Operation, patterns: Mapping[str, Rewrite]) -> int:
    """Offer every op inside `op` to the rewrite of its name, once; nothing is folded, and new ops are not visited.

    A rewrite may replace or erase the op that it is given and no other.

    Args:
        op: The op whose regions are rewritten in place.
        patterns: Rewrites by op name.

    Returns:
        How many rewrites were made.

    Raises:
        Exception: Whatever a rewrite raised.
    """
    return _apply(op.context, patterns, lambda frozen: rewrite.walk_and_apply_patterns(op, frozen))


def _apply(
    context: ir.Context, patterns: Mapping[str, Rewrite], drive: Callable[[rewrite.FrozenRewritePatternSet], None]
) -> int:
    """Have a driver apply rewrites; what one raises is carried past the driver, which is C++."""
    count = 0
    failure: list[BaseException] = []

    def adapt(fn: Rewrite) -> Callable[[ir.Operation, rewrite.PatternRewriter], bool]:
        def callback(op: ir.Operation, rewriter: rewrite.PatternRewriter) -> bool:
            nonlocal count
            if failure:
                return True
            try:
                changed = fn(op.operation, rewriter)
            except BaseException as error:  # noqa: BLE001 - re-raised below, outside C++
                failure.append(error)
                return True
            count += changed
            return not changed

        return callback

    with context, ir.Location.unknown():
        pattern_set = rewrite.RewritePatternSet()
        for name, fn in patterns.items():
            pattern_set.add(name, adapt(fn))
        drive(pattern_set.freeze())
    if failure:
        raise failure[0]
    return count


def run_mlir_pipeline(module: ir.Module, pipeline: str) -> None:
    """Run a textual pipeline of MLIR's own passes on `module`.

    Raises:
        torch_mlir.ir.MLIRError: If a pass fails.
    """
    with module.context:
        passmanager.PassManager.parse(f"builtin.module({pipeline})").run(module.operation)
