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
    %n = "fanfold.rms_norm"(%b0, %b1) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64,
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
    %n = "fanfold.rms_norm"(%b0, %b1) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64,
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
