// RUN: fanfold-opt %s --pass raise-spelled-quantize --report | filecheck %s

// 448 / absmax of Python is 448 * (1 / absmax).
// CHECK-LABEL: func.func @python_quotient(
// CHECK-NOT: fanfold.quantize
// CHECK: return
func.func @python_quotient(%x: !torch.vtensor<[?,64],bf16>) -> !torch.vtensor<[?,64],f8E4M3FN> {
  %axis = torch.constant.int -1
  %last = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %true = torch.constant.bool true
  %none = torch.constant.none
  %int1 = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int24 = torch.constant.int 24
  %floor = torch.constant.float 1.000000e-04
  %low = torch.constant.float -4.480000e+02
  %high = torch.constant.float 4.480000e+02
  %a = torch.aten.abs %x : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %m = torch.aten.amax %a, %last, %true : !torch.vtensor<[?,64],bf16>, !torch.list<int>, !torch.bool -> !torch.vtensor<[?,1],bf16>
  %w = torch.prims.convert_element_type %m, %int6 : !torch.vtensor<[?,1],bf16>, !torch.int -> !torch.vtensor<[?,1],f32>
  %f = torch.aten.clamp %w, %floor, %none : !torch.vtensor<[?,1],f32>, !torch.float, !torch.none -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.reciprocal %f : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %s = torch.aten.mul.Scalar %r, %high : !torch.vtensor<[?,1],f32>, !torch.float -> !torch.vtensor<[?,1],f32>
  %v = torch.aten.mul.Tensor %x, %s : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,64],f32>
  %c = torch.aten.clamp %v, %low, %high : !torch.vtensor<[?,64],f32>, !torch.float, !torch.float -> !torch.vtensor<[?,64],f32>
  %q = torch.prims.convert_element_type %c, %int24 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],f8E4M3FN>
  return %q : !torch.vtensor<[?,64],f8E4M3FN>
}

// CHECK-LABEL: func.func @no_clamp(
// CHECK-NOT: fanfold.quantize
// CHECK: return
func.func @no_clamp(%x: !torch.vtensor<[?,64],bf16>) -> !torch.vtensor<[?,64],f8E4M3FN> {
  %axis = torch.constant.int -1
  %last = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %true = torch.constant.bool true
  %none = torch.constant.none
  %int1 = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int24 = torch.constant.int 24
  %floor = torch.constant.float 1.000000e-04
  %low = torch.constant.float -4.480000e+02
  %high = torch.constant.float 4.480000e+02
  %a = torch.aten.abs %x : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %m = torch.aten.amax %a, %last, %true : !torch.vtensor<[?,64],bf16>, !torch.list<int>, !torch.bool -> !torch.vtensor<[?,1],bf16>
  %s = torch.aten.div.Scalar %m, %high : !torch.vtensor<[?,1],bf16>, !torch.float -> !torch.vtensor<[?,1],bf16>
  %v = torch.aten.div.Tensor %x, %s : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,1],bf16> -> !torch.vtensor<[?,64],bf16>
  %q = torch.prims.convert_element_type %v, %int24 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],f8E4M3FN>
  return %q : !torch.vtensor<[?,64],f8E4M3FN>
}

// CHECK-LABEL: func.func @eps_added(
// CHECK-NOT: fanfold.quantize
// CHECK: return
func.func @eps_added(%x: !torch.vtensor<[?,64],bf16>) -> !torch.vtensor<[?,64],f8E4M3FN> {
  %axis = torch.constant.int -1
  %last = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %true = torch.constant.bool true
  %none = torch.constant.none
  %int1 = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int24 = torch.constant.int 24
  %floor = torch.constant.float 1.000000e-04
  %low = torch.constant.float -4.480000e+02
  %high = torch.constant.float 4.480000e+02
  %a = torch.aten.abs %x : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %m = torch.aten.amax %a, %last, %true : !torch.vtensor<[?,64],bf16>, !torch.list<int>, !torch.bool -> !torch.vtensor<[?,1],bf16>
  %w = torch.aten.add.Scalar %m, %floor, %int1 : !torch.vtensor<[?,1],bf16>, !torch.float, !torch.int -> !torch.vtensor<[?,1],bf16>
  %s = torch.aten.div.Scalar %w, %high : !torch.vtensor<[?,1],bf16>, !torch.float -> !torch.vtensor<[?,1],bf16>
  %v = torch.aten.div.Tensor %x, %s : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,1],bf16> -> !torch.vtensor<[?,64],bf16>
  %c = torch.aten.clamp %v, %low, %high : !torch.vtensor<[?,64],bf16>, !torch.float, !torch.float -> !torch.vtensor<[?,64],bf16>
  %q = torch.prims.convert_element_type %c, %int24 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],f8E4M3FN>
  return %q : !torch.vtensor<[?,64],f8E4M3FN>
}

// CHECK-LABEL: func.func @given_scale_no_clamp(
// CHECK-NOT: fanfold.quantize
// CHECK: return
func.func @given_scale_no_clamp(%x: !torch.vtensor<[?,64],bf16>, %g: !torch.vtensor<[1],f32>) -> !torch.vtensor<[?,64],f8E4M3FN> {
  %axis = torch.constant.int -1
  %last = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %true = torch.constant.bool true
  %none = torch.constant.none
  %int1 = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int24 = torch.constant.int 24
  %floor = torch.constant.float 1.000000e-04
  %low = torch.constant.float -4.480000e+02
  %high = torch.constant.float 4.480000e+02
  %v = torch.aten.div.Tensor %x, %g : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[1],f32> -> !torch.vtensor<[?,64],f32>
  %q = torch.prims.convert_element_type %v, %int24 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],f8E4M3FN>
  return %q : !torch.vtensor<[?,64],f8E4M3FN>
}

// CHECK-LABEL: func.func @columns(
// CHECK-NOT: fanfold.quantize
// CHECK: return
func.func @columns(%x: !torch.vtensor<[?,64],bf16>) -> !torch.vtensor<[?,64],f8E4M3FN> {
  %axis = torch.constant.int -1
  %last = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %true = torch.constant.bool true
  %none = torch.constant.none
  %int1 = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int24 = torch.constant.int 24
  %floor = torch.constant.float 1.000000e-04
  %low = torch.constant.float -4.480000e+02
  %high = torch.constant.float 4.480000e+02
  %zero = torch.constant.int 0
  %first = torch.prim.ListConstruct %zero : (!torch.int) -> !torch.list<int>
  %a = torch.aten.abs %x : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %m = torch.aten.amax %a, %first, %true : !torch.vtensor<[?,64],bf16>, !torch.list<int>, !torch.bool -> !torch.vtensor<[1,64],bf16>
  %s = torch.aten.div.Scalar %m, %high : !torch.vtensor<[1,64],bf16>, !torch.float -> !torch.vtensor<[1,64],bf16>
  %v = torch.aten.div.Tensor %x, %s : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[1,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %c = torch.aten.clamp %v, %low, %high : !torch.vtensor<[?,64],bf16>, !torch.float, !torch.float -> !torch.vtensor<[?,64],bf16>
  %q = torch.prims.convert_element_type %c, %int24 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],f8E4M3FN>
  return %q : !torch.vtensor<[?,64],f8E4M3FN>
}

// A conversion to int8 without a rounding, or to f32, is nothing to report.
// CHECK-LABEL: func.func @silent(
// CHECK-NOT: fanfold.quantize
// CHECK: return
func.func @silent(%x: !torch.vtensor<[?,64],bf16>) -> (!torch.vtensor<[?,64],si8>, !torch.vtensor<[?,64],f32>) {
  %axis = torch.constant.int -1
  %last = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %true = torch.constant.bool true
  %none = torch.constant.none
  %int1 = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int24 = torch.constant.int 24
  %floor = torch.constant.float 1.000000e-04
  %low = torch.constant.float -4.480000e+02
  %high = torch.constant.float 4.480000e+02
  %i = torch.prims.convert_element_type %x, %int1 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],si8>
  %f = torch.prims.convert_element_type %x, %int6 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],f32>
  return %i, %f : !torch.vtensor<[?,64],si8>, !torch.vtensor<[?,64],f32>
}

// CHECK: // quantize (spelled out): no kernel: x is multiplied by 448 * (1 / absmax), which is how Python's quotient of a number and a tensor is rounded, twice
// CHECK-NEXT: // quantize (spelled out): no kernel: there is no clamp, and no floor keeps the scales of tiny rows accurate
// CHECK-NEXT: // quantize (spelled out): no kernel: a number is added to absmax; a floor is absmax.clamp(min=...)
// CHECK-NEXT: // quantize (spelled out): no kernel: there is no clamp to 448 or less: what is above becomes NaN or infinite
// CHECK-NEXT: // quantize (spelled out): no kernel: the scale is made of what torch.aten.amax makes, not of max |x| over the last dim or all
// CHECK-NOT: no kernel
