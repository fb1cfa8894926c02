// RUN: fanfold-opt %s --pass raise-spelled-rms-norm --pass drop-dead-ops --report | filecheck %s

// CHECK-LABEL: func.func @other_dim(
// CHECK-NOT: fanfold.rms_norm
// CHECK: torch.aten.rsqrt
// CHECK-NOT: fanfold.rms_norm
// CHECK: return
func.func @other_dim(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %axis = torch.constant.int 0
  %none = torch.constant.none
  %keepdim = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %f = torch.prims.convert_element_type %x, %int6 : !torch.vtensor<[?,256],bf16>, !torch.int -> !torch.vtensor<[?,256],f32>
  %p = torch.aten.pow.Tensor_Scalar %f, %two : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],f32>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %none : !torch.vtensor<[?,256],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %c = torch.prims.convert_element_type %n, %int15 : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],bf16>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @dim_not_kept(
// CHECK-NOT: fanfold.rms_norm
// CHECK: torch.aten.rsqrt
// CHECK-NOT: fanfold.rms_norm
// CHECK: return
func.func @dim_not_kept(%x: !torch.vtensor<[256,256],f32>, %w: !torch.vtensor<[256],f32>) -> !torch.vtensor<[256,256],f32> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %keepdim = torch.constant.bool false
  %eps = torch.constant.float 1.000000e-06
  %p = torch.aten.pow.Tensor_Scalar %x, %two : !torch.vtensor<[256,256],f32>, !torch.int -> !torch.vtensor<[256,256],f32>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %none : !torch.vtensor<[256,256],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[256],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[256],f32>, !torch.float, !torch.int -> !torch.vtensor<[256],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[256],f32> -> !torch.vtensor<[256],f32>
  %n = torch.aten.mul.Tensor %x, %r : !torch.vtensor<[256,256],f32>, !torch.vtensor<[256],f32> -> !torch.vtensor<[256,256],f32>
  %y = torch.aten.mul.Tensor %w, %n : !torch.vtensor<[256],f32>, !torch.vtensor<[256,256],f32> -> !torch.vtensor<[256,256],f32>
  return %y : !torch.vtensor<[256,256],f32>
}

// CHECK-LABEL: func.func @cube(
// CHECK-NOT: fanfold.rms_norm
// CHECK: torch.aten.rsqrt
// CHECK-NOT: fanfold.rms_norm
// CHECK: return
func.func @cube(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %two = torch.constant.int 3
  %one = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %keepdim = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %f = torch.prims.convert_element_type %x, %int6 : !torch.vtensor<[?,256],bf16>, !torch.int -> !torch.vtensor<[?,256],f32>
  %p = torch.aten.pow.Tensor_Scalar %f, %two : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],f32>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %none : !torch.vtensor<[?,256],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %c = torch.prims.convert_element_type %n, %int15 : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],bf16>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @scaled_eps(
// CHECK-NOT: fanfold.rms_norm
// CHECK: torch.aten.rsqrt
// CHECK-NOT: fanfold.rms_norm
// CHECK: return
func.func @scaled_eps(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %two = torch.constant.int 2
  %one = torch.constant.int 2
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %keepdim = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %f = torch.prims.convert_element_type %x, %int6 : !torch.vtensor<[?,256],bf16>, !torch.int -> !torch.vtensor<[?,256],f32>
  %p = torch.aten.pow.Tensor_Scalar %f, %two : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],f32>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %none : !torch.vtensor<[?,256],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %c = torch.prims.convert_element_type %n, %int15 : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],bf16>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// rsqrt(mean(x^2)) times something else than x.
// CHECK-LABEL: func.func @another_value_is_scaled(
// CHECK-NOT: fanfold.rms_norm
// CHECK: torch.aten.rsqrt
// CHECK-NOT: fanfold.rms_norm
// CHECK: return
func.func @another_value_is_scaled(%x: !torch.vtensor<[?,256],f32>, %w: !torch.vtensor<[256],f32>) -> !torch.vtensor<[?,256],f32> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %keepdim = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %p = torch.aten.pow.Tensor_Scalar %x, %two : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],f32>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %none : !torch.vtensor<[?,256],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %p, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %y = torch.aten.mul.Tensor %w, %n : !torch.vtensor<[256],f32>, !torch.vtensor<[?,256],f32> -> !torch.vtensor<[?,256],f32>
  return %y : !torch.vtensor<[?,256],f32>
}

// CHECK-LABEL: func.func @division(
// CHECK-NOT: fanfold.rms_norm
// CHECK: torch.aten.sqrt
// CHECK-NOT: fanfold.rms_norm
// CHECK: return
func.func @division(%x: !torch.vtensor<[?,256],bf16>) -> !torch.vtensor<[?,256],f32> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %true = torch.constant.bool true
  %false = torch.constant.bool false
  %eps = torch.constant.float 1.000000e-06
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %f = torch.prims.convert_element_type %x, %int6 : !torch.vtensor<[?,256],bf16>, !torch.int -> !torch.vtensor<[?,256],f32>
  %p = torch.aten.pow.Tensor_Scalar %f, %two : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],f32>
  %m = torch.aten.mean.dim %p, %dims, %true, %none : !torch.vtensor<[?,256],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[?,1],f32>
  %s = torch.aten.sqrt %a : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %y = torch.aten.div.Tensor %f, %s : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  return %y : !torch.vtensor<[?,256],f32>
}

// A product with 1/96 rounds otherwise than a division by 96.
// CHECK-LABEL: func.func @sum_times_a_number(
// CHECK-NOT: fanfold.rms_norm
// CHECK: torch.aten.rsqrt
// CHECK-NOT: fanfold.rms_norm
// CHECK: return
func.func @sum_times_a_number(%x: !torch.vtensor<[?,96],f32>) -> !torch.vtensor<[?,96],f32> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %true = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %factor = torch.constant.float 0.010416666666666666
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %p = torch.aten.pow.Tensor_Scalar %x, %two : !torch.vtensor<[?,96],f32>, !torch.int -> !torch.vtensor<[?,96],f32>
  %t = torch.aten.sum.dim_IntList %p, %dims, %true, %none : !torch.vtensor<[?,96],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %m = torch.aten.mul.Scalar %t, %factor : !torch.vtensor<[?,1],f32>, !torch.float -> !torch.vtensor<[?,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %y = torch.aten.mul.Tensor %x, %r : !torch.vtensor<[?,96],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,96],f32>
  return %y : !torch.vtensor<[?,96],f32>
}

// CHECK-LABEL: func.func @dynamic_width(
// CHECK-NOT: fanfold.rms_norm
// CHECK: torch.aten.rsqrt
// CHECK-NOT: fanfold.rms_norm
// CHECK: return
func.func @dynamic_width(%x: !torch.vtensor<[?,?],bf16>, %w: !torch.vtensor<[?],bf16>) -> !torch.vtensor<[?,?],bf16> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %keepdim = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %f = torch.prims.convert_element_type %x, %int6 : !torch.vtensor<[?,?],bf16>, !torch.int -> !torch.vtensor<[?,?],f32>
  %p = torch.aten.pow.Tensor_Scalar %f, %two : !torch.vtensor<[?,?],f32>, !torch.int -> !torch.vtensor<[?,?],f32>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %none : !torch.vtensor<[?,?],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[?,?],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,?],f32>
  %c = torch.prims.convert_element_type %n, %int15 : !torch.vtensor<[?,?],f32>, !torch.int -> !torch.vtensor<[?,?],bf16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[?],bf16>, !torch.vtensor<[?,?],bf16> -> !torch.vtensor<[?,?],bf16>
  return %y : !torch.vtensor<[?,?],bf16>
}

// The eager model rounds after each op: another function.
// CHECK-LABEL: func.func @computed_in_bf16(
// CHECK-NOT: fanfold.rms_norm
// CHECK: torch.aten.rsqrt
// CHECK-NOT: fanfold.rms_norm
// CHECK: return
func.func @computed_in_bf16(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %keepdim = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %p = torch.aten.pow.Tensor_Scalar %x, %two : !torch.vtensor<[?,256],bf16>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %none : !torch.vtensor<[?,256],bf16>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],bf16>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?,1],bf16>, !torch.float, !torch.int -> !torch.vtensor<[?,1],bf16>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],bf16> -> !torch.vtensor<[?,1],bf16>
  %n = torch.aten.mul.Tensor %x, %r : !torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,1],bf16> -> !torch.vtensor<[?,256],bf16>
  %y = torch.aten.mul.Tensor %w, %n : !torch.vtensor<[256],bf16>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// The mean is rounded to bf16 before the root.
// CHECK-LABEL: func.func @narrow_mean(
// CHECK-NOT: fanfold.rms_norm
// CHECK: torch.aten.rsqrt
// CHECK-NOT: fanfold.rms_norm
// CHECK: return
func.func @narrow_mean(%x: !torch.vtensor<[?,256],f32>) -> !torch.vtensor<[?,256],f32> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %int15 = torch.constant.int 15
  %axis = torch.constant.int -1
  %keepdim = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %p = torch.aten.pow.Tensor_Scalar %x, %two : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],f32>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %int15 : !torch.vtensor<[?,256],f32>, !torch.list<int>, !torch.bool, !torch.int -> !torch.vtensor<[?,1],bf16>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?,1],bf16>, !torch.float, !torch.int -> !torch.vtensor<[?,1],bf16>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],bf16> -> !torch.vtensor<[?,1],bf16>
  %n = torch.aten.mul.Tensor %x, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],bf16> -> !torch.vtensor<[?,256],f32>
  return %n : !torch.vtensor<[?,256],f32>
}

// CHECK: // rms_norm (spelled out): no kernel: the reciprocal root is !torch.vtensor<[256],f32>, which is not one value for each row
// CHECK-NEXT: // rms_norm (spelled out): no kernel: eps is added with the factor 2.0
// CHECK-NEXT: // rms_norm (spelled out): no kernel: the reciprocal root does not multiply the value that was squared
// CHECK-NEXT: // rms_norm (spelled out): no kernel: x is divided by the root, which rounds otherwise than its product with the reciprocal root
// CHECK-NEXT: // rms_norm (spelled out): no kernel: the sum of squares is multiplied by 0.0104167, which rounds otherwise
// CHECK-NEXT: // rms_norm (spelled out): no kernel: the last dim of x is dynamic; its width must be static
// CHECK-NEXT: // rms_norm (spelled out): no kernel: the square is computed in bf16, not f32
// CHECK-NEXT: // rms_norm (spelled out): no kernel: its mean is computed in bf16, not f32
// CHECK-NOT: no kernel
