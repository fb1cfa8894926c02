// RUN: fanfold-opt %s | filecheck %s


// CHECK-LABEL: func.func @weighted
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = bf16, operandSegmentSizes = array<i32: 1, 1>, variance_size = 64 : i64, weight_offset = 0.000000e+00 : f64} : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
func.func @weighted(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> tensor<?x64xbf16> {
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @unweighted
// CHECK: "fanfold.rms_norm"(%{{.*}}) {{{.*}}normalized_type = f32, operandSegmentSizes = array<i32: 1, 0>
func.func @unweighted(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  %y = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = f32, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>}
    : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @part_of_the_row
// CHECK: variance_size = 1 : i64
func.func @part_of_the_row(%x: tensor<?x64xbf16>, %w: tensor<64xf32>) -> tensor<?x64xf16> {
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 1 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>, tensor<64xf32>) -> tensor<?x64xf16>
  return %y : tensor<?x64xf16>
}

// Gemma's weights are stored less one.
// CHECK-LABEL: func.func @weight_offset
// CHECK: weight_offset = 1.000000e+00 : f64} : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
func.func @weight_offset(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> tensor<?x64xbf16> {
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = f32, variance_size = 64 : i64, weight_offset = 1.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}
