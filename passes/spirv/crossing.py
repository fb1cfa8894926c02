# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""IREE's MLIR is newer than torch-mlir's: the ops that only it has are replaced before the module crosses over.

Before::

    %e = spirv.InBoundsAccessChain %in[%zero, %i] : ... -> !spirv.ptr<f32, StorageBuffer>

After::

    %e = spirv.AccessChain %in[%zero, %i] : ... -> !spirv.ptr<f32, StorageBuffer>

The promise that an index is in bounds is dropped. Everything else of the dialect is in both, with the same syntax.
"""

from iree.compiler import ir

from .refusals import rejection

#: What to write for the ops that torch-mlir does not know; operands, results and attributes are the same.
NEWER = {"spirv.InBoundsAccessChain": "spirv.AccessChain"}


def cross(text: str) -> str:
    """Return a printed module, in terms that torch-mlir knows.

    Raises:
        CompileError: If IREE's MLIR does not parse the text.
    """
    # Parsing twice takes longer than the rest of a conversion, and hardly any module has such an op.
    if not any(name in text for name in NEWER):
        return text
    context = ir.Context()
    context.allow_unregistered_dialects = True
    with context, ir.Location.unknown():
        try:
            module = ir.Module.parse(text)
        except ir.MLIRError as error:
            raise rejection("the module does not parse", error) from error
        _replace(module.operation)
        return str(module)


def _replace(parent: ir.Operation) -> None:
    for region in parent.regions:
        for block in region.blocks:
            for child in list(block.operations):
                op = child.operation
                _replace(op)
                if op.name not in NEWER:
                    continue
                with ir.InsertionPoint(op):
                    known = ir.Operation.create(
                        NEWER[op.name],
                        results=[result.type for result in op.results],
                        operands=list(op.operands),
                        attributes={name: op.attributes[name] for name in op.attributes},
                        loc=op.location,
                    )
                for old, new in zip(op.results, known.results, strict=True):
                    old.replace_all_uses_with(new)
                op.erase()
