// RUN: fanfold-opt %s | filecheck %s


// CHECK-LABEL: func.func @unrounded
// CHECK: "fanfold.residual_add"(%{{.*}}, %{{.*}}) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xf32>
func.func @unrounded(%x: tensor<?x64xbf16>, %r: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %y = "fanfold.residual_add"(%x, %r) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @mixed
// CHECK: "fanfold.residual_add"(%{{.*}}, %{{.*}}) : (tensor<?x64xbf16>, tensor<?x64xf32>) -> tensor<?x64xf16>
func.func @mixed(%x: tensor<?x64xbf16>, %r: tensor<?x64xf32>) -> tensor<?x64xf16> {
  %y = "fanfold.residual_add"(%x, %r) : (tensor<?x64xbf16>, tensor<?x64xf32>) -> tensor<?x64xf16>
  return %y : tensor<?x64xf16>
}
