// RUN: fanfold-opt %s --pass raise-spelled-silu-mul --pass drop-dead-ops --report | filecheck %s

// SiLU rounded to bf16, then the product.
// CHECK-LABEL: func.func @bf16(
// CHECK-NOT: torch.aten.sigmoid
// CHECK: "fanfold.silu_mul"(%{{.*}}, %{{.*}}) {activation_type = bf16, limit = 0x7FF0000000000000 : f64, origins = ["silu_mul (spelled out)@{{.*}} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
// CHECK-NOT: torch.aten.mul
// CHECK: return
func.func @bf16(%g: !torch.vtensor<[2,?,64],bf16>, %u: !torch.vtensor<[2,?,64],bf16>) -> !torch.vtensor<[2,?,64],bf16> {
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %f = torch.prims.convert_element_type %g, %int6 : !torch.vtensor<[2,?,64],bf16>, !torch.int -> !torch.vtensor<[2,?,64],f32>
  %s = torch.aten.sigmoid %f : !torch.vtensor<[2,?,64],f32> -> !torch.vtensor<[2,?,64],f32>
  %p = torch.aten.mul.Tensor %f, %s : !torch.vtensor<[2,?,64],f32>, !torch.vtensor<[2,?,64],f32> -> !torch.vtensor<[2,?,64],f32>
  %a = torch.prims.convert_element_type %p, %int15 : !torch.vtensor<[2,?,64],f32>, !torch.int -> !torch.vtensor<[2,?,64],bf16>
  %y = torch.aten.mul.Tensor %u, %a : !torch.vtensor<[2,?,64],bf16>, !torch.vtensor<[2,?,64],bf16> -> !torch.vtensor<[2,?,64],bf16>
  return %y : !torch.vtensor<[2,?,64],bf16>
}

// All in f32, rounded once; the whole op in place of its parts.
// CHECK-LABEL: func.func @rounded_once(
// CHECK: "fanfold.silu_mul"(%{{.*}}, %{{.*}}) {activation_type = f32, {{.*}} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
// CHECK-NOT: torch.aten
// CHECK: return
func.func @rounded_once(%g: !torch.vtensor<[?,64],bf16>, %u: !torch.vtensor<[?,64],bf16>) -> !torch.vtensor<[?,64],bf16> {
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %f = torch.prims.convert_element_type %g, %int6 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],f32>
  %a = torch.aten.silu %f : !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %v = torch.prims.convert_element_type %u, %int6 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],f32>
  %p = torch.aten.mul.Tensor %a, %v : !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %y = torch.prims.convert_element_type %p, %int15 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],bf16>
  return %y : !torch.vtensor<[?,64],bf16>
}

// Equal clamps are the op's limit.
// CHECK-LABEL: func.func @limited(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.silu_mul"(%{{.*}}, %{{.*}}) {activation_type = f32, limit = 7.000000e+00 : f64
// CHECK-NOT: torch.aten
// CHECK: return
func.func @limited(%g: !torch.vtensor<[?,64],f32>, %u: !torch.vtensor<[?,64],f32>) -> !torch.vtensor<[?,64],f32> {
  %none = torch.constant.none
  %low = torch.constant.int -7
  %high = torch.constant.float 7.000000e+00
  %c = torch.aten.clamp %g, %none, %high : !torch.vtensor<[?,64],f32>, !torch.none, !torch.float -> !torch.vtensor<[?,64],f32>
  %d = torch.aten.clamp %u, %low, %high : !torch.vtensor<[?,64],f32>, !torch.int, !torch.float -> !torch.vtensor<[?,64],f32>
  %s = torch.aten.sigmoid %c : !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %a = torch.aten.mul.Tensor %c, %s : !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %y = torch.aten.mul.Tensor %a, %d : !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  return %y : !torch.vtensor<[?,64],f32>
}

// Another clamp stays in front.
// CHECK-LABEL: func.func @one_clamp(
// CHECK: torch.aten.clamp
// CHECK: "fanfold.silu_mul"(%{{.*}}, %{{.*}}) {activation_type = f32, limit = 0x7FF0000000000000 : f64
// CHECK: return
func.func @one_clamp(%g: !torch.vtensor<[?,64],f32>, %u: !torch.vtensor<[?,64],f32>) -> !torch.vtensor<[?,64],f32> {
  %none = torch.constant.none
  %high = torch.constant.float 7.000000e+00
  %c = torch.aten.clamp %g, %none, %high : !torch.vtensor<[?,64],f32>, !torch.none, !torch.float -> !torch.vtensor<[?,64],f32>
  %s = torch.aten.sigmoid %c : !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %a = torch.aten.mul.Tensor %s, %c : !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %y = torch.aten.mul.Tensor %a, %u : !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  return %y : !torch.vtensor<[?,64],f32>
}

// CHECK-NOT: no kernel
