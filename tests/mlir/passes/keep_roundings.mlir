// RUN: fanfold-opt %s --pass keep-roundings | filecheck %s

// Elementwise ops are computed in f32 and rounded by integers; the last result is stored as bf16 and needs nothing.
// CHECK-LABEL: func.func @elementwise(
// CHECK: torch.aten.add.Tensor {{.*}} -> !torch.vtensor<[?,64],f32>
// CHECK: linalg.generic
// CHECK: arith.addi
// CHECK: arith.trunci
// CHECK: torch_c.from_builtin_tensor {{.*}} -> !torch.vtensor<[?,64],bf16>
// CHECK: %[[LAST:.*]] = torch.aten.mul.Tensor {{.*}} -> !torch.vtensor<[?,64],bf16>
// CHECK-NEXT: return %[[LAST]]
func.func @elementwise(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[?,64],bf16>) -> !torch.vtensor<[?,64],bf16> {
  %one = torch.constant.int 1
  %a = torch.aten.add.Tensor %x, %y, %one : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %m = torch.aten.mul.Tensor %a, %y : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  return %m : !torch.vtensor<[?,64],bf16>
}

// A matrix product keeps its arithmetic; its result is rounded where IREE can see it.
// CHECK-LABEL: func.func @product(
// CHECK: torch.aten.mm {{.*}} -> !torch.vtensor<[4,64],bf16>
// CHECK: linalg.generic
// CHECK: torch.aten.add.Tensor
func.func @product(%x: !torch.vtensor<[4,64],bf16>, %w: !torch.vtensor<[64,64],bf16>) -> !torch.vtensor<[4,64],bf16> {
  %one = torch.constant.int 1
  %p = torch.aten.mm %x, %w : !torch.vtensor<[4,64],bf16>, !torch.vtensor<[64,64],bf16> -> !torch.vtensor<[4,64],bf16>
  %a = torch.aten.add.Tensor %p, %x, %one : !torch.vtensor<[4,64],bf16>, !torch.vtensor<[4,64],bf16>, !torch.int -> !torch.vtensor<[4,64],bf16>
  return %a : !torch.vtensor<[4,64],bf16>
}

// f16 and f32 are IREE's own arithmetic, and a kernel reads bf16 from memory.
// CHECK-LABEL: func.func @nothing_to_keep(
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @nothing_to_keep(%x: !torch.vtensor<[4,64],f16>, %y: !torch.vtensor<[4,64],bf16>) -> (!torch.vtensor<[4,64],f16>, tensor<4x64xf32>) {
  %one = torch.constant.int 1
  %a = torch.aten.add.Tensor %x, %x, %one : !torch.vtensor<[4,64],f16>, !torch.vtensor<[4,64],f16>, !torch.int -> !torch.vtensor<[4,64],f16>
  %m = torch.aten.mul.Tensor %a, %x : !torch.vtensor<[4,64],f16>, !torch.vtensor<[4,64],f16> -> !torch.vtensor<[4,64],f16>
  %s = torch.aten.add.Tensor %y, %y, %one : !torch.vtensor<[4,64],bf16>, !torch.vtensor<[4,64],bf16>, !torch.int -> !torch.vtensor<[4,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[4,64],bf16> -> tensor<4x64xbf16>
  %r = "fanfold.rows"(%b) ({
  ^bb0(%v: tensor<4x64xbf16>):
    %c = "fanfold.cast"(%v) : (tensor<4x64xbf16>) -> tensor<4x64xf32>
    "fanfold.yield"(%c) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<4x64xf32>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<4x64xbf16>) -> tensor<4x64xf32>
  return %m, %r : !torch.vtensor<[4,64],f16>, tensor<4x64xf32>
}
