// RUN: fanfold-opt %s --pass lower-sines | filecheck %s

// Only f32 has these series; what has no rank is not known to be f32.
// CHECK-LABEL: func.func @others(
// CHECK: torch.aten.sin
// CHECK: torch.aten.cos
// CHECK: torch.aten.tan
// CHECK-NOT: linalg.generic
func.func @others(%x: !torch.vtensor<[8],f64>, %y: !torch.vtensor<*,f32>, %z: !torch.vtensor<[8],bf16>) {
  %0 = torch.aten.sin %x : !torch.vtensor<[8],f64> -> !torch.vtensor<[8],f64>
  %1 = torch.aten.cos %y : !torch.vtensor<*,f32> -> !torch.vtensor<*,f32>
  %2 = torch.aten.tan %z : !torch.vtensor<[8],bf16> -> !torch.vtensor<[8],bf16>
  return
}
