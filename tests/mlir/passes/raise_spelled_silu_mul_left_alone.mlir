// RUN: fanfold-opt %s --pass raise-spelled-silu-mul --report | filecheck %s

// A sigmoid rounded to bf16 is no SiLU, nor is one of another value, nor SiLU alone.
// CHECK-LABEL: func.func @other_functions(
// CHECK-NOT: fanfold.silu_mul
// CHECK: return
func.func @other_functions(%g: !torch.vtensor<[?,64],bf16>, %u: !torch.vtensor<[?,64],bf16>, %f: !torch.vtensor<[?,64],f32>, %h: !torch.vtensor<[?,64],f32>) -> (!torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32>) {
  %s = torch.aten.sigmoid %g : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %a = torch.aten.mul.Tensor %g, %s : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %x = torch.aten.mul.Tensor %a, %u : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %q = torch.aten.sigmoid %h : !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %b = torch.aten.mul.Tensor %f, %q : !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %y = torch.aten.mul.Tensor %b, %f : !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %z = torch.aten.mul.Tensor %h, %q : !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  return %x, %y, %z : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32>
}

// CHECK-LABEL: func.func @shapes_differ(
// CHECK-NOT: fanfold.silu_mul
// CHECK: return
func.func @shapes_differ(%g: !torch.vtensor<[?,64],f32>, %u: !torch.vtensor<[64],f32>) -> !torch.vtensor<[?,64],f32> {
  %a = torch.aten.silu %g : !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %y = torch.aten.mul.Tensor %a, %u : !torch.vtensor<[?,64],f32>, !torch.vtensor<[64],f32> -> !torch.vtensor<[?,64],f32>
  return %y : !torch.vtensor<[?,64],f32>
}

// CHECK-LABEL: func.func @dynamic_width(
// CHECK-NOT: fanfold.silu_mul
// CHECK: return
func.func @dynamic_width(%g: !torch.vtensor<[4,?],f32>, %u: !torch.vtensor<[4,?],f32>) -> !torch.vtensor<[4,?],f32> {
  %a = torch.aten.silu %g : !torch.vtensor<[4,?],f32> -> !torch.vtensor<[4,?],f32>
  %y = torch.aten.mul.Tensor %a, %u : !torch.vtensor<[4,?],f32>, !torch.vtensor<[4,?],f32> -> !torch.vtensor<[4,?],f32>
  return %y : !torch.vtensor<[4,?],f32>
}

// CHECK-LABEL: func.func @complex(
// CHECK-NOT: fanfold.silu_mul
// CHECK: return
func.func @complex(%x: !torch.vtensor<[4,32],complex<f32>>, %y: !torch.vtensor<[4,32],complex<f32>>) -> !torch.vtensor<[4,32],complex<f32>> {
  %p = torch.aten.mul.Tensor %x, %y : !torch.vtensor<[4,32],complex<f32>>, !torch.vtensor<[4,32],complex<f32>> -> !torch.vtensor<[4,32],complex<f32>>
  return %p : !torch.vtensor<[4,32],complex<f32>>
}

// What is clamped to 7 and then to -7 is -7: no limit of the op.
// CHECK-LABEL: func.func @ends_in_another_order(
// CHECK: torch.aten.clamp
// CHECK: torch.aten.clamp
// CHECK: "fanfold.silu_mul"{{.*}} limit = 0x7FF0000000000000
func.func @ends_in_another_order(%g: !torch.vtensor<[?,64],f32>, %u: !torch.vtensor<[?,64],f32>) -> !torch.vtensor<[?,64],f32> {
  %none = torch.constant.none
  %low = torch.constant.float 7.000000e+00
  %high = torch.constant.float -7.000000e+00
  %h = torch.aten.clamp %g, %none, %high : !torch.vtensor<[?,64],f32>, !torch.none, !torch.float -> !torch.vtensor<[?,64],f32>
  %v = torch.aten.clamp %u, %low, %high : !torch.vtensor<[?,64],f32>, !torch.float, !torch.float -> !torch.vtensor<[?,64],f32>
  %a = torch.aten.silu %h : !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %y = torch.aten.mul.Tensor %a, %v : !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  return %y : !torch.vtensor<[?,64],f32>
}

// CHECK: // silu_mul (spelled out): no kernel: the gate is !torch.vtensor<[?,64],f32> and the other operand !torch.vtensor<[64],f32>: shapes differ
// CHECK-NEXT: // silu_mul (spelled out): no kernel: the last dim of the gate is dynamic; its width must be static
// CHECK-NOT: no kernel
