// RUN: fanfold-opt %s | filecheck %s


// CHECK-LABEL: func.func @widen
// CHECK: "fanfold.cast"(%{{.*}}) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
func.func @widen(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %y = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @narrow_static_rows
// CHECK: "fanfold.cast"(%{{.*}}) : (tensor<4x64xf32>) -> tensor<4x64xf16>
func.func @narrow_static_rows(%x: tensor<4x64xf32>) -> tensor<4x64xf16> {
  %y = "fanfold.cast"(%x) : (tensor<4x64xf32>) -> tensor<4x64xf16>
  return %y : tensor<4x64xf16>
}
