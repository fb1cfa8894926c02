// RUN: fanfold-opt %s | filecheck %s


// CHECK-LABEL: func.func @no_limit
// CHECK: "fanfold.silu_mul"(%{{.*}}, %{{.*}}) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
func.func @no_limit(%g: tensor<?x64xbf16>, %u: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @limit
// CHECK: limit = 7.000000e+00 : f64
func.func @limit(%g: tensor<?x64xbf16>, %u: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = f32, limit = 7.0 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// Each of the three may have its own float type.
// CHECK-LABEL: func.func @mixed
// CHECK: (tensor<4x64xf16>, tensor<4x64xf32>) -> tensor<4x64xbf16>
func.func @mixed(%g: tensor<4x64xf16>, %u: tensor<4x64xf32>) -> tensor<4x64xbf16> {
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = f16, limit = 7.0 : f64} : (tensor<4x64xf16>, tensor<4x64xf32>) -> tensor<4x64xbf16>
  return %y : tensor<4x64xbf16>
}

// CHECK-LABEL: func.func @halves_of_a_row
// CHECK: "fanfold.silu_mul"
func.func @halves_of_a_row(%x: tensor<?x128xbf16>) -> tensor<?x64xbf16> {
  %g = "fanfold.columns"(%x) {offset = 0 : i64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  %u = "fanfold.columns"(%x) {offset = 64 : i64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}
