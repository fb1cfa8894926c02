# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a converted module may be made of: every op here means the same to graphics and to OpenCL."""

from torch_mlir import ir

from fanfold.passes.walk import iterate

from .refusals import refusal

STRUCTURE = "module func GlobalVariable EntryPoint ExecutionMode mlir.addressof"
CONTROL_FLOW = "Branch BranchConditional Return Switch Unreachable mlir.loop mlir.merge mlir.selection mlir.yield"
VALUES = (
    "Constant Undef Select CompositeConstruct CompositeExtract CompositeInsert VectorShuffle VectorExtractDynamic "
    "VectorInsertDynamic"
)
MEMORY = "AccessChain PtrAccessChain Load Store Variable"
INTEGERS = (
    "IAdd ISub IMul SDiv UDiv SRem SMod UMod SNegate BitwiseAnd BitwiseOr BitwiseXor Not BitCount ShiftLeftLogical "
    "ShiftRightArithmetic ShiftRightLogical IEqual INotEqual SGreaterThan SGreaterThanEqual SLessThan SLessThanEqual "
    "UGreaterThan UGreaterThanEqual ULessThan ULessThanEqual"
)
BOOLEANS = "LogicalAnd LogicalEqual LogicalNot LogicalNotEqual LogicalOr All Any"
FLOATS = (
    "FAdd FSub FMul FDiv FNegate Dot VectorTimesScalar IsInf IsNan FOrdEqual FOrdGreaterThan FOrdGreaterThanEqual "
    "FOrdLessThan FOrdLessThanEqual FOrdNotEqual FUnordEqual FUnordGreaterThan FUnordGreaterThanEqual FUnordLessThan "
    "FUnordLessThanEqual FUnordNotEqual Ordered Unordered"
)
CONVERSIONS = "Bitcast ConvertFToS ConvertFToU ConvertSToF ConvertUToF FConvert SConvert UConvert"
BARRIERS = "ControlBarrier MemoryBarrier"
SUBGROUPS = (
    "GroupNonUniformAll GroupNonUniformAllEqual GroupNonUniformAny GroupNonUniformBallot GroupNonUniformBallotBitCount "
    "GroupNonUniformBallotFindLSB GroupNonUniformBallotFindMSB GroupNonUniformBitwiseAnd GroupNonUniformBitwiseOr "
    "GroupNonUniformBitwiseXor GroupNonUniformBroadcast GroupNonUniformBroadcastFirst GroupNonUniformElect "
    "GroupNonUniformFAdd GroupNonUniformFMax GroupNonUniformFMin GroupNonUniformFMul GroupNonUniformIAdd "
    "GroupNonUniformIMul GroupNonUniformLogicalAnd GroupNonUniformLogicalOr GroupNonUniformLogicalXor "
    "GroupNonUniformSMax GroupNonUniformSMin GroupNonUniformShuffle GroupNonUniformShuffleDown "
    "GroupNonUniformShuffleUp GroupNonUniformShuffleXor GroupNonUniformUMax GroupNonUniformUMin"
)
ATOMICS = (
    "AtomicAnd AtomicCompareExchange AtomicExchange AtomicIAdd AtomicIDecrement AtomicIIncrement AtomicISub AtomicLoad "
    "AtomicOr AtomicSMax AtomicSMin AtomicStore AtomicUMax AtomicUMin AtomicXor"
)
#: Functions of OpenCL that the conversion makes; a module does not come with them.
FUNCTIONS = (
    "acos acosh asin asinh atan atan2 atanh ceil clz cos cosh exp exp2 fabs floor fma fmax fmin fmod ldexp log log2 "
    "pow rint round s_abs s_max s_min sin sinh sqrt tan tanh trunc u_max u_min"
)

ALLOWED = frozenset(
    f"spirv.{name}"
    for group in (
        STRUCTURE,
        CONTROL_FLOW,
        VALUES,
        MEMORY,
        INTEGERS,
        BOOLEANS,
        FLOATS,
        CONVERSIONS,
        BARRIERS,
        SUBGROUPS,
        ATOMICS,
    )
    for name in group.split()
) | frozenset(f"spirv.CL.{name}" for name in FUNCTIONS.split())

#: Attributes that an op may have.
ATTRIBUTE_NAMES = (
    "addressing_model alignment branch_weights built_in case_operand_segments components equal_semantics "
    "execution_mode execution_model "
    "execution_scope fn function_control function_type group_operation indices initializer interface literals "
    "loop_control memory_access memory_model memory_scope memory_semantics operandSegmentSizes selection_control "
    "semantics storage_class sym_name type unequal_semantics value values variable vce_triple"
)
ATTRIBUTES = frozenset(ATTRIBUTE_NAMES.split())
#: Attributes that grant a freedom, or ask for what `ContractionOff` says for the whole kernel: they go.
DROPPED = frozenset({"no_contraction", "no_signed_wrap", "no_unsigned_wrap"})


def check_ops(module: ir.Operation) -> None:
    """Check that there is nothing in a converted module that is not known to be right.

    Raises:
        CompileError: For the first op that is not known, or has an attribute that is not.
    """
    for op in iterate(module):
        if op.name not in ALLOWED:
            raise refusal(op, "is not known to the conversion")
        for name in list(op.attributes):
            if name in DROPPED:
                del op.attributes[name]
            elif name not in ATTRIBUTES:
                raise refusal(op, f"has the attribute {name}, which is not known to the conversion")
