// RUN: fanfold-opt %s | filecheck %s


// CHECK-LABEL: func.func @dynamic_rows
// CHECK: "fanfold.absmax"(%{{.*}}) : (tensor<?x64xbf16>) -> tensor<?x1xf32>
func.func @dynamic_rows(%x: tensor<?x64xbf16>) -> tensor<?x1xf32> {
  %y = "fanfold.absmax"(%x) : (tensor<?x64xbf16>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// CHECK-LABEL: func.func @static_rows
// CHECK: "fanfold.absmax"(%{{.*}}) : (tensor<4x64xf32>) -> tensor<4x1xf32>
func.func @static_rows(%x: tensor<4x64xf32>) -> tensor<4x1xf32> {
  %y = "fanfold.absmax"(%x) : (tensor<4x64xf32>) -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}
