// RUN: fanfold-opt %s --pass raise-spelled-quantize --pass drop-dead-ops --report | filecheck %s

// One below -127 is an attribute.
// CHECK-LABEL: func.func @whole_range(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.quantize"{{.*}} bound = 1.270000e+02 : f64,{{.*}} low = -1.280000e+02 : f64
// CHECK-NOT: torch.aten
// CHECK: return
func.func @whole_range(%x: !torch.vtensor<[?,64],f32>) -> !torch.vtensor<[?,64],si8> {
  %int1 = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %bound = torch.constant.int 127
  %lowest = torch.constant.int -128
  %low = torch.constant.int -127
  %inner = torch.constant.float 1.266000e+02
  %outer = torch.constant.float -1.266000e+02
  %r = torch.aten.round %x : !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %c = torch.aten.clamp %r, %lowest, %bound : !torch.vtensor<[?,64],f32>, !torch.int, !torch.int -> !torch.vtensor<[?,64],f32>
  %q = torch.prims.convert_element_type %c, %int1 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],si8>
  return %q : !torch.vtensor<[?,64],si8>
}

// CHECK-LABEL: func.func @symmetric_range(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.quantize"{{.*}} granularity = "tensor", group_size = 64 : i64, operandSegmentSizes
// CHECK-NOT: torch.aten
// CHECK: return
func.func @symmetric_range(%x: !torch.vtensor<[?,64],f32>) -> !torch.vtensor<[?,64],si8> {
  %int1 = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %bound = torch.constant.int 127
  %lowest = torch.constant.int -128
  %low = torch.constant.int -127
  %inner = torch.constant.float 1.266000e+02
  %outer = torch.constant.float -1.266000e+02
  %r = torch.aten.round %x : !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %c = torch.aten.clamp %r, %low, %bound : !torch.vtensor<[?,64],f32>, !torch.int, !torch.int -> !torch.vtensor<[?,64],f32>
  %q = torch.prims.convert_element_type %c, %int1 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],si8>
  return %q : !torch.vtensor<[?,64],si8>
}

// Integers of up to 256 are values of bf16: nothing is rounded before the round.
// CHECK-LABEL: func.func @narrow_behind_round(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.quantize"{{.*}} quotient_type = f32
// CHECK-NOT: torch.aten
// CHECK: return
func.func @narrow_behind_round(%x: !torch.vtensor<[?,64],f32>) -> !torch.vtensor<[?,64],si8> {
  %int1 = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %bound = torch.constant.int 127
  %lowest = torch.constant.int -128
  %low = torch.constant.int -127
  %inner = torch.constant.float 1.266000e+02
  %outer = torch.constant.float -1.266000e+02
  %r = torch.aten.round %x : !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %b = torch.prims.convert_element_type %r, %int15 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %c = torch.aten.clamp %b, %low, %bound : !torch.vtensor<[?,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %q = torch.prims.convert_element_type %c, %int1 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],si8>
  return %q : !torch.vtensor<[?,64],si8>
}

// CHECK-LABEL: func.func @narrow_before_round(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.quantize"{{.*}} quotient_type = bf16
// CHECK-NOT: torch.aten
// CHECK: return
func.func @narrow_before_round(%x: !torch.vtensor<[?,64],f32>) -> !torch.vtensor<[?,64],si8> {
  %int1 = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %bound = torch.constant.int 127
  %lowest = torch.constant.int -128
  %low = torch.constant.int -127
  %inner = torch.constant.float 1.266000e+02
  %outer = torch.constant.float -1.266000e+02
  %b = torch.prims.convert_element_type %x, %int15 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %r = torch.aten.round %b : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %c = torch.aten.clamp %r, %low, %bound : !torch.vtensor<[?,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %q = torch.prims.convert_element_type %c, %int1 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],si8>
  return %q : !torch.vtensor<[?,64],si8>
}

// CHECK-LABEL: func.func @narrow_behind_round_without_a_clamp(
// CHECK-NOT: fanfold.quantize
// CHECK: return
func.func @narrow_behind_round_without_a_clamp(%x: !torch.vtensor<[?,64],f32>) -> !torch.vtensor<[?,64],si8> {
  %int1 = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %bound = torch.constant.int 127
  %lowest = torch.constant.int -128
  %low = torch.constant.int -127
  %inner = torch.constant.float 1.266000e+02
  %outer = torch.constant.float -1.266000e+02
  %c = torch.aten.clamp %x, %low, %bound : !torch.vtensor<[?,64],f32>, !torch.int, !torch.int -> !torch.vtensor<[?,64],f32>
  %r = torch.aten.round %x : !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %b = torch.prims.convert_element_type %r, %int15 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %q = torch.prims.convert_element_type %b, %int1 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],si8>
  return %q : !torch.vtensor<[?,64],si8>
}

// CHECK-LABEL: func.func @clamped_between_integers(
// CHECK-NOT: fanfold.quantize
// CHECK: return
func.func @clamped_between_integers(%x: !torch.vtensor<[?,64],f32>) -> !torch.vtensor<[?,64],si8> {
  %int1 = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %bound = torch.constant.int 127
  %lowest = torch.constant.int -128
  %low = torch.constant.int -127
  %inner = torch.constant.float 1.266000e+02
  %outer = torch.constant.float -1.266000e+02
  %r = torch.aten.round %x : !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %c = torch.aten.clamp %r, %outer, %inner : !torch.vtensor<[?,64],f32>, !torch.float, !torch.float -> !torch.vtensor<[?,64],f32>
  %q = torch.prims.convert_element_type %c, %int1 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],si8>
  return %q : !torch.vtensor<[?,64],si8>
}

// CHECK-LABEL: func.func @clamped_between_values_of_bf16(
// CHECK-NOT: fanfold.quantize
// CHECK: return
func.func @clamped_between_values_of_bf16(%x: !torch.vtensor<[?,64],f32>) -> !torch.vtensor<[?,64],si8> {
  %int1 = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %bound = torch.constant.int 127
  %lowest = torch.constant.int -128
  %low = torch.constant.int -127
  %inner = torch.constant.float 1.266000e+02
  %outer = torch.constant.float -1.266000e+02
  %c = torch.aten.clamp %x, %outer, %inner : !torch.vtensor<[?,64],f32>, !torch.float, !torch.float -> !torch.vtensor<[?,64],f32>
  %b = torch.prims.convert_element_type %c, %int15 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %r = torch.aten.round %b : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %q = torch.prims.convert_element_type %r, %int1 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],si8>
  return %q : !torch.vtensor<[?,64],si8>
}

// CHECK-LABEL: func.func @ends_in_another_order(
// CHECK-NOT: fanfold.quantize
// CHECK: return
func.func @ends_in_another_order(%x: !torch.vtensor<[?,64],f32>) -> !torch.vtensor<[?,64],si8> {
  %int1 = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %bound = torch.constant.int 127
  %lowest = torch.constant.int -128
  %low = torch.constant.int -127
  %inner = torch.constant.float 1.266000e+02
  %outer = torch.constant.float -1.266000e+02
  %r = torch.aten.round %x : !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %c = torch.aten.clamp %r, %bound, %low : !torch.vtensor<[?,64],f32>, !torch.int, !torch.int -> !torch.vtensor<[?,64],f32>
  %q = torch.prims.convert_element_type %c, %int1 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],si8>
  return %q : !torch.vtensor<[?,64],si8>
}

// CHECK: // quantize (spelled out): no kernel: the value is rounded to integers and then to bf16, which has no integers beyond 256 one apart, and no clamp keeps it within them
// CHECK-NEXT: // quantize (spelled out): no kernel: the value is rounded to integers and then clamped to -126.6, which is none
// CHECK-NEXT: // quantize (spelled out): no kernel: the value is clamped to -126.6 and then rounded to bf16, which does not have that number
// CHECK-NEXT: // quantize (spelled out): no kernel: the value is clamped to 127 and -127, not to the same magnitude
// CHECK-NOT: no kernel
