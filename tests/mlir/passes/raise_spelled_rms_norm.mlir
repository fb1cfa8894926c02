// RUN: fanfold-opt %s --pass raise-spelled-rms-norm --pass drop-dead-ops --report | filecheck %s

// Hugging Face's Llama: rounded before the weight, which is the left operand.
// CHECK-LABEL: func.func @llama(
// CHECK-NOT: torch.aten.rsqrt
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = bf16, {{.*}}origins = ["rms_norm (spelled out)@{{.*}} : (tensor<?x256xbf16>, tensor<256xbf16>) -> tensor<?x256xbf16>
// CHECK-NOT: torch.aten.rsqrt
// CHECK: return
func.func @llama(%x: !torch.vtensor<[2,?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[2,?,256],bf16> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %keepdim = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %f = torch.prims.convert_element_type %x, %int6 : !torch.vtensor<[2,?,256],bf16>, !torch.int -> !torch.vtensor<[2,?,256],f32>
  %p = torch.aten.pow.Tensor_Scalar %f, %two : !torch.vtensor<[2,?,256],f32>, !torch.int -> !torch.vtensor<[2,?,256],f32>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %none : !torch.vtensor<[2,?,256],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[2,?,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[2,?,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[2,?,1],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[2,?,1],f32> -> !torch.vtensor<[2,?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[2,?,256],f32>, !torch.vtensor<[2,?,1],f32> -> !torch.vtensor<[2,?,256],f32>
  %c = torch.prims.convert_element_type %n, %int15 : !torch.vtensor<[2,?,256],f32>, !torch.int -> !torch.vtensor<[2,?,256],bf16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],bf16>, !torch.vtensor<[2,?,256],bf16> -> !torch.vtensor<[2,?,256],bf16>
  return %y : !torch.vtensor<[2,?,256],bf16>
}

// CHECK-LABEL: func.func @operands_swapped(
// CHECK-NOT: torch.aten.rsqrt
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = bf16, {{.*}}origins = ["rms_norm (spelled out)@{{.*}} : (tensor<?x256xbf16>, tensor<256xbf16>) -> tensor<?x256xbf16>
// CHECK-NOT: torch.aten.rsqrt
// CHECK: return
func.func @operands_swapped(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %two = torch.constant.int 2
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
  %n = torch.aten.mul.Tensor %r, %f : !torch.vtensor<[?,1],f32>, !torch.vtensor<[?,256],f32> -> !torch.vtensor<[?,256],f32>
  %c = torch.prims.convert_element_type %n, %int15 : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %y = torch.aten.mul.Tensor %c, %w : !torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16> -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @f32(
// CHECK-NOT: torch.aten.rsqrt
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = f32, {{.*}}origins = ["rms_norm (spelled out)@{{.*}} : (tensor<?x256xf32>, tensor<256xf32>) -> tensor<?x256xf32>
// CHECK-NOT: torch.aten.rsqrt
// CHECK: return
func.func @f32(%x: !torch.vtensor<[?,256],f32>, %w: !torch.vtensor<[256],f32>) -> !torch.vtensor<[?,256],f32> {
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
  %n = torch.aten.mul.Tensor %x, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %y = torch.aten.mul.Tensor %w, %n : !torch.vtensor<[256],f32>, !torch.vtensor<[?,256],f32> -> !torch.vtensor<[?,256],f32>
  return %y : !torch.vtensor<[?,256],f32>
}

// CHECK-LABEL: func.func @f16(
// CHECK-NOT: torch.aten.rsqrt
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = f16, {{.*}}origins = ["rms_norm (spelled out)@{{.*}} : (tensor<?x256xf16>, tensor<256xf16>) -> tensor<?x256xf16>
// CHECK-NOT: torch.aten.rsqrt
// CHECK: return
func.func @f16(%x: !torch.vtensor<[?,256],f16>, %w: !torch.vtensor<[256],f16>) -> !torch.vtensor<[?,256],f16> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int5 = torch.constant.int 5
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %keepdim = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %f = torch.prims.convert_element_type %x, %int6 : !torch.vtensor<[?,256],f16>, !torch.int -> !torch.vtensor<[?,256],f32>
  %p = torch.aten.pow.Tensor_Scalar %f, %two : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],f32>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %none : !torch.vtensor<[?,256],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %c = torch.prims.convert_element_type %n, %int5 : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],f16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],f16>, !torch.vtensor<[?,256],f16> -> !torch.vtensor<[?,256],f16>
  return %y : !torch.vtensor<[?,256],f16>
}

// CHECK-LABEL: func.func @square_by_mul(
// CHECK-NOT: torch.aten.rsqrt
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = bf16, {{.*}}origins = ["rms_norm (spelled out)@{{.*}} : (tensor<?x256xbf16>, tensor<256xbf16>) -> tensor<?x256xbf16>
// CHECK-NOT: torch.aten.rsqrt
// CHECK: return
func.func @square_by_mul(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %one = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %keepdim = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %f = torch.prims.convert_element_type %x, %int6 : !torch.vtensor<[?,256],bf16>, !torch.int -> !torch.vtensor<[?,256],f32>
  %p = torch.aten.mul.Tensor %f, %f : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,256],f32> -> !torch.vtensor<[?,256],f32>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %none : !torch.vtensor<[?,256],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %c = torch.prims.convert_element_type %n, %int15 : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],bf16>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @square_by_square(
// CHECK-NOT: torch.aten.rsqrt
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = bf16, {{.*}}origins = ["rms_norm (spelled out)@{{.*}} : (tensor<?x256xbf16>, tensor<256xbf16>) -> tensor<?x256xbf16>
// CHECK-NOT: torch.aten.rsqrt
// CHECK: return
func.func @square_by_square(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %one = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %keepdim = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %f = torch.prims.convert_element_type %x, %int6 : !torch.vtensor<[?,256],bf16>, !torch.int -> !torch.vtensor<[?,256],f32>
  %p = torch.aten.square %f : !torch.vtensor<[?,256],f32> -> !torch.vtensor<[?,256],f32>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %none : !torch.vtensor<[?,256],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %c = torch.prims.convert_element_type %n, %int15 : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],bf16>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @cast_by_to_dtype(
// CHECK-NOT: torch.aten.rsqrt
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = bf16, {{.*}}origins = ["rms_norm (spelled out)@{{.*}} : (tensor<?x256xbf16>, tensor<256xbf16>) -> tensor<?x256xbf16>
// CHECK-NOT: torch.aten.rsqrt
// CHECK: return
func.func @cast_by_to_dtype(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %false = torch.constant.bool false
  %keepdim = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %f = torch.aten.to.dtype %x, %int6, %false, %false, %none : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.bool, !torch.bool, !torch.none -> !torch.vtensor<[?,256],f32>
  %p = torch.aten.pow.Tensor_Scalar %f, %two : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],f32>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %none : !torch.vtensor<[?,256],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %c = torch.aten.to.dtype %n, %int15, %false, %false, %none : !torch.vtensor<[?,256],f32>, !torch.int, !torch.bool, !torch.bool, !torch.none -> !torch.vtensor<[?,256],bf16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],bf16>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @cast_by_to_copy(
// CHECK-NOT: torch.aten.rsqrt
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = bf16, {{.*}}origins = ["rms_norm (spelled out)@{{.*}} : (tensor<?x256xbf16>, tensor<256xbf16>) -> tensor<?x256xbf16>
// CHECK-NOT: torch.aten.rsqrt
// CHECK: return
func.func @cast_by_to_copy(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %false = torch.constant.bool false
  %keepdim = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %f = torch.aten._to_copy %x, %int6, %none, %none, %none, %false, %none : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.none, !torch.none, !torch.none, !torch.bool, !torch.none -> !torch.vtensor<[?,256],f32>
  %p = torch.aten.pow.Tensor_Scalar %f, %two : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],f32>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %none : !torch.vtensor<[?,256],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %c = torch.aten._to_copy %n, %int15, %none, %none, %none, %false, %none : !torch.vtensor<[?,256],f32>, !torch.int, !torch.none, !torch.none, !torch.none, !torch.bool, !torch.none -> !torch.vtensor<[?,256],bf16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],bf16>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// PyTorch's own decomposition of rms_norm: the weight multiplies the f32 value.
// CHECK-LABEL: func.func @rounded_once_at_the_end(
// CHECK-NOT: torch.aten.rsqrt
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = f32, {{.*}}origins = ["rms_norm (spelled out)@{{.*}} : (tensor<?x256xbf16>, tensor<256xf32>) -> tensor<?x256xbf16>
// CHECK-NOT: torch.aten.rsqrt
// CHECK: return
func.func @rounded_once_at_the_end(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],f32>) -> !torch.vtensor<[?,256],bf16> {
  %two = torch.constant.int 2
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
  %y = torch.aten.mul.Tensor %w, %n : !torch.vtensor<[256],f32>, !torch.vtensor<[?,256],f32> -> !torch.vtensor<[?,256],f32>
  %z = torch.prims.convert_element_type %y, %int15 : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],bf16>
  return %z : !torch.vtensor<[?,256],bf16>
}

// A bf16 value times an f32 weight is f32.
// CHECK-LABEL: func.func @product_in_f32(
// CHECK-NOT: torch.aten.rsqrt
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = bf16, {{.*}}origins = ["rms_norm (spelled out)@{{.*}} : (tensor<?x256xbf16>, tensor<256xf32>) -> tensor<?x256xf32>
// CHECK-NOT: torch.aten.rsqrt
// CHECK: return
func.func @product_in_f32(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],f32>) -> !torch.vtensor<[?,256],f32> {
  %two = torch.constant.int 2
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
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],f32>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],f32>
  return %y : !torch.vtensor<[?,256],f32>
}

// CHECK-LABEL: func.func @no_weight(
// CHECK-NOT: torch.aten.rsqrt
// CHECK: "fanfold.rms_norm"(%{{[^,]*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = bf16, {{.*}}origins = ["rms_norm (spelled out)@{{.*}} : (tensor<?x256xbf16>) -> tensor<?x256xbf16>
// CHECK-NOT: torch.aten.rsqrt
// CHECK: return
func.func @no_weight(%x: !torch.vtensor<[?,256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %two = torch.constant.int 2
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
  return %c : !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @positive_axis(
// CHECK-NOT: torch.aten.rsqrt
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 1.000000e-05 : f64, normalized_type = bf16, {{.*}}origins = ["rms_norm (spelled out)@{{.*}} : (tensor<?x256xbf16>, tensor<256xbf16>) -> tensor<?x256xbf16>
// CHECK-NOT: torch.aten.rsqrt
// CHECK: return
func.func @positive_axis(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %axis = torch.constant.int 1
  %none = torch.constant.none
  %keepdim = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-05
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

// What multiplies the normalised value is no weight of the norm; the norm is one all the same.
// CHECK-LABEL: func.func @weight_of_another_shape(
// CHECK-NOT: torch.aten.rsqrt
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"(%{{[^,]*}}) {{.*}}normalized_type = bf16
// CHECK: %[[T:.*]] = torch_c.from_builtin_tensor %[[Y]]
// CHECK: torch.aten.mul.Tensor %{{.*}}, %[[T]]
func.func @weight_of_another_shape(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[1],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %two = torch.constant.int 2
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
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[1],bf16>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// T5 multiplies x before its upcast: promotion makes the same f32 product.
// CHECK-LABEL: func.func @product_before_the_upcast(
// CHECK: "fanfold.rms_norm"
// CHECK-SAME: normalized_type = bf16
// CHECK-NOT: torch.aten.rsqrt
// CHECK: return
func.func @product_before_the_upcast(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %two = torch.constant.int 2
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
  %n = torch.aten.mul.Tensor %x, %r : !torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %c = torch.prims.convert_element_type %n, %int15 : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],bf16>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// The norm of Gemma adds one to the weight, in f32.
// CHECK-LABEL: func.func @gemma(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = f32, {{.*}}weight_offset = 1.000000e+00 : f64} : (tensor<?x256xbf16>, tensor<256xbf16>)
// CHECK-NOT: torch.aten
// CHECK: return
func.func @gemma(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
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
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %wide = torch.prims.convert_element_type %w, %int6 : !torch.vtensor<[256],bf16>, !torch.int -> !torch.vtensor<[256],f32>
  %plus = torch.aten.add.Scalar %wide, %one, %one : !torch.vtensor<[256],f32>, !torch.int, !torch.int -> !torch.vtensor<[256],f32>
  %v = torch.aten.mul.Tensor %n, %plus : !torch.vtensor<[?,256],f32>, !torch.vtensor<[256],f32> -> !torch.vtensor<[?,256],f32>
  %y = torch.prims.convert_element_type %v, %int15 : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// Gemma 4 writes the reciprocal root as a power.
// CHECK-LABEL: func.func @power(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = bf16
// CHECK-NOT: torch.aten
// CHECK: return
func.func @power(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
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
  %minus = torch.constant.float -5.000000e-01
  %r = torch.aten.pow.Tensor_Scalar %a, %minus : !torch.vtensor<[?,1],f32>, !torch.float -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %c = torch.prims.convert_element_type %n, %int15 : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],bf16>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @reciprocal_of_the_root(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = bf16
// CHECK-NOT: torch.aten
// CHECK: return
func.func @reciprocal_of_the_root(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
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
  %i = torch.aten.reciprocal %s : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.mul.Scalar %i, %one : !torch.vtensor<[?,1],f32>, !torch.int -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %c = torch.prims.convert_element_type %n, %int15 : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],bf16>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @dim_not_kept(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = bf16
// CHECK-NOT: torch.aten
// CHECK: return
func.func @dim_not_kept(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
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
  %m = torch.aten.mean.dim %p, %dims, %false, %none : !torch.vtensor<[?,256],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?],f32>, !torch.float, !torch.int -> !torch.vtensor<[?],f32>
  %q = torch.aten.rsqrt %a : !torch.vtensor<[?],f32> -> !torch.vtensor<[?],f32>
  %r = torch.aten.unsqueeze %q, %axis : !torch.vtensor<[?],f32>, !torch.int -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %c = torch.prims.convert_element_type %n, %int15 : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],bf16>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @sum_over_width(
// CHECK-NOT: torch.aten
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 9.9999999999999995E-7 : f64, normalized_type = bf16
// CHECK-NOT: torch.aten
// CHECK: return
func.func @sum_over_width(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
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
  %width = torch.constant.int 256
  %t = torch.aten.sum.dim_IntList %p, %dims, %true, %none : !torch.vtensor<[?,256],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %m = torch.aten.div.Scalar %t, %width : !torch.vtensor<[?,1],f32>, !torch.int -> !torch.vtensor<[?,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[?,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %c = torch.prims.convert_element_type %n, %int15 : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],bf16>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// The root lives on beside the norm.
// CHECK-LABEL: func.func @root_has_another_user(
// CHECK: torch.aten.rsqrt
// CHECK: "fanfold.rms_norm"
// CHECK: torch.aten.sigmoid
func.func @root_has_another_user(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,1],f32>) {
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
  %r = torch.aten.rsqrt %a : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %n = torch.aten.mul.Tensor %f, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,256],f32>
  %c = torch.prims.convert_element_type %n, %int15 : !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %y = torch.aten.mul.Tensor %w, %c : !torch.vtensor<[256],bf16>, !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  %q = torch.aten.sigmoid %r : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  return %y, %q : !torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,1],f32>
}
