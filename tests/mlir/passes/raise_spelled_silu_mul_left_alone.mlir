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

// CHECK: // silu_mul (spelled out): no kernel: the gate is !torch.vtensor<[?,64],f32> and the other operand !torch.vtensor<[64],f32>: shapes differ
// CHECK-NEXT: // silu_mul (spelled out): no kernel: the last dim of the gate is dynamic; its width must be static
// CHECK-NOT: no kernel
