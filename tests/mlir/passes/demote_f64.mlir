// RUN: fanfold-opt %s --pass demote-f64 | filecheck %s

// A number is rounded to f32; one that is an f32 stays.
// CHECK-LABEL: func.func @numbers(
// CHECK: torch.constant.float 1.7000000476837158
// CHECK: torch.constant.float 2.500000e-01
// CHECK: return
func.func @numbers(%x: !torch.vtensor<[4],f32>) -> !torch.vtensor<[4],f32> {
  %c = torch.constant.float 1.700000e+00
  %d = torch.constant.float 2.500000e-01
  %y = torch.aten.mul.Scalar %x, %c : !torch.vtensor<[4],f32>, !torch.float -> !torch.vtensor<[4],f32>
  %z = torch.aten.mul.Scalar %y, %d : !torch.vtensor<[4],f32>, !torch.float -> !torch.vtensor<[4],f32>
  return %z : !torch.vtensor<[4],f32>
}
