// RUN: fanfold-opt %s --pass keep-roundings | filecheck %s

// Elementwise ops are computed in f32 and rounded by integers.
// CHECK-LABEL: func.func @elementwise(
// CHECK: torch.aten.add.Tensor {{.*}} -> !torch.vtensor<[?,64],f32>
// CHECK: linalg.generic
// CHECK: arith.addi
// CHECK: arith.trunci
// CHECK: torch_c.from_builtin_tensor {{.*}} -> !torch.vtensor<[?,64],bf16>
// CHECK: torch.aten.mul.Tensor {{.*}} -> !torch.vtensor<[?,64],f32>
// CHECK: linalg.generic
// CHECK: return
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

// Eager rounds the number of a sum to bf16, and that of a product not.
// CHECK-LABEL: func.func @numbers(
// CHECK: torch.constant.float 1.703125
// CHECK: torch.aten.add.Scalar {{.*}} -> !torch.vtensor<[4,64],f32>
// CHECK: %[[F:.*]] = torch.constant.float 1.7
// CHECK: torch.aten.mul.Scalar %{{.*}}, %[[F]] : {{.*}} -> !torch.vtensor<[4,64],f32>
func.func @numbers(%x: !torch.vtensor<[4,64],bf16>) -> !torch.vtensor<[4,64],bf16> {
  %one = torch.constant.int 1
  %s = torch.constant.float 1.7
  %a = torch.aten.add.Scalar %x, %s, %one : !torch.vtensor<[4,64],bf16>, !torch.float, !torch.int -> !torch.vtensor<[4,64],bf16>
  %f = torch.constant.float 1.7
  %m = torch.aten.mul.Scalar %a, %f : !torch.vtensor<[4,64],bf16>, !torch.float -> !torch.vtensor<[4,64],bf16>
  return %m : !torch.vtensor<[4,64],bf16>
}

// A product's result that only a kernel or the caller reads is in memory, as bf16.
// CHECK-LABEL: func.func @stored(
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @stored(%x: !torch.vtensor<[4,64],bf16>, %w: !torch.vtensor<[64,64],bf16>) -> (!torch.vtensor<[4,64],bf16>, tensor<4x64xf32>) {
  %p = torch.aten.mm %x, %w : !torch.vtensor<[4,64],bf16>, !torch.vtensor<[64,64],bf16> -> !torch.vtensor<[4,64],bf16>
  %b = torch_c.to_builtin_tensor %p : !torch.vtensor<[4,64],bf16> -> tensor<4x64xbf16>
  %r = "fanfold.rows"(%b) ({
  ^bb0(%v: tensor<4x64xbf16>):
    %c = "fanfold.cast"(%v) : (tensor<4x64xbf16>) -> tensor<4x64xf32>
    "fanfold.yield"(%c) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<4x64xf32>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<4x64xbf16>) -> tensor<4x64xf32>
  return %p, %r : !torch.vtensor<[4,64],bf16>, tensor<4x64xf32>
}

// f16 is kept in the same way, its numbers rounded to f16.
// CHECK-LABEL: func.func @f16(
// CHECK: torch.constant.float 1.7001953125
// CHECK: torch.aten.add.Scalar {{.*}} -> !torch.vtensor<[4,64],f32>
// CHECK: linalg.generic
// CHECK: arith.bitcast %{{.*}} : i16 to f16
// CHECK: torch_c.from_builtin_tensor {{.*}} -> !torch.vtensor<[4,64],f16>
// CHECK: torch.aten.mul.Tensor {{.*}} -> !torch.vtensor<[4,64],f32>
// CHECK: linalg.generic
// CHECK: return
func.func @f16(%x: !torch.vtensor<[4,64],f16>) -> !torch.vtensor<[4,64],f16> {
  %one = torch.constant.int 1
  %s = torch.constant.float 1.7
  %a = torch.aten.add.Scalar %x, %s, %one : !torch.vtensor<[4,64],f16>, !torch.float, !torch.int -> !torch.vtensor<[4,64],f16>
  %m = torch.aten.mul.Tensor %a, %x : !torch.vtensor<[4,64],f16>, !torch.vtensor<[4,64],f16> -> !torch.vtensor<[4,64],f16>
  return %m : !torch.vtensor<[4,64],f16>
}

// What is asked for another type than its operands' keeps its arithmetic.
// CHECK-LABEL: func.func @mixed(
// CHECK: torch.aten.add.Tensor {{.*}} : !torch.vtensor<[4,64],f16>, !torch.vtensor<[4,64],bf16>, !torch.int -> !torch.vtensor<[4,64],f32>
// CHECK: return
func.func @mixed(%x: !torch.vtensor<[4,64],f16>, %y: !torch.vtensor<[4,64],bf16>) -> !torch.vtensor<[4,64],f32> {
  %one = torch.constant.int 1
  %a = torch.aten.add.Tensor %x, %y, %one : !torch.vtensor<[4,64],f16>, !torch.vtensor<[4,64],bf16>, !torch.int -> !torch.vtensor<[4,64],f32>
  return %a : !torch.vtensor<[4,64],f32>
}

// f32 has nothing to round.
// CHECK-LABEL: func.func @nothing_to_keep(
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @nothing_to_keep(%x: !torch.vtensor<[4,64],f32>) -> !torch.vtensor<[4,64],f32> {
  %one = torch.constant.int 1
  %a = torch.aten.add.Tensor %x, %x, %one : !torch.vtensor<[4,64],f32>, !torch.vtensor<[4,64],f32>, !torch.int -> !torch.vtensor<[4,64],f32>
  %m = torch.aten.mul.Tensor %a, %x : !torch.vtensor<[4,64],f32>, !torch.vtensor<[4,64],f32> -> !torch.vtensor<[4,64],f32>
  return %m : !torch.vtensor<[4,64],f32>
}
