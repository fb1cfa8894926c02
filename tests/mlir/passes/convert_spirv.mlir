// RUN: fanfold-opt %s --pass convert-spirv --split-input-file | filecheck %s

// Bindings and push constants become arguments; pointers go by elements, with indices of 64 bits.
// CHECK: spirv.module Physical64 OpenCL requires #spirv.vce<v1.2, [Addresses, Int64, Int8, Kernel, SubgroupDispatch], []>
// CHECK-NOT: StorageBuffer
// CHECK-NOT: PushConstant
// CHECK: spirv.GlobalVariable @id built_in("LocalInvocationId") : !spirv.ptr<vector<3xi64>, Input>
// CHECK-NEXT: spirv.func @odd$name(%[[UNREAD:.*]]: !spirv.ptr<i8, CrossWorkgroup>, %[[IN:.*]]: !spirv.ptr<f32, CrossWorkgroup>, %[[OUT:.*]]: !spirv.ptr<i32, CrossWorkgroup>, %{{.*}}: i32, %[[COUNT:.*]]: i32) "None" {
// CHECK: %[[ADDRESS:.*]] = spirv.mlir.addressof @id : !spirv.ptr<vector<3xi64>, Input>
// CHECK-NEXT: %[[WIDE:.*]] = spirv.Load "Input" %[[ADDRESS]] : vector<3xi64>
// CHECK-NEXT: %[[IDS:.*]] = spirv.UConvert %[[WIDE]] : vector<3xi64> to vector<3xi32>
// CHECK-NEXT: %[[ID:.*]] = spirv.CompositeExtract %[[IDS]][0 : i32] : vector<3xi32>
// CHECK-NEXT: %[[I:.*]] = spirv.IAdd %[[ID]], %[[COUNT]] : i32
// CHECK-NEXT: %[[INDEX:.*]] = spirv.SConvert %[[I]] : i32 to i64
// CHECK-NEXT: %[[FROM:.*]] = spirv.PtrAccessChain %[[IN]][%[[INDEX]]] : !spirv.ptr<f32, CrossWorkgroup>, i64 -> !spirv.ptr<f32, CrossWorkgroup>
// CHECK-NEXT: %[[X:.*]] = spirv.Load "CrossWorkgroup" %[[FROM]] : f32
// A lane of a vector, and the same memory as elements of another type.
// CHECK-NEXT: %[[CAST:.*]] = spirv.Bitcast %[[OUT]] : !spirv.ptr<i32, CrossWorkgroup> to !spirv.ptr<vector<4xf32>, CrossWorkgroup>
// CHECK: %[[LANE:.*]] = spirv.PtrAccessChain %[[CAST]][%{{.*}} %{{.*}}] : !spirv.ptr<vector<4xf32>, CrossWorkgroup>, i64, i64 -> !spirv.ptr<f32, CrossWorkgroup>
// CHECK-NEXT: spirv.Store "CrossWorkgroup" %[[LANE]], %[[X]] : f32
// CHECK: %[[SAME:.*]] = spirv.PtrAccessChain %[[OUT]][%{{.*}}] : !spirv.ptr<i32, CrossWorkgroup>, i64 -> !spirv.ptr<i32, CrossWorkgroup>
// CHECK-NEXT: spirv.Store "CrossWorkgroup" %[[SAME]], %[[COUNT]] : i32
// CHECK: spirv.EntryPoint "Kernel" @odd$name, @id
// CHECK: spirv.ExecutionMode @odd$name "LocalSize", 64, 1, 1
// CHECK: spirv.ExecutionMode @odd$name "SubgroupSize", 16
// CHECK: spirv.ExecutionMode @odd$name "ContractionOff"
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], [SPV_KHR_storage_buffer_storage_class]> {
  spirv.GlobalVariable @id built_in("LocalInvocationId") : !spirv.ptr<vector<3xi32>, Input>
  spirv.GlobalVariable @in bind(0, 1) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>
  spirv.GlobalVariable @out bind(0, 2) {aliased} : !spirv.ptr<!spirv.struct<(!spirv.rtarray<vector<4xf32>, stride=16> [0])>, StorageBuffer>
  spirv.GlobalVariable @same bind(0, 2) {aliased} : !spirv.ptr<!spirv.struct<(!spirv.rtarray<i32, stride=4> [0])>, StorageBuffer>
  spirv.GlobalVariable @push : !spirv.ptr<!spirv.struct<(!spirv.array<2 x i32, stride=4> [0]), Block>, PushConstant>
  spirv.func @"odd$name"() "None" {
    %c0 = spirv.Constant 0 : i32
    %c1 = spirv.Constant 1 : i32
    %push = spirv.mlir.addressof @push : !spirv.ptr<!spirv.struct<(!spirv.array<2 x i32, stride=4> [0]), Block>, PushConstant>
    %chain = spirv.AccessChain %push[%c0, %c1] : !spirv.ptr<!spirv.struct<(!spirv.array<2 x i32, stride=4> [0]), Block>, PushConstant>, i32, i32 -> !spirv.ptr<i32, PushConstant>
    %count = spirv.Load "PushConstant" %chain : i32
    %in = spirv.mlir.addressof @in : !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>
    %out = spirv.mlir.addressof @out : !spirv.ptr<!spirv.struct<(!spirv.rtarray<vector<4xf32>, stride=16> [0])>, StorageBuffer>
    %same = spirv.mlir.addressof @same : !spirv.ptr<!spirv.struct<(!spirv.rtarray<i32, stride=4> [0])>, StorageBuffer>
    %address = spirv.mlir.addressof @id : !spirv.ptr<vector<3xi32>, Input>
    %ids = spirv.Load "Input" %address : vector<3xi32>
    %id = spirv.CompositeExtract %ids[0 : i32] : vector<3xi32>
    %i = spirv.IAdd %id, %count {no_signed_wrap} : i32
    %from = spirv.AccessChain %in[%c0, %i] : !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>, i32, i32 -> !spirv.ptr<f32, StorageBuffer>
    %x = spirv.Load "StorageBuffer" %from : f32
    %lane = spirv.AccessChain %out[%c0, %id, %c1] : !spirv.ptr<!spirv.struct<(!spirv.rtarray<vector<4xf32>, stride=16> [0])>, StorageBuffer>, i32, i32, i32 -> !spirv.ptr<f32, StorageBuffer>
    spirv.Store "StorageBuffer" %lane, %x : f32
    %to = spirv.AccessChain %same[%c0, %id] : !spirv.ptr<!spirv.struct<(!spirv.rtarray<i32, stride=4> [0])>, StorageBuffer>, i32, i32 -> !spirv.ptr<i32, StorageBuffer>
    spirv.Store "StorageBuffer" %to, %count : i32
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @"odd$name", @in, @out, @same, @push, @id
  spirv.ExecutionMode @"odd$name" "LocalSize", 64, 1, 1
}

// -----

// A chain that goes on from a vector in a buffer, and memory of the workgroup, which stays as it is.
// CHECK: spirv.GlobalVariable @shared : !spirv.ptr<!spirv.struct<(!spirv.array<16 x f32>)>, Workgroup>
// CHECK: %[[VECTOR:.*]] = spirv.PtrAccessChain
// CHECK: spirv.AccessChain %[[VECTOR]][%{{.*}}] : !spirv.ptr<vector<4xf32>, CrossWorkgroup>, i32 -> !spirv.ptr<f32, CrossWorkgroup>
// CHECK: spirv.AccessChain %{{.*}}[%{{.*}}, %{{.*}}] : !spirv.ptr<!spirv.struct<(!spirv.array<16 x f32>)>, Workgroup>, i32, i32 -> !spirv.ptr<f32, Workgroup>
// CHECK: spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|WorkgroupMemory|CrossWorkgroupMemory>
// CHECK: spirv.MemoryBarrier <Device>, <AcquireRelease>
// CHECK: spirv.EntryPoint "Kernel" @shared_memory
// CHECK-NEXT: spirv.ExecutionMode @shared_memory "LocalSize", 1, 1, 1
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], [SPV_KHR_storage_buffer_storage_class]> {
  spirv.GlobalVariable @shared : !spirv.ptr<!spirv.struct<(!spirv.array<16 x f32>)>, Workgroup>
  spirv.GlobalVariable @b bind(0, 0) : !spirv.ptr<!spirv.struct<(!spirv.array<8 x vector<4xf32>, stride=16> [0])>, StorageBuffer>
  spirv.func @shared_memory() "None" {
    %c0 = spirv.Constant 0 : i32
    %b = spirv.mlir.addressof @b : !spirv.ptr<!spirv.struct<(!spirv.array<8 x vector<4xf32>, stride=16> [0])>, StorageBuffer>
    %v = spirv.AccessChain %b[%c0, %c0] : !spirv.ptr<!spirv.struct<(!spirv.array<8 x vector<4xf32>, stride=16> [0])>, StorageBuffer>, i32, i32 -> !spirv.ptr<vector<4xf32>, StorageBuffer>
    %p = spirv.AccessChain %v[%c0] : !spirv.ptr<vector<4xf32>, StorageBuffer>, i32 -> !spirv.ptr<f32, StorageBuffer>
    %x = spirv.Load "StorageBuffer" %p : f32
    %s = spirv.mlir.addressof @shared : !spirv.ptr<!spirv.struct<(!spirv.array<16 x f32>)>, Workgroup>
    %q = spirv.AccessChain %s[%c0, %c0] : !spirv.ptr<!spirv.struct<(!spirv.array<16 x f32>)>, Workgroup>, i32, i32 -> !spirv.ptr<f32, Workgroup>
    spirv.Store "Workgroup" %q, %x : f32
    spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|UniformMemory|WorkgroupMemory>
    spirv.MemoryBarrier <Device>, <AcquireRelease|ImageMemory>
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @shared_memory, @b, @shared
  spirv.ExecutionMode @shared_memory "LocalSize", 1, 1, 1
}
