// RUN: fanfold-opt %s --pass lower-sorts | filecheck %s

// One element has its place.
// CHECK-LABEL: func.func @scalar(
// CHECK: torch.aten.sort
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @scalar(%x: !torch.vtensor<[],f32>) -> !torch.vtensor<[],si64> {
  %int0 = torch.constant.int 0
  %true = torch.constant.bool true
  %values, %indices = torch.aten.sort %x, %int0, %true : !torch.vtensor<[],f32>, !torch.int, !torch.bool -> !torch.vtensor<[],f32>, !torch.vtensor<[],si64>
  return %indices : !torch.vtensor<[],si64>
}

// CHECK-LABEL: func.func @unknown_rank(
// CHECK: torch.aten.sort
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @unknown_rank(%x: !torch.vtensor<*,f32>) -> !torch.vtensor<*,si64> {
  %dim = torch.constant.int -1
  %true = torch.constant.bool true
  %values, %indices = torch.aten.sort %x, %dim, %true : !torch.vtensor<*,f32>, !torch.int, !torch.bool -> !torch.vtensor<*,f32>, !torch.vtensor<*,si64>
  return %indices : !torch.vtensor<*,si64>
}

// CHECK-LABEL: func.func @unknown_direction(
// CHECK: torch.aten.sort
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @unknown_direction(%x: !torch.vtensor<[8],f32>, %largest: !torch.bool) -> !torch.vtensor<[8],si64> {
  %dim = torch.constant.int -1
  %values, %indices = torch.aten.sort %x, %dim, %largest : !torch.vtensor<[8],f32>, !torch.int, !torch.bool -> !torch.vtensor<[8],f32>, !torch.vtensor<[8],si64>
  return %indices : !torch.vtensor<[8],si64>
}

// What has no sign would be compared as if it had one.
// CHECK-LABEL: func.func @bytes(
// CHECK: torch.aten.sort
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @bytes(%x: !torch.vtensor<[8],ui8>) -> !torch.vtensor<[8],si64> {
  %dim = torch.constant.int -1
  %true = torch.constant.bool true
  %values, %indices = torch.aten.sort %x, %dim, %true : !torch.vtensor<[8],ui8>, !torch.int, !torch.bool -> !torch.vtensor<[8],ui8>, !torch.vtensor<[8],si64>
  return %indices : !torch.vtensor<[8],si64>
}
