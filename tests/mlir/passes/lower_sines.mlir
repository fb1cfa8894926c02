// RUN: fanfold-opt %s --pass lower-sines | filecheck %s

// An angle becomes a quadrant and a rest; both series are taken, and one of them is chosen.
// CHECK-LABEL: func.func @cosine(
// CHECK-SAME: %[[X:.*]]: !torch.vtensor<[?,64],f32>
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[B]] : tensor<?x64xf32>)
// CHECK: arith.constant -1560706194 : i32
// CHECK: arith.bitcast
// CHECK-COUNT-3: arith.muli {{.*}} : i64
// CHECK-COUNT-2: arith.sitofp
// CHECK-NOT: math.
// CHECK-NOT: arith.divf
// CHECK: } -> tensor<?x64xf32>
// CHECK: %[[T:.*]] = torch_c.from_builtin_tensor %[[Y]]
// CHECK-NOT: torch.aten.cos
// CHECK: return %[[T]]
func.func @cosine(%x: !torch.vtensor<[?,64],f32>) -> !torch.vtensor<[?,64],f32> {
  %y = torch.aten.cos %x : !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  return %y : !torch.vtensor<[?,64],f32>
}

// CHECK-LABEL: func.func @of_rank_0(
// CHECK: linalg.generic {{.*}} : tensor<f32>
// CHECK-NOT: torch.aten.sin
// CHECK: linalg.generic {{.*}} : tensor<f32>
// CHECK: arith.divf
// CHECK-NOT: torch.aten.tan
// CHECK: return
func.func @of_rank_0(%x: !torch.vtensor<[],f32>) -> !torch.vtensor<[],f32> {
  %y = torch.aten.sin %x : !torch.vtensor<[],f32> -> !torch.vtensor<[],f32>
  %z = torch.aten.tan %y : !torch.vtensor<[],f32> -> !torch.vtensor<[],f32>
  return %z : !torch.vtensor<[],f32>
}
