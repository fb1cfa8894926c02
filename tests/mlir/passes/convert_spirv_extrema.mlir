// RUN: fanfold-opt %s --pass convert-spirv --split-input-file | filecheck %s

// Maxima and minima are NaN where one operand or one lane is.
// CHECK-LABEL: spirv.func @kept
// CHECK: %[[X:.*]] = spirv.Undef : f32
// CHECK-NEXT: %[[Y:.*]] = spirv.Undef : f32
// CHECK-NEXT: %[[MIN:.*]] = spirv.CL.fmin %[[X]], %[[Y]] : f32
// CHECK-NEXT: %[[NAN:.*]] = spirv.IsNan %[[X]] : f32
// CHECK-NEXT: %[[ONE:.*]] = spirv.Select %[[NAN]], %[[X]], %[[MIN]] : i1, f32
// CHECK-NEXT: %[[NAN:.*]] = spirv.IsNan %[[Y]] : f32
// CHECK-NEXT: spirv.Select %[[NAN]], %[[Y]], %[[ONE]] : i1, f32
// CHECK: spirv.GroupNonUniformFMax <Subgroup> <Reduce> %[[X]]
// CHECK: %[[SUM:.*]] = spirv.GroupNonUniformFAdd <Subgroup> <Reduce>
// CHECK: %[[NAN:.*]] = spirv.IsNan %[[SUM]]
// CHECK: spirv.Select %[[NAN]], %[[SUM]],
spirv.module Logical GLSL450 requires #spirv.vce<v1.3, [Shader, GroupNonUniformArithmetic], []> {
  spirv.func @kept() "None" {
    %x = spirv.Undef : f32
    %y = spirv.Undef : f32
    %0 = spirv.GL.FMin %x, %y : f32
    %1 = spirv.GroupNonUniformFMax <Subgroup> <Reduce> %x : f32 -> f32
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @kept
  spirv.ExecutionMode @kept "LocalSize", 16, 1, 1
}

// -----

// Lanes without an element start from NaN, as in a softmax: they are passed over.
// CHECK-LABEL: spirv.func @passed_over
// CHECK: %[[X:.*]] = spirv.Undef : f32
// CHECK: %[[START:.*]] = spirv.Constant 0xFFC00000 : f32
// CHECK-NEXT: spirv.CL.fmax %[[X]], %[[START]] : f32
// CHECK-NEXT: %[[NAN:.*]] = spirv.IsNan %[[X]] : f32
// CHECK-NEXT: %[[NONE:.*]] = spirv.Constant 0xFF800000 : f32
// CHECK-NEXT: %[[NUMBER:.*]] = spirv.Select %[[NAN]], %[[NONE]], %[[X]] : i1, f32
// CHECK-NEXT: spirv.GroupNonUniformFMax <Subgroup> <Reduce> %[[NUMBER]]
// CHECK-NOT: spirv.GroupNonUniformFAdd
spirv.module Logical GLSL450 requires #spirv.vce<v1.3, [Shader, GroupNonUniformArithmetic], []> {
  spirv.func @passed_over() "None" {
    %x = spirv.Undef : f32
    %start = spirv.Constant 0xFFC00000 : f32
    %0 = spirv.GL.FMax %x, %start : f32
    %1 = spirv.GroupNonUniformFMax <Subgroup> <Reduce> %x : f32 -> f32
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @passed_over
  spirv.ExecutionMode @passed_over "LocalSize", 16, 1, 1
}
