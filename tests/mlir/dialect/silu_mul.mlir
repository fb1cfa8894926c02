// RUN: fanfold-opt %s | filecheck %s


// CHECK-LABEL: func.func @no_limit
// CHECK: "fanfold.silu_mul"(%{{.*}}) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
func.func @no_limit(%x: tensor<?x128xbf16>) -> tensor<?x64xbf16> {
  %y = "fanfold.silu_mul"(%x) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @limit
// CHECK: limit = 7.000000e+00 : f64
func.func @limit(%x: tensor<?x128xbf16>) -> tensor<?x64xf32> {
  %y = "fanfold.silu_mul"(%x) {activation_type = f32, limit = 7.0 : f64} : (tensor<?x128xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
