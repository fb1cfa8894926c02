// RUN: fanfold-opt %s --pass report-near-misses --report | filecheck %s

// CHECK-LABEL: func.func @root_division(
// CHECK: torch.aten.sqrt
func.func @root_division(%x: !torch.vtensor<[4,64],f32>) -> !torch.vtensor<[4,64],f32> {
  %two = torch.constant.int 2
  %one = torch.constant.int 1
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %keepdim = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %p = torch.aten.pow.Tensor_Scalar %x, %two : !torch.vtensor<[4,64],f32>, !torch.int -> !torch.vtensor<[4,64],f32>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %none : !torch.vtensor<[4,64],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[4,1],f32>
  %a = torch.aten.add.Scalar %m, %eps, %one : !torch.vtensor<[4,1],f32>, !torch.float, !torch.int -> !torch.vtensor<[4,1],f32>
  %s = torch.aten.sqrt %a : !torch.vtensor<[4,1],f32> -> !torch.vtensor<[4,1],f32>
  %y = torch.aten.div.Tensor %x, %s : !torch.vtensor<[4,64],f32>, !torch.vtensor<[4,1],f32> -> !torch.vtensor<[4,64],f32>
  return %y : !torch.vtensor<[4,64],f32>
}

// A mean over another dim, and a conversion to f32, are nothing to report.
// CHECK-LABEL: func.func @silent(
func.func @silent(%x: !torch.vtensor<[4,64],bf16>) -> !torch.vtensor<[1,64],f32> {
  %two = torch.constant.int 2
  %axis = torch.constant.int 0
  %none = torch.constant.none
  %keepdim = torch.constant.bool true
  %int6 = torch.constant.int 6
  %f = torch.prims.convert_element_type %x, %int6 : !torch.vtensor<[4,64],bf16>, !torch.int -> !torch.vtensor<[4,64],f32>
  %p = torch.aten.pow.Tensor_Scalar %f, %two : !torch.vtensor<[4,64],f32>, !torch.int -> !torch.vtensor<[4,64],f32>
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %m = torch.aten.mean.dim %p, %dims, %keepdim, %none : !torch.vtensor<[4,64],f32>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[1,64],f32>
  return %m : !torch.vtensor<[1,64],f32>
}

// CHECK-LABEL: func.func @plain_quantize(
// CHECK: torch.prims.convert_element_type
func.func @plain_quantize(%x: !torch.vtensor<[4,64],f32>) -> !torch.vtensor<[4,64],f8E4M3FN> {
  %int24 = torch.constant.int 24
  %q = torch.prims.convert_element_type %x, %int24 : !torch.vtensor<[4,64],f32>, !torch.int -> !torch.vtensor<[4,64],f8E4M3FN>
  return %q : !torch.vtensor<[4,64],f8E4M3FN>
}

// CHECK: // mean of squares: no kernel: a mean of squares
// CHECK-NOT: // mean of squares
// CHECK: // conversion to fp8: no kernel: a quantisation in plain torch ops
// CHECK-NOT: // conversion to fp8
