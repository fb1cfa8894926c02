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

// A conversion that cuts off, and one to a type that kernels do not have; of what is not clamped nobody knows.
// CHECK-LABEL: func.func @conversions(
func.func @conversions(%x: !torch.vtensor<[?,64],f32>) -> (!torch.vtensor<[?,64],si8>, !torch.vtensor<[?,64],ui8>, !torch.vtensor<[?,64],si8>) {
  %one = torch.constant.int 1
  %zero = torch.constant.int 0
  %low = torch.constant.int -127
  %high = torch.constant.int 127
  %c = torch.aten.clamp %x, %low, %high : !torch.vtensor<[?,64],f32>, !torch.int, !torch.int -> !torch.vtensor<[?,64],f32>
  %q = torch.prims.convert_element_type %c, %one : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],si8>
  %u = torch.prims.convert_element_type %c, %zero : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],ui8>
  %i = torch.prims.convert_element_type %x, %one : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],si8>
  return %q, %u, %i : !torch.vtensor<[?,64],si8>, !torch.vtensor<[?,64],ui8>, !torch.vtensor<[?,64],si8>
}

// The standard deviation, by hand; PyTorch's own norms are reported by their names.
// CHECK-LABEL: func.func @deviation(
func.func @deviation(%x: !torch.vtensor<[?,64],f32>) -> (!torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32>) {
  %one = torch.constant.float 1.000000e+00
  %axis = torch.constant.int -1
  %true = torch.constant.bool true
  %dims = torch.prim.ListConstruct %axis : (!torch.int) -> !torch.list<int>
  %v = torch.aten.var.correction %x, %dims, %one, %true : !torch.vtensor<[?,64],f32>, !torch.list<int>, !torch.float, !torch.bool -> !torch.vtensor<[?,1],f32>
  %r = torch.aten.rsqrt %v : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %y = torch.aten.mul.Tensor %x, %r : !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,64],f32>
  %w = torch.aten.var.correction %x, %dims, %one, %true : !torch.vtensor<[?,64],f32>, !torch.list<int>, !torch.float, !torch.bool -> !torch.vtensor<[?,1],f32> loc("aten.layer_norm#norm"("model.py":7:0))
  %s = torch.aten.rsqrt %w : !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,1],f32>
  %z = torch.aten.mul.Tensor %x, %s : !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,1],f32> -> !torch.vtensor<[?,64],f32>
  return %y, %z : !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32>
}

// CHECK: // vector norm: no kernel: x is divided by its Euclidean length
// CHECK-NEXT: // quantize to i8: no kernel: the value is not rounded before the conversion
// CHECK-NEXT: // quantize to ui8: no kernel: kernels quantise to
// CHECK-NEXT: // standard deviation: no kernel: x is divided by its standard deviation
// CHECK-NOT: no kernel
