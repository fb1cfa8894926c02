// RUN: fanfold-opt %s --pass widen-products | filecheck %s

// Without a narrow tensor in the module there is nothing to keep apart.
// CHECK-LABEL: func.func @wide(
// CHECK-NOT: compute_barrier
// CHECK: torch.aten.mm
// CHECK-NOT: compute_barrier
// CHECK: return
func.func @wide(%x: !torch.vtensor<[4,64],f32>, %w: !torch.vtensor<[64,96],f32>) -> !torch.vtensor<[4,96],f32> {
  %y = torch.aten.mm %x, %w : !torch.vtensor<[4,64],f32>, !torch.vtensor<[64,96],f32> -> !torch.vtensor<[4,96],f32>
  return %y : !torch.vtensor<[4,96],f32>
}
