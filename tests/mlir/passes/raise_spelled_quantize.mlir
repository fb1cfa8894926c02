// RUN: fanfold-opt %s --pass raise-spelled-quantize --pass drop-dead-ops --report | filecheck %s

// CHECK-LABEL: func.func @token(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.quantize"(%{{.*}}) {absmax_floor = 9.9{{.*}} bound = 4.480000e+02 : f64, form = "divide", granularity = "token", group_size = 64 : i64{{.*}} quotient_type = f32,{{.*}} scale_type = f32} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>)
// CHECK-NOT: torch.aten
// CHECK: return
func.func @token(%x: !torch.vtensor<[?,64],bf16>) -> (!torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[?,1],f32>) {
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
  %s = torch.aten.div.Scalar %f, %high : !torch.vtensor<[?,1],f32>, !torch.float -> !torch.vtensor<[?,1],f32>
  %v = torch.aten.div.Tensor %x, %s : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,64],f32>
  %c = torch.aten.clamp %v, %low, %high : !torch.vtensor<[?,64],f32>, !torch.float, !torch.float -> !torch.vtensor<[?,64],f32>
  %q = torch.prims.convert_element_type %c, %int24 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],f8E4M3FN>
  return %q, %s : !torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[?,1],f32>
}

// The floor keeps every quotient within half a step of the bound.
// CHECK-LABEL: func.func @no_clamp_but_a_floor(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.quantize"
// CHECK-NOT: torch.aten
// CHECK: return
func.func @no_clamp_but_a_floor(%x: !torch.vtensor<[?,64],bf16>) -> (!torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[?,1],f32>) {
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
  %s = torch.aten.div.Scalar %f, %high : !torch.vtensor<[?,1],f32>, !torch.float -> !torch.vtensor<[?,1],f32>
  %v = torch.aten.div.Tensor %x, %s : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,64],f32>
  %q = torch.prims.convert_element_type %v, %int24 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],f8E4M3FN>
  return %q, %s : !torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[?,1],f32>
}

// The scale and the quotient are rounded to bf16; the model gets its scale in bf16.
// CHECK-LABEL: func.func @all_in_bf16(
// CHECK: "fanfold.quantize"(%{{.*}}) {absmax_floor = 0.0{{.*}} quotient_type = bf16,{{.*}} scale_type = bf16}
// CHECK: torch.prims.convert_element_type %{{.*}} : !torch.vtensor<[?,1],f32>, !torch.int -> !torch.vtensor<[?,1],bf16>
// CHECK: return
func.func @all_in_bf16(%x: !torch.vtensor<[?,64],bf16>) -> (!torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[?,1],bf16>) {
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
  %c = torch.aten.clamp %v, %low, %high : !torch.vtensor<[?,64],bf16>, !torch.float, !torch.float -> !torch.vtensor<[?,64],bf16>
  %q = torch.prims.convert_element_type %c, %int24 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],f8E4M3FN>
  return %q, %s : !torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[?,1],bf16>
}

// CHECK-LABEL: func.func @reciprocal(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.quantize"(%{{.*}} form = "reciprocal", granularity = "token"
// CHECK-NOT: torch.aten
// CHECK: return
func.func @reciprocal(%x: !torch.vtensor<[?,64],bf16>) -> (!torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[?,1],f32>) {
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
  %s = torch.aten.div.Scalar %f, %high : !torch.vtensor<[?,1],f32>, !torch.float -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.reciprocal %s : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %i = torch.aten.mul.Scalar %r, %int1 : !torch.vtensor<[?,1],f32>, !torch.int -> !torch.vtensor<[?,1],f32>
  %v = torch.aten.mul.Tensor %i, %x : !torch.vtensor<[?,1],f32>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],f32>
  %c = torch.aten.clamp %v, %low, %high : !torch.vtensor<[?,64],f32>, !torch.float, !torch.float -> !torch.vtensor<[?,64],f32>
  %q = torch.prims.convert_element_type %c, %int24 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],f8E4M3FN>
  return %q, %s : !torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[?,1],f32>
}

// CHECK-LABEL: func.func @multiplier(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.quantize"(%{{.*}} form = "multiplier", granularity = "token"
// CHECK-NOT: torch.aten
// CHECK: return
func.func @multiplier(%x: !torch.vtensor<[?,64],bf16>) -> (!torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[?,1],f32>) {
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
  %b = torch.vtensor.literal(dense<4.480000e+02> : tensor<f32>) : !torch.vtensor<[],f32>
  %s = torch.aten.div.Tensor %b, %f : !torch.vtensor<[],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %v = torch.aten.mul.Tensor %x, %s : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,64],f32>
  %c = torch.aten.clamp %v, %low, %high : !torch.vtensor<[?,64],f32>, !torch.float, !torch.float -> !torch.vtensor<[?,64],f32>
  %q = torch.prims.convert_element_type %c, %int24 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],f8E4M3FN>
  return %q, %s : !torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[?,1],f32>
}

// A scale of rank 0 does not widen the quotient.
// CHECK-LABEL: func.func @given_scale(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.quantize"(%{{[^,]*}}, %{{[^,]*}}) {{.*}} form = "divide", granularity = "tensor"{{.*}} quotient_type = bf16
// CHECK-NOT: torch.aten
// CHECK: return
func.func @given_scale(%x: !torch.vtensor<[?,64],bf16>, %g: !torch.vtensor<[],f32>) -> !torch.vtensor<[?,64],f8E4M3FN> {
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
  %v = torch.aten.div.Tensor %x, %g : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[],f32> -> !torch.vtensor<[?,64],bf16>
  %c = torch.aten.clamp %v, %low, %high : !torch.vtensor<[?,64],bf16>, !torch.float, !torch.float -> !torch.vtensor<[?,64],bf16>
  %q = torch.prims.convert_element_type %c, %int24 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],f8E4M3FN>
  return %q : !torch.vtensor<[?,64],f8E4M3FN>
}

// CHECK-LABEL: func.func @whole_tensor(
// CHECK: "fanfold.quantize"(%{{.*}} granularity = "tensor"{{.*}} -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
// CHECK: tensor.collapse_shape %{{.*}} [] : tensor<1xf32> into tensor<f32>
// CHECK: return
func.func @whole_tensor(%x: !torch.vtensor<[?,64],bf16>) -> (!torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[],f32>) {
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
  %m = torch.aten.max %a : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[],bf16>
  %w = torch.prims.convert_element_type %m, %int6 : !torch.vtensor<[],bf16>, !torch.int -> !torch.vtensor<[],f32>
  %s = torch.aten.div.Scalar %w, %high : !torch.vtensor<[],f32>, !torch.float -> !torch.vtensor<[],f32>
  %y = torch.prims.convert_element_type %x, %int6 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],f32>
  %v = torch.aten.div.Tensor %y, %s : !torch.vtensor<[?,64],f32>, !torch.vtensor<[],f32> -> !torch.vtensor<[?,64],f32>
  %c = torch.aten.clamp %v, %low, %high : !torch.vtensor<[?,64],f32>, !torch.float, !torch.float -> !torch.vtensor<[?,64],f32>
  %q = torch.prims.convert_element_type %c, %int24 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],f8E4M3FN>
  return %q, %s : !torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[],f32>
}

// The whole range of int8 is kept.
// CHECK-LABEL: func.func @int8(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.quantize"(%{{.*}} bound = 1.270000e+02 : f64{{.*}} low = -1.280000e+02 : f64{{.*}} -> (tensor<?x64xi8>, tensor<?x1xf32>)
// CHECK-NOT: torch.aten
// CHECK: return
func.func @int8(%x: !torch.vtensor<[?,64],bf16>) -> (!torch.vtensor<[?,64],si8>, !torch.vtensor<[?,1],f32>) {
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
  %bound = torch.constant.int 127
  %lowest = torch.constant.int -128
  %s = torch.aten.div.Scalar %f, %bound : !torch.vtensor<[?,1],f32>, !torch.int -> !torch.vtensor<[?,1],f32>
  %v = torch.aten.div.Tensor %x, %s : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,64],f32>
  %n = torch.aten.round %v : !torch.vtensor<[?,64],f32> -> !torch.vtensor<[?,64],f32>
  %c = torch.aten.clamp %n, %lowest, %bound : !torch.vtensor<[?,64],f32>, !torch.int, !torch.int -> !torch.vtensor<[?,64],f32>
  %q = torch.prims.convert_element_type %c, %int1 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],si8>
  return %q, %s : !torch.vtensor<[?,64],si8>, !torch.vtensor<[?,1],f32>
}

// CHECK-NOT: no kernel
