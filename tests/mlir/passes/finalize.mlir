// RUN: fanfold-opt %s --pass finalize | filecheck %s

// CHECK-LABEL: func.func @duplicates_and_dead_ops(
// CHECK-NEXT: %[[A:.*]] = arith.constant 1
// CHECK-NEXT: return %[[A]], %[[A]]
func.func @duplicates_and_dead_ops(%x: tensor<?x64xf32>) -> (index, index) {
  %a = arith.constant 1 : index
  %b = arith.constant 1 : index
  %c = tensor.dim %x, %a : tensor<?x64xf32>
  return %a, %b : index, index
}

// Torch ops that IREE lowers stay.
// CHECK-LABEL: func.func @torch(
// CHECK: torch.aten.relu
func.func @torch(%x: !torch.vtensor<[2],f32>) -> !torch.vtensor<[2],f32> {
  %y = torch.aten.relu %x : !torch.vtensor<[2],f32> -> !torch.vtensor<[2],f32>
  return %y : !torch.vtensor<[2],f32>
}
