// RUN: fanfold-opt %s --pass form-rows --pass lower-rows-to-kernel --vector-bits 128 | filecheck %s

// No bf16 or fp8 type is left in a kernel: IREE would drop a rounding that is written with them.
// CHECK: func.func @residual_add_quantize_64()
// CHECK-NOT: bf16
// CHECK-NOT: f8E4M3FN
// CHECK: memref<?x64xi16
// CHECK: arith.shli
// CHECK: arith.addf %{{.*}} : vector<4xf32>
// CHECK: vector.store %{{.*}} memref<?x64xi8
// CHECK-NOT: bf16
// CHECK-LABEL: func.func @f(
func.func @f(%x: tensor<?x64xbf16>, %r: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>) {
  %s = "fanfold.residual_add"(%x, %r) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %q:2 = "fanfold.quantize"(%s) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>)
  return %q#0, %q#1 : tensor<?x64xf8E4M3FN>, tensor<?x1xf32>
}
