// RUN: fanfold-opt %s --pass report-near-misses --report | filecheck %s

// CHECK-LABEL: func.func @normalize(
// CHECK: torch.aten.div.Tensor
func.func @normalize(%x: !torch.vtensor<[?,64],f32>) -> !torch.vtensor<[?,64],f32> {
  %two = torch.constant.int 2
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %true = torch.constant.bool true
  %least = torch.constant.float 1.000000e-12
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %n = torch.aten.linalg_vector_norm %x, %two, %dims, %true, %none : !torch.vtensor<[?,64],f32>, !torch.int, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %c = torch.aten.clamp %n, %least, %none : !torch.vtensor<[?,1],f32>, !torch.float, !torch.none -> !torch.vtensor<[?,1],f32>
  %y = torch.aten.div.Tensor %x, %c : !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,64],f32>
  return %y : !torch.vtensor<[?,64],f32>
}

// Another norm, a length that divides nothing, and one that divides another value are nothing to report.
// CHECK-LABEL: func.func @silent(
func.func @silent(%x: !torch.vtensor<[?,64],f32>, %z: !torch.vtensor<[?,64],f32>) -> (!torch.vtensor<[?,1],f32>, !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32>) {
  %one = torch.constant.int 1
  %two = torch.constant.int 2
  %axis = torch.constant.int -1
  %none = torch.constant.none
  %true = torch.constant.bool true
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %n = torch.aten.linalg_vector_norm %x, %two, %dims, %true, %none : !torch.vtensor<[?,64],f32>, !torch.int, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %m = torch.aten.linalg_vector_norm %x, %one, %dims, %true, %none : !torch.vtensor<[?,64],f32>, !torch.int, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[?,1],f32>
  %y = torch.aten.div.Tensor %z, %n : !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,64],f32>
  %w = torch.aten.div.Tensor %x, %m : !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,64],f32>
  return %n, %y, %w : !torch.vtensor<[?,1],f32>, !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32>
}

// CHECK: // vector norm: no kernel: x is divided by its Euclidean length
// CHECK-NOT: no kernel
