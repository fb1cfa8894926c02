// RUN: fanfold-opt %s | filecheck %s

// CHECK-LABEL: func.func @widen
// CHECK: "fanfold.cast"(%{{.*}}) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
func.func @widen(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %y = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
