// RUN: fanfold-opt %s --pass split-tensor-scales | filecheck %s

// The scale is given.
// CHECK-LABEL: func.func @static_scale(
// CHECK: %[[N:.*]] = "fanfold.rms_norm"
// CHECK-NEXT: "fanfold.quantize"(%[[N]], %{{[^)]*}})
// CHECK-SAME: granularity = "tensor"
// CHECK-NEXT: return
func.func @static_scale(%x: tensor<?x64xbf16>, %s: tensor<1xf32>) -> tensor<?x64xf8E4M3FN> {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = "fanfold.quantize"(%v1, %s) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>, tensor<1xf32>) -> tensor<?x64xf8E4M3FN>
  return %v2 : tensor<?x64xf8E4M3FN>
}

// A row is all that its scale is made of.
// CHECK-LABEL: func.func @token(
// CHECK: %[[N:.*]] = "fanfold.rms_norm"
// CHECK-NEXT: "fanfold.quantize"(%[[N]])
// CHECK-SAME: granularity = "token"
// CHECK-NEXT: return
func.func @token(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2:2 = "fanfold.quantize"(%v1) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>)
  return %v2#0, %v2#1 : tensor<?x64xf8E4M3FN>, tensor<?x1xf32>
}

// CHECK-LABEL: func.func @groups(
// CHECK: %[[N:.*]] = "fanfold.rms_norm"
// CHECK-NEXT: "fanfold.quantize"(%[[N]])
// CHECK-SAME: granularity = "group"
// CHECK-NEXT: return
func.func @groups(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2:2 = "fanfold.quantize"(%v1) {granularity = "group", group_size = 32 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>)
  return %v2#0, %v2#1 : tensor<?x64xf8E4M3FN>, tensor<?x2xf32>
}

// What is made of scales is computed again, the quantisation that makes them is not.
// CHECK-LABEL: func.func @values_of_a_quantisation(
// CHECK: %[[Q:.*]]:2 = "fanfold.quantize"
// CHECK: "fanfold.absmax"
// CHECK: %[[A:.*]] = "fanfold.cast"(%[[Q]]#1) {second_step}
// CHECK-NEXT: "fanfold.quantize"(%[[A]], %{{[^)]*}})
// CHECK: return
func.func @values_of_a_quantisation(%x: tensor<?x64xbf16>) -> (tensor<?x1xf8E4M3FN>, tensor<1xf32>) {
  %v1:2 = "fanfold.quantize"(%x) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>)
  %v2 = "fanfold.cast"(%v1#1) : (tensor<?x1xf32>) -> tensor<?x1xbf16>
  %v3:2 = "fanfold.quantize"(%v2) {granularity = "tensor", group_size = 1 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x1xbf16>) -> (tensor<?x1xf8E4M3FN>, tensor<1xf32>)
  return %v3#0, %v3#1 : tensor<?x1xf8E4M3FN>, tensor<1xf32>
}
