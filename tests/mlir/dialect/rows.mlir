// RUN: fanfold-opt %s | filecheck %s

// CHECK-LABEL: func.func @one_result
// CHECK: "fanfold.rows"(%{{.*}}, %{{.*}}) ({
// CHECK: ^bb0(%[[A:.*]]: tensor<?x64xbf16>, %[[B:.*]]: tensor<64xbf16>):
// CHECK: %[[N:.*]] = "fanfold.rms_norm"(%[[A]], %[[B]])
// CHECK: "fanfold.yield"(%[[N]])
// CHECK: (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
func.func @one_result(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> tensor<?x64xbf16> {
  %y = "fanfold.rows"(%x, %w) ({
  ^bb0(%b0: tensor<?x64xbf16>, %b1: tensor<64xbf16>):
    %n = "fanfold.rms_norm"(%b0, %b1) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
      operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
    "fanfold.yield"(%n) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @two_results
// CHECK: "fanfold.yield"(%{{.*}}, %{{.*}})
// CHECK: (tensor<?x64xbf16>, tensor<64xbf16>) -> (tensor<?x64xbf16>, tensor<?x64xf32>)
func.func @two_results(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> (tensor<?x64xbf16>, tensor<?x64xf32>) {
  %y:2 = "fanfold.rows"(%x, %w) ({
  ^bb0(%b0: tensor<?x64xbf16>, %b1: tensor<64xbf16>):
    %n = "fanfold.rms_norm"(%b0, %b1) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
      operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
    %c = "fanfold.cast"(%n) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
    "fanfold.yield"(%n, %c) {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>, tensor<?x64xf32>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>, tensor<64xbf16>) -> (tensor<?x64xbf16>, tensor<?x64xf32>)
  return %y#0, %y#1 : tensor<?x64xbf16>, tensor<?x64xf32>
}

// CHECK-LABEL: func.func @static_rows
// CHECK: (tensor<4x64xbf16>) -> tensor<4x64xf32>
func.func @static_rows(%x: tensor<4x64xbf16>) -> tensor<4x64xf32> {
  %y = "fanfold.rows"(%x) ({
  ^bb0(%b0: tensor<4x64xbf16>):
    %n = "fanfold.cast"(%b0) : (tensor<4x64xbf16>) -> tensor<4x64xf32>
    "fanfold.yield"(%n) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<4x64xf32>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<4x64xbf16>) -> tensor<4x64xf32>
  return %y : tensor<4x64xf32>
}

// A body may hand an operand on.
// CHECK-LABEL: func.func @argument_yielded
// CHECK: "fanfold.yield"(%{{.*}})
func.func @argument_yielded(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  %y = "fanfold.rows"(%x) ({
  ^bb0(%b0: tensor<?x64xbf16>):
    "fanfold.yield"(%b0) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// A static scale is the same for every row: granularity tensor is row-wise with it. Widths may differ.
// CHECK-LABEL: func.func @every_row_wise_op
// CHECK: fanfold.columns
// CHECK: fanfold.elementwise
// CHECK: fanfold.quantize
// CHECK: fanfold.absmax
// CHECK: "fanfold.yield"
func.func @every_row_wise_op(%x: tensor<?x64xbf16>, %s: tensor<1xf32>) -> (tensor<?x32xf8E4M3FN>, tensor<?x1xf32>) {
  %y:2 = "fanfold.rows"(%x, %s) ({
  ^bb0(%b0: tensor<?x64xbf16>, %b1: tensor<1xf32>):
    %c = "fanfold.columns"(%b0) {offset = 32 : i64} : (tensor<?x64xbf16>) -> tensor<?x32xbf16>
    %e = "fanfold.elementwise"(%c) {function = "relu", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x32xbf16>) -> tensor<?x32xbf16>
    %q = "fanfold.quantize"(%e, %b1) {granularity = "tensor", group_size = 32 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64,
      form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
      operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<?x32xbf16>, tensor<1xf32>) -> tensor<?x32xf8E4M3FN>
    %m = "fanfold.absmax"(%b0) : (tensor<?x64xbf16>) -> tensor<?x1xf32>
    "fanfold.yield"(%q, %m) {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x32xf8E4M3FN>, tensor<?x1xf32>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>, tensor<1xf32>) -> (tensor<?x32xf8E4M3FN>, tensor<?x1xf32>)
  return %y#0, %y#1 : tensor<?x32xf8E4M3FN>, tensor<?x1xf32>
}
