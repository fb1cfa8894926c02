// RUN: fanfold-opt %s --pass convert-spirv --split-input-file | filecheck %s

// Rows of four threads hold no subgroup of 16: the workgroup becomes one row.
// CHECK: spirv.module Physical64 OpenCL requires #spirv.vce<v1.3, [Addresses, GroupNonUniform, GroupNonUniformArithmetic, Int64, Kernel, SubgroupDispatch], []>
// CHECK: %[[WIDE:.*]] = spirv.Load "Input" %{{.*}} : vector<3xi64>
// CHECK-NEXT: %[[IDS:.*]] = spirv.UConvert %[[WIDE]]
// CHECK-NEXT: %[[ID:.*]] = spirv.CompositeExtract %[[IDS]][0 : i32]
// CHECK-NEXT: %[[WIDTH:.*]] = spirv.Constant 4 : i32
// CHECK-NEXT: %[[HEIGHT:.*]] = spirv.Constant 8 : i32
// CHECK-NEXT: %[[ROW:.*]] = spirv.UDiv %[[ID]], %[[WIDTH]] : i32
// CHECK-NEXT: %[[X:.*]] = spirv.UMod %[[ID]], %[[WIDTH]] : i32
// CHECK-NEXT: %[[Y:.*]] = spirv.UMod %[[ROW]], %[[HEIGHT]] : i32
// CHECK-NEXT: %[[Z:.*]] = spirv.UDiv %[[ROW]], %[[HEIGHT]] : i32
// CHECK-NEXT: spirv.CompositeConstruct %[[X]], %[[Y]], %[[Z]]
// CHECK: spirv.GroupNonUniformIAdd <Subgroup> <Reduce>
// CHECK: spirv.ExecutionMode @ragged "LocalSize", 32, 1, 1
spirv.module Logical GLSL450 requires #spirv.vce<v1.3, [Shader, GroupNonUniformArithmetic], []> {
  spirv.GlobalVariable @id built_in("LocalInvocationId") : !spirv.ptr<vector<3xi32>, Input>
  spirv.func @ragged() "None" {
    %id = spirv.mlir.addressof @id : !spirv.ptr<vector<3xi32>, Input>
    %ids = spirv.Load "Input" %id : vector<3xi32>
    %x = spirv.CompositeExtract %ids[0 : i32] : vector<3xi32>
    %sum = spirv.GroupNonUniformIAdd <Subgroup> <Reduce> %x : i32 -> i32
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @ragged, @id
  spirv.ExecutionMode @ragged "LocalSize", 4, 8, 1
}

// -----

// Kernels of IREE share memory without barriers where a workgroup is one subgroup.
// CHECK: spirv.ExecutionMode @sharing "LocalSize", 16, 1, 1
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> {
  spirv.GlobalVariable @shared : !spirv.ptr<!spirv.struct<(!spirv.array<16 x f32>)>, Workgroup>
  spirv.GlobalVariable @id built_in("LocalInvocationId") : !spirv.ptr<vector<3xi32>, Input>
  spirv.func @sharing() "None" {
    %zero = spirv.Constant 0 : i32
    %eight = spirv.Constant 8 : i32
    %one = spirv.Constant 1.0 : f32
    %id = spirv.mlir.addressof @id : !spirv.ptr<vector<3xi32>, Input>
    %ids = spirv.Load "Input" %id : vector<3xi32>
    %column = spirv.CompositeExtract %ids[0 : i32] : vector<3xi32>
    %row = spirv.CompositeExtract %ids[1 : i32] : vector<3xi32>
    %start = spirv.IMul %row, %eight : i32
    %place = spirv.IAdd %start, %column : i32
    %shared = spirv.mlir.addressof @shared : !spirv.ptr<!spirv.struct<(!spirv.array<16 x f32>)>, Workgroup>
    %at = spirv.AccessChain %shared[%zero, %place] : !spirv.ptr<!spirv.struct<(!spirv.array<16 x f32>)>, Workgroup>, i32, i32 -> !spirv.ptr<f32, Workgroup>
    spirv.Store "Workgroup" %at, %one : f32
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @sharing, @id, @shared
  spirv.ExecutionMode @sharing "LocalSize", 8, 2, 1
}

// -----

// Without work in subgroups the threads may be cut in any way.
// CHECK: spirv.ExecutionMode @alone "LocalSize", 4, 8, 1
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], [SPV_KHR_storage_buffer_storage_class]> {
  spirv.GlobalVariable @id built_in("LocalInvocationId") : !spirv.ptr<vector<3xi32>, Input>
  spirv.GlobalVariable @x bind(0, 0) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<i32, stride=4> [0])>, StorageBuffer>
  spirv.func @alone() "None" {
    %zero = spirv.Constant 0 : i32
    %four = spirv.Constant 4 : i32
    %id = spirv.mlir.addressof @id : !spirv.ptr<vector<3xi32>, Input>
    %ids = spirv.Load "Input" %id : vector<3xi32>
    %column = spirv.CompositeExtract %ids[0 : i32] : vector<3xi32>
    %row = spirv.CompositeExtract %ids[1 : i32] : vector<3xi32>
    %start = spirv.IMul %row, %four : i32
    %place = spirv.IAdd %start, %column : i32
    %x = spirv.mlir.addressof @x : !spirv.ptr<!spirv.struct<(!spirv.rtarray<i32, stride=4> [0])>, StorageBuffer>
    %at = spirv.AccessChain %x[%zero, %place] : !spirv.ptr<!spirv.struct<(!spirv.rtarray<i32, stride=4> [0])>, StorageBuffer>, i32, i32 -> !spirv.ptr<i32, StorageBuffer>
    spirv.Store "StorageBuffer" %at, %place : i32
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @alone, @id, @x
  spirv.ExecutionMode @alone "LocalSize", 4, 8, 1
}

// -----

// Threads that all do the same are one.
// CHECK: spirv.ExecutionMode @same "LocalSize", 1, 1, 1
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> {
  spirv.func @same() "None" {
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @same
  spirv.ExecutionMode @same "LocalSize", 4, 8, 1
}

// -----

// Rows of whole subgroups, and one row that is too short for one, are as IREE means them.
// CHECK-NOT: spirv.UMod
// CHECK: spirv.ExecutionMode @rows "LocalSize", 32, 2, 1
// CHECK: spirv.ExecutionMode @short "LocalSize", 8, 1, 1
spirv.module Logical GLSL450 requires #spirv.vce<v1.3, [Shader, GroupNonUniformArithmetic], []> {
  spirv.func @rows() "None" {
    %one = spirv.Constant 1 : i32
    %sum = spirv.GroupNonUniformIAdd <Subgroup> <Reduce> %one : i32 -> i32
    spirv.Return
  }
  spirv.func @short() "None" {
    %one = spirv.Constant 1 : i32
    %sum = spirv.GroupNonUniformIAdd <Subgroup> <Reduce> %one : i32 -> i32
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @rows
  spirv.EntryPoint "GLCompute" @short
  spirv.ExecutionMode @rows "LocalSize", 32, 2, 1
  spirv.ExecutionMode @short "LocalSize", 8, 1, 1
}
