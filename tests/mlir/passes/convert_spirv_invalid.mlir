// RUN: fanfold-opt %s --pass convert-spirv --split-input-file --verify-diagnostics
// RUN: not fanfold-opt %s --pass convert-spirv --split-input-file 2>&1 | filecheck %s

// CHECK: [spirv] spirv.KHR.CooperativeMatrixLength is not known to the conversion
// CHECK-NEXT: op: spirv.KHR.CooperativeMatrixLength
// CHECK-NEXT: location: matrix in -:12
// CHECK-NEXT: found: %{{.*}} = spirv.KHR.CooperativeMatrixLength
// CHECK-NEXT: remedy: this dispatch cannot run on this target
spirv.module Logical GLSL450 requires #spirv.vce<v1.6, [Shader, CooperativeMatrixKHR], [SPV_KHR_cooperative_matrix]> {
  spirv.func @matrix() "None" {
    // expected-error@+1 {{spirv.KHR.CooperativeMatrixLength is not known to the conversion}}
    %n = spirv.KHR.CooperativeMatrixLength : !spirv.coopmatrix<8x16xi32, Subgroup, MatrixA>
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @matrix
  spirv.ExecutionMode @matrix "LocalSize", 16, 1, 1
}

// -----

// CHECK: [spirv] spirv.GL.Cross is not known to the conversion
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> {
  spirv.func @function() "None" {
    %v = spirv.Undef : vector<3xf32>
    // expected-error@+1 {{spirv.GL.Cross is not known to the conversion}}
    %c = spirv.GL.Cross %v, %v : vector<3xf32>
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @function
  spirv.ExecutionMode @function "LocalSize", 16, 1, 1
}

// -----

// A vector of three lies otherwise in OpenCL's memory.
// CHECK: [spirv] spirv.GlobalVariable is no buffer of one array that lies as in OpenCL's memory
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> {
  // expected-error@+1 {{spirv.GlobalVariable is no buffer of one array that lies as in OpenCL's memory}}
  spirv.GlobalVariable @b bind(0, 0) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<vector<3xf32>, stride=12> [0])>, StorageBuffer>
}

// -----

// CHECK: [spirv] spirv.GlobalVariable is a buffer without a binding in descriptor set 0
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> {
  // expected-error@+1 {{spirv.GlobalVariable is a buffer without a binding in descriptor set 0}}
  spirv.GlobalVariable @b bind(1, 0) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>
}

// -----

// CHECK: [spirv] spirv.GlobalVariable is no builtin of OpenCL
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> {
  // expected-error@+1 {{spirv.GlobalVariable is no builtin of OpenCL}}
  spirv.GlobalVariable @b built_in("FragCoord") : !spirv.ptr<vector<4xf32>, Input>
}

// -----

// CHECK: [spirv] spirv.mlir.addressof points to memory of the class Private
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> {
  spirv.GlobalVariable @table : !spirv.ptr<f32, Private>
  spirv.func @memory() "None" {
    // expected-error@+1 {{spirv.mlir.addressof points to memory of the class Private}}
    %t = spirv.mlir.addressof @table : !spirv.ptr<f32, Private>
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @memory
  spirv.ExecutionMode @memory "LocalSize", 16, 1, 1
}

// -----

// CHECK: [spirv] spirv.ControlBarrier has memory semantics MakeVisible
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> {
  spirv.func @barrier() "None" {
    // expected-error@+1 {{spirv.ControlBarrier has memory semantics MakeVisible}}
    spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|WorkgroupMemory|MakeVisible>
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @barrier
  spirv.ExecutionMode @barrier "LocalSize", 16, 1, 1
}

// -----

// CHECK: [spirv] spirv.ControlBarrier has the scope QueueFamily
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> {
  spirv.func @scope() "None" {
    // expected-error@+1 {{spirv.ControlBarrier has the scope QueueFamily}}
    spirv.ControlBarrier <Workgroup>, <QueueFamily>, <AcquireRelease|WorkgroupMemory>
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @scope
  spirv.ExecutionMode @scope "LocalSize", 16, 1, 1
}

// -----

// CHECK: [spirv] spirv.ExecutionMode sets a mode that is not known
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> {
  spirv.func @mode() "None" {
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @mode
  // expected-error@+1 {{spirv.ExecutionMode sets a mode that is not known}}
  spirv.ExecutionMode @mode "DepthReplacing"
}

// -----

// CHECK: [spirv] spirv.func is no entry point
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> {
  // expected-error@+1 {{spirv.func is no entry point}}
  spirv.func @helper() "None" {
    spirv.Return
  }
}

// -----

// CHECK: [spirv] spirv.IAdd has the attribute saturated_conversion, which is not known to the conversion
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> {
  spirv.func @attribute() "None" {
    %one = spirv.Constant 1 : i32
    // expected-error@+1 {{spirv.IAdd has the attribute saturated_conversion, which is not known to the conversion}}
    %two = spirv.IAdd %one, %one {saturated_conversion} : i32
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @attribute
  spirv.ExecutionMode @attribute "LocalSize", 16, 1, 1
}
