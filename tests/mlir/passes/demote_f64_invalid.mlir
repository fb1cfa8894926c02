// RUN: fanfold-opt %s --pass demote-f64 --split-input-file --verify-diagnostics
// RUN: not fanfold-opt %s --pass demote-f64 --split-input-file 2>&1 | filecheck %s

// CHECK: [passes] the target does not compute in f64
// CHECK: found: !torch.vtensor<[4],f64>
func.func @wide(%x: !torch.vtensor<[4],f32>) -> !torch.vtensor<[4],f32> {
  %i = torch.constant.int 7
  %j = torch.constant.int 6
  // expected-error@+1 {{the target does not compute in f64}}
  %y = torch.prims.convert_element_type %x, %i : !torch.vtensor<[4],f32>, !torch.int -> !torch.vtensor<[4],f64>
  %z = torch.prims.convert_element_type %y, %j : !torch.vtensor<[4],f64>, !torch.int -> !torch.vtensor<[4],f32>
  return %z : !torch.vtensor<[4],f32>
}
