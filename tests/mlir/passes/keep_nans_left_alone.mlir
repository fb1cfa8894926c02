// RUN: fanfold-opt %s --pass keep-nans | filecheck %s

// Integers have none.
// CHECK-LABEL: func.func @integers(
// CHECK: torch.aten.minimum
// CHECK-NOT: torch.aten.where
// CHECK: return
func.func @integers(%a: !torch.vtensor<[8],si32>, %b: !torch.vtensor<[8],si32>) -> !torch.vtensor<[8],si32> {
  %y = torch.aten.minimum %a, %b : !torch.vtensor<[8],si32>, !torch.vtensor<[8],si32> -> !torch.vtensor<[8],si32>
  return %y : !torch.vtensor<[8],si32>
}

// It was here before.
// CHECK-LABEL: func.func @kept(
// CHECK: torch.aten.minimum
// CHECK-NOT: torch.aten.where
// CHECK: return
func.func @kept(%a: !torch.vtensor<[8],f32>, %b: !torch.vtensor<[8],f32>) -> !torch.vtensor<[8],f32> {
  %y = torch.aten.minimum %a, %b {fanfold_nans_kept} : !torch.vtensor<[8],f32>, !torch.vtensor<[8],f32> -> !torch.vtensor<[8],f32>
  return %y : !torch.vtensor<[8],f32>
}

// CHECK-LABEL: func.func @unknown_rank(
// CHECK: torch.aten.minimum
// CHECK-NOT: torch.aten.where
// CHECK: return
func.func @unknown_rank(%a: !torch.vtensor<*,f32>, %b: !torch.vtensor<*,f32>) -> !torch.vtensor<*,f32> {
  %y = torch.aten.minimum %a, %b : !torch.vtensor<*,f32>, !torch.vtensor<*,f32> -> !torch.vtensor<*,f32>
  return %y : !torch.vtensor<*,f32>
}
