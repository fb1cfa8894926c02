// RUN: fanfold-opt %s | filecheck %s


// CHECK-LABEL: func.func @first
// CHECK: "fanfold.columns"(%{{.*}}) {offset = 0 : i64} : (tensor<?x64xbf16>) -> tensor<?x48xbf16>
func.func @first(%x: tensor<?x64xbf16>) -> tensor<?x48xbf16> {
  %y = "fanfold.columns"(%x) {offset = 0 : i64} : (tensor<?x64xbf16>) -> tensor<?x48xbf16>
  return %y : tensor<?x48xbf16>
}

// CHECK-LABEL: func.func @last
// CHECK: "fanfold.columns"(%{{.*}}) {offset = 63 : i64} : (tensor<4x64xf32>) -> tensor<4x1xf32>
func.func @last(%x: tensor<4x64xf32>) -> tensor<4x1xf32> {
  %y = "fanfold.columns"(%x) {offset = 63 : i64} : (tensor<4x64xf32>) -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

// CHECK-LABEL: func.func @all
// CHECK: "fanfold.columns"(%{{.*}}) {offset = 0 : i64} : (tensor<?x64xf16>) -> tensor<?x64xf16>
func.func @all(%x: tensor<?x64xf16>) -> tensor<?x64xf16> {
  %y = "fanfold.columns"(%x) {offset = 0 : i64} : (tensor<?x64xf16>) -> tensor<?x64xf16>
  return %y : tensor<?x64xf16>
}
