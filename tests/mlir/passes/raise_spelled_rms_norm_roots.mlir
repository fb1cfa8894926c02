// RUN: fanfold-opt %s --pass raise-spelled-rms-norm --report | filecheck %s

// A root is repeated over x in two ways when there are as many rows as columns.
// CHECK-LABEL: func.func @root_over_its_row(
// CHECK: "fanfold.rms_norm"
// CHECK: return
func.func @root_over_its_row(%x: !torch.vtensor<[64,64],f32>) -> !torch.vtensor<[64,64],f32> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %axis = torch.constant.int -1
  %size = torch.constant.int 64
  %false = torch.constant.bool false
  %true = torch.constant.bool true
  %none = torch.constant.none
  %eps = torch.constant.float 1.000000e-06
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %p = torch.aten.pow.Tensor_Scalar %x, %two : !torch.vtensor<[64,64],f32>, !torch.int -> !torch.vtensor<[64,64],f32>
  %m = torch.aten.mean.dim %p, %dims, %false, %none : !torch.vtensor<[64,64],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[64],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[64],f32>, !torch.float, !torch.int -> !torch.vtensor<[64],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[64],f32> -> !torch.vtensor<[64],f32>
  %k = torch.aten.unsqueeze %r, %axis : !torch.vtensor<[64],f32>, !torch.int -> !torch.vtensor<[64,1],f32>
  %e = torch.aten.expand_as %k, %x : !torch.vtensor<[64,1],f32>, !torch.vtensor<[64,64],f32> -> !torch.vtensor<[64,64],f32>
  %n = torch.aten.mul.Tensor %x, %e : !torch.vtensor<[64,64],f32>, !torch.vtensor<[64,64],f32> -> !torch.vtensor<[64,64],f32>
  return %n : !torch.vtensor<[64,64],f32>
}

// CHECK-LABEL: func.func @root_over_a_column(
// CHECK-NOT: fanfold.rms_norm
// CHECK: return
func.func @root_over_a_column(%x: !torch.vtensor<[64,64],f32>) -> !torch.vtensor<[64,64],f32> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %axis = torch.constant.int -1
  %size = torch.constant.int 64
  %false = torch.constant.bool false
  %true = torch.constant.bool true
  %none = torch.constant.none
  %eps = torch.constant.float 1.000000e-06
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %p = torch.aten.pow.Tensor_Scalar %x, %two : !torch.vtensor<[64,64],f32>, !torch.int -> !torch.vtensor<[64,64],f32>
  %m = torch.aten.mean.dim %p, %dims, %false, %none : !torch.vtensor<[64,64],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[64],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[64],f32>, !torch.float, !torch.int -> !torch.vtensor<[64],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[64],f32> -> !torch.vtensor<[64],f32>
  %e = torch.aten.expand_as %r, %x : !torch.vtensor<[64],f32>, !torch.vtensor<[64,64],f32> -> !torch.vtensor<[64,64],f32>
  %n = torch.aten.mul.Tensor %x, %e : !torch.vtensor<[64,64],f32>, !torch.vtensor<[64,64],f32> -> !torch.vtensor<[64,64],f32>
  return %n : !torch.vtensor<[64,64],f32>
}

// A length is rounded before it is squared.
// CHECK-LABEL: func.func @squared_length(
// CHECK-NOT: fanfold.rms_norm
// CHECK: return
func.func @squared_length(%x: !torch.vtensor<[64,64],f32>) -> !torch.vtensor<[64,64],f32> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %axis = torch.constant.int -1
  %size = torch.constant.int 64
  %false = torch.constant.bool false
  %true = torch.constant.bool true
  %none = torch.constant.none
  %eps = torch.constant.float 1.000000e-06
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %l = torch.aten.linalg_vector_norm %x, %two, %dims, %true, %none : !torch.vtensor<[64,64],f32>, !torch.int, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[64,1],f32>
  %s = torch.aten.pow.Tensor_Scalar %l, %two : !torch.vtensor<[64,1],f32>, !torch.int -> !torch.vtensor<[64,1],f32>
  %m = torch.aten.div.Scalar %s, %size : !torch.vtensor<[64,1],f32>, !torch.int -> !torch.vtensor<[64,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[64,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[64,1],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[64,1],f32> -> !torch.vtensor<[64,1],f32>
  %n = torch.aten.mul.Tensor %x, %r : !torch.vtensor<[64,64],f32>, !torch.vtensor<[64,1],f32> -> !torch.vtensor<[64,64],f32>
  return %n : !torch.vtensor<[64,64],f32>
}

// CHECK-LABEL: func.func @product_of_rows(
// CHECK-NOT: fanfold.rms_norm
// CHECK: return
func.func @product_of_rows(%x: !torch.vtensor<[64,64],f32>) -> !torch.vtensor<[64,64],f32> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %axis = torch.constant.int -1
  %size = torch.constant.int 64
  %false = torch.constant.bool false
  %true = torch.constant.bool true
  %none = torch.constant.none
  %eps = torch.constant.float 1.000000e-06
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %left = torch.prim.ListConstruct %size, %one, %size : (!torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %right = torch.prim.ListConstruct %size, %size, %one : (!torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %column = torch.prim.ListConstruct %size, %one : (!torch.int, !torch.int) -> !torch.list<int>
  %h = torch.aten.view %x, %left : !torch.vtensor<[64,64],f32>, !torch.list<int> -> !torch.vtensor<[64,1,64],f32>
  %v = torch.aten.view %x, %right : !torch.vtensor<[64,64],f32>, !torch.list<int> -> !torch.vtensor<[64,64,1],f32>
  %b = torch.aten.bmm %h, %v : !torch.vtensor<[64,1,64],f32>, !torch.vtensor<[64,64,1],f32> -> !torch.vtensor<[64,1,1],f32>
  %s = torch.aten.view %b, %column : !torch.vtensor<[64,1,1],f32>, !torch.list<int> -> !torch.vtensor<[64,1],f32>
  %m = torch.aten.div.Scalar %s, %size : !torch.vtensor<[64,1],f32>, !torch.int -> !torch.vtensor<[64,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[64,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[64,1],f32>
  %r = torch.aten.rsqrt %a : !torch.vtensor<[64,1],f32> -> !torch.vtensor<[64,1],f32>
  %n = torch.aten.mul.Tensor %x, %r : !torch.vtensor<[64,64],f32>, !torch.vtensor<[64,1],f32> -> !torch.vtensor<[64,64],f32>
  return %n : !torch.vtensor<[64,64],f32>
}

// CHECK: // rms_norm (spelled out): no kernel: the reciprocal root is !torch.vtensor<[64],f32>, which is not one value for each row of !torch.vtensor<[64,64],f32>
// CHECK-NEXT: // rms_norm (spelled out): no kernel: the sum of squares is the square of a Euclidean length, rounded at its root
// CHECK-NEXT: // rms_norm (spelled out): no kernel: the sum of squares is a matrix product (einsum), whose sums have another order
// CHECK-NOT: no kernel
