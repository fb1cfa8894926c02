# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Barriers and atomics speak of OpenCL's memory.

Before::

    spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|UniformMemory|WorkgroupMemory>

After::

    spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|WorkgroupMemory|CrossWorkgroupMemory>

Buffers are memory across workgroups there; graphics' model calls them uniform.
"""

from torch_mlir import ir

from fanfold.passes.walk import iterate

from .refusals import refusal

#: What becomes of each kind of semantics; those that are not here are refused. None: a kernel has no such memory.
SEMANTICS: dict[str, str | None] = {
    "None": None,
    "Acquire": "Acquire",
    "AcquireRelease": "AcquireRelease",
    "AtomicCounterMemory": None,
    "CrossWorkgroupMemory": "CrossWorkgroupMemory",
    "ImageMemory": None,
    "Release": "Release",
    "SequentiallyConsistent": "SequentiallyConsistent",
    "SubgroupMemory": "SubgroupMemory",
    "UniformMemory": "CrossWorkgroupMemory",
    "WorkgroupMemory": "WorkgroupMemory",
}
#: As the dialect writes them.
_ORDER = (
    "Acquire",
    "Release",
    "AcquireRelease",
    "SequentiallyConsistent",
    "SubgroupMemory",
    "WorkgroupMemory",
    "CrossWorkgroupMemory",
)
#: The ops that have semantics or a scope, by how their names begin.
_SYNCHRONISING = ("spirv.Atomic", "spirv.ControlBarrier", "spirv.EXT.Atomic", "spirv.Group", "spirv.MemoryBarrier")
SCOPES = frozenset({"CrossDevice", "Device", "Invocation", "Subgroup", "Workgroup"})


def convert_memory_model(module: ir.Operation) -> None:
    """Rewrite the semantics of every op that has some, and check its scopes.

    Raises:
        CompileError: For semantics or a scope that OpenCL does not have.
    """
    for op in iterate(module):
        if not op.name.startswith(_SYNCHRONISING):
            continue
        for name in op.attributes:
            text = str(op.attributes[name])
            if text.startswith("#spirv.memory_semantics<"):
                kinds = text.removeprefix("#spirv.memory_semantics<").removesuffix(">").split("|")
                op.attributes[name] = _semantics(op, kinds)
            elif text.startswith("#spirv.scope<"):
                scope = text.removeprefix("#spirv.scope<").removesuffix(">")
                if scope not in SCOPES:
                    raise refusal(op, f"has the scope {scope}", expected=", ".join(sorted(SCOPES)))


def _semantics(op: ir.Operation, kinds: list[str]) -> ir.Attribute:
    for kind in kinds:
        if kind not in SEMANTICS:
            raise refusal(op, f"has memory semantics {kind}", expected=", ".join(SEMANTICS))
    converted = {SEMANTICS[kind] for kind in kinds} - {None}
    return ir.Attribute.parse(f"#spirv.memory_semantics<{'|'.join(k for k in _ORDER if k in converted) or 'None'}>")
