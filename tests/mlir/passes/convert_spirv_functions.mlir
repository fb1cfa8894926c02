// RUN: fanfold-opt %s --pass convert-spirv | filecheck %s

// What graphics' functions become. Those that OpenCL has change their name alone; those of f16 are computed in f32.
// CHECK: spirv.module Physical64 OpenCL requires #spirv.vce<v1.2, [Addresses, Float16, Float64, Int16, Int64, Int8, Kernel, SubgroupDispatch], []>
spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader, Float16, Float64, Int64, Int16, Int8], []> {
  // CHECK-LABEL: spirv.func @kernel
  spirv.func @kernel() "None" {
    %x = spirv.Undef : f32
    %y = spirv.Undef : f32
    %z = spirv.Undef : f32
    %v = spirv.Undef : vector<4xf32>
    %h = spirv.Undef : f16
    %d = spirv.Undef : f64
    %i = spirv.Undef : i32
    %j = spirv.Undef : i32
    %k = spirv.Undef : i32
    %l = spirv.Undef : i64
    %s = spirv.Undef : i16
    %b = spirv.Undef : i8
    // CHECK: %[[X:.*]] = spirv.Undef : f32
    // CHECK-NEXT: %[[Y:.*]] = spirv.Undef : f32
    // CHECK-NEXT: %[[Z:.*]] = spirv.Undef : f32
    // CHECK-NEXT: %[[V:.*]] = spirv.Undef : vector<4xf32>
    // CHECK-NEXT: %[[H:.*]] = spirv.Undef : f16
    // CHECK: %[[I:.*]] = spirv.Undef : i32
    // CHECK-NEXT: %[[J:.*]] = spirv.Undef : i32
    // CHECK-NEXT: %[[K:.*]] = spirv.Undef : i32

    // CHECK: spirv.CL.rint %[[V]] : vector<4xf32>
    %0 = spirv.GL.RoundEven %v : vector<4xf32>
    // CHECK-NEXT: spirv.CL.fmax %[[X]], %[[Y]] : f32
    %1 = spirv.GL.NMax %x, %y : f32
    // CHECK-NEXT: spirv.CL.fmin %[[X]], %[[Y]] : f32
    %2 = spirv.GL.FMin %x, %y : f32
    // CHECK-NEXT: spirv.CL.fma %[[X]], %[[Y]], %[[Z]] : f32
    %3 = spirv.GL.Fma %x, %y, %z : f32
    // CHECK-NEXT: spirv.CL.s_abs %[[I]] : i32
    %4 = spirv.GL.SAbs %i : i32
    // CHECK-NEXT: spirv.CL.ldexp %[[X]], %[[I]] : f32, i32 -> f32
    %5 = spirv.GL.Ldexp %x : f32, %i : i32 -> f32
    // CHECK-NEXT: spirv.CL.pow %[[X]], %[[Y]] : f32
    %6 = spirv.GL.Pow %x, %y : f32

    // CHECK-NEXT: %[[WIDE:.*]] = spirv.FConvert %[[H]] : f16 to f32
    // CHECK-NEXT: %[[EXP:.*]] = spirv.CL.exp %[[WIDE]] : f32
    // CHECK-NEXT: spirv.FConvert %[[EXP]] : f32 to f16
    %7 = spirv.GL.Exp %h : f16
    // CHECK-NEXT: spirv.CL.fabs %[[H]] : f16
    %8 = spirv.GL.FAbs %h : f16

    // The root is correctly rounded, and so is the quotient.
    // CHECK-NEXT: %[[ONE:.*]] = spirv.Constant 1.000000e+00 : f32
    // CHECK-NEXT: %[[ROOT:.*]] = spirv.CL.sqrt %[[X]] : f32
    // CHECK-NEXT: spirv.FDiv %[[ONE]], %[[ROOT]] : f32
    %9 = spirv.GL.InverseSqrt %x : f32
    // CHECK-NEXT: spirv.FDiv %[[X]], %[[Y]] : f32
    %10 = spirv.FDiv %x, %y : f32
    // CHECK-NEXT: %[[HA:.*]] = spirv.FConvert %[[H]] : f16 to f32
    // CHECK-NEXT: %[[HB:.*]] = spirv.FConvert %[[H]] : f16 to f32
    // CHECK-NEXT: %[[QUOTIENT:.*]] = spirv.FDiv %[[HA]], %[[HB]] : f32
    // CHECK-NEXT: spirv.FConvert %[[QUOTIENT]] : f32 to f16
    %11 = spirv.FDiv %h, %h : f16
    // CHECK-NEXT: spirv.CL.fmod %[[X]], %[[Y]] : f32
    %12 = spirv.FRem %x, %y : f32

    // OpenCL's mix has another formula.
    // CHECK-NEXT: %[[U:.*]] = spirv.Constant 1.000000e+00 : f32
    // CHECK-NEXT: %[[REST:.*]] = spirv.FSub %[[U]], %[[Z]] : f32
    // CHECK-NEXT: %[[LEFT:.*]] = spirv.FMul %[[X]], %[[REST]] : f32
    // CHECK-NEXT: %[[RIGHT:.*]] = spirv.FMul %[[Y]], %[[Z]] : f32
    // CHECK-NEXT: spirv.FAdd %[[LEFT]], %[[RIGHT]] : f32
    %13 = spirv.GL.FMix %x : f32, %y : f32, %z : f32 -> f32
    // CHECK-NEXT: %[[LOW:.*]] = spirv.CL.fmax %[[X]], %[[Y]] : f32
    // CHECK-NEXT: spirv.CL.fmin %[[LOW]], %[[Z]] : f32
    %14 = spirv.GL.FClamp %x, %y, %z : f32
    // CHECK-NEXT: %[[SLOW:.*]] = spirv.CL.s_max %[[I]], %[[J]] : i32
    // CHECK-NEXT: spirv.CL.s_min %[[SLOW]], %[[K]] : i32
    %15 = spirv.GL.SClamp %i, %j, %k : i32
    // CHECK-NEXT: %[[FZERO:.*]] = spirv.Constant 0.000000e+00 : f32
    // CHECK-NEXT: %[[LESS:.*]] = spirv.FOrdLessThan %[[X]], %[[FZERO]] : f32
    // CHECK-NEXT: %[[MINUS:.*]] = spirv.Constant -1.000000e+00 : f32
    // CHECK-NEXT: %[[LOWER:.*]] = spirv.Select %[[LESS]], %[[MINUS]], %[[X]] : i1, f32
    // CHECK-NEXT: %[[GREATER:.*]] = spirv.FOrdGreaterThan %[[X]], %[[FZERO]] : f32
    // CHECK-NEXT: %[[PLUS:.*]] = spirv.Constant 1.000000e+00 : f32
    // CHECK-NEXT: spirv.Select %[[GREATER]], %[[PLUS]], %[[LOWER]] : i1, f32
    %16 = spirv.GL.FSign %x : f32
    // CHECK-NEXT: %[[TOP:.*]] = spirv.Constant 31 : i32
    // CHECK-NEXT: %[[ZEROS:.*]] = spirv.CL.clz %[[I]] : i32
    // CHECK-NEXT: spirv.ISub %[[TOP]], %[[ZEROS]] : i32
    %17 = spirv.GL.FindUMsb %i : i32
    // CHECK: spirv.Return
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @kernel
  spirv.ExecutionMode @kernel "LocalSize", 16, 1, 1
}
