// RUN: fanfold-opt %s --pass keep-nans | filecheck %s

// CHECK-LABEL: func.func @bounds(
// CHECK-SAME: %[[X:.*]]: !torch.vtensor<[?,8],bf16>
// CHECK: %[[Y:.*]] = torch.aten.clamp %[[X]], {{.*}} {fanfold_nans_kept}
// CHECK: %[[NAN:.*]] = torch.aten.ne.Tensor %[[X]], %[[X]] : {{.*}} -> !torch.vtensor<[?,8],i1>
// CHECK: %[[KEPT:.*]] = torch.aten.where.self %[[NAN]], %[[X]], %[[Y]]
// CHECK: return %[[KEPT]]
func.func @bounds(%x: !torch.vtensor<[?,8],bf16>) -> !torch.vtensor<[?,8],bf16> {
  %low = torch.constant.float -5.000000e-01
  %none = torch.constant.none
  %y = torch.aten.clamp %x, %low, %none : !torch.vtensor<[?,8],bf16>, !torch.float, !torch.none -> !torch.vtensor<[?,8],bf16>
  return %y : !torch.vtensor<[?,8],bf16>
}

// The NaN of the first operand is the result, whatever the second one is.
// CHECK-LABEL: func.func @two(
// CHECK-SAME: %[[A:.*]]: !torch.vtensor<[4,8],f32>, %[[B:.*]]: !torch.vtensor<[8],f32>
// CHECK: %[[Y:.*]] = torch.aten.maximum %[[A]], %[[B]] {fanfold_nans_kept}
// CHECK: %[[OF_B:.*]] = torch.aten.ne.Tensor %[[B]], %[[B]] : {{.*}} -> !torch.vtensor<[8],i1>
// CHECK: %[[INNER:.*]] = torch.aten.where.self %[[OF_B]], %[[B]], %[[Y]]
// CHECK: %[[OF_A:.*]] = torch.aten.ne.Tensor %[[A]], %[[A]]
// CHECK: %[[KEPT:.*]] = torch.aten.where.self %[[OF_A]], %[[A]], %[[INNER]]
// CHECK: torch.aten.neg %[[KEPT]]
// CHECK: return %[[KEPT]]
func.func @two(%a: !torch.vtensor<[4,8],f32>, %b: !torch.vtensor<[8],f32>) -> (!torch.vtensor<[4,8],f32>, !torch.vtensor<[4,8],f32>) {
  %y = torch.aten.maximum %a, %b : !torch.vtensor<[4,8],f32>, !torch.vtensor<[8],f32> -> !torch.vtensor<[4,8],f32>
  %z = torch.aten.neg %y : !torch.vtensor<[4,8],f32> -> !torch.vtensor<[4,8],f32>
  return %y, %z : !torch.vtensor<[4,8],f32>, !torch.vtensor<[4,8],f32>
}

// CHECK-LABEL: func.func @from_nan(
// CHECK: %[[LOW:.*]] = torch.constant.float 0x7FF8000000000000
// CHECK: torch.aten.clamp %{{.*}}, %[[LOW]], %[[LOW]] {fanfold_nans_kept}
func.func @from_nan(%x: !torch.vtensor<[8],f32>) -> !torch.vtensor<[8],f32> {
  %low = torch.constant.float 0x7FF8000000000000
  %high = torch.constant.float 1.000000e+00
  %y = torch.aten.clamp %x, %low, %high : !torch.vtensor<[8],f32>, !torch.float, !torch.float -> !torch.vtensor<[8],f32>
  return %y : !torch.vtensor<[8],f32>
}
