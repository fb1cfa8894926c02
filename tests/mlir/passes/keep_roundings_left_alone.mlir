// RUN: fanfold-opt %s --pass keep-roundings | filecheck %s

// Views, choices and bounds round nothing.
// CHECK-LABEL: func.func @exact(
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @exact(%c: !torch.vtensor<[4,64],i1>, %x: !torch.vtensor<[4,64],bf16>, %y: !torch.vtensor<[4,64],bf16>) -> !torch.vtensor<[256],bf16> {
  %size = torch.constant.int 256
  %shape = torch.prim.ListConstruct %size : (!torch.int) -> !torch.list<int>
  %w = torch.aten.where.self %c, %x, %y : !torch.vtensor<[4,64],i1>, !torch.vtensor<[4,64],bf16>, !torch.vtensor<[4,64],bf16> -> !torch.vtensor<[4,64],bf16>
  %m = torch.aten.maximum %w, %y : !torch.vtensor<[4,64],bf16>, !torch.vtensor<[4,64],bf16> -> !torch.vtensor<[4,64],bf16>
  %r = torch.aten.relu %m : !torch.vtensor<[4,64],bf16> -> !torch.vtensor<[4,64],bf16>
  %v = torch.aten.view %r, %shape : !torch.vtensor<[4,64],bf16>, !torch.list<int> -> !torch.vtensor<[256],bf16>
  %n = torch.aten.neg %v : !torch.vtensor<[256],bf16> -> !torch.vtensor<[256],bf16>
  return %n : !torch.vtensor<[256],bf16>
}

// A cast that only the caller reads is in memory as bf16.
// CHECK-LABEL: func.func @stored_cast(
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @stored_cast(%x: !torch.vtensor<[4,64],f32>) -> !torch.vtensor<[4,64],bf16> {
  %bf16 = torch.constant.int 15
  %y = torch.prims.convert_element_type %x, %bf16 : !torch.vtensor<[4,64],f32>, !torch.int -> !torch.vtensor<[4,64],bf16>
  return %y : !torch.vtensor<[4,64],bf16>
}

// An integer cast to f32 has nothing that the model rounds to 16 bits.
// CHECK-LABEL: func.func @to_f32(
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @to_f32(%x: !torch.vtensor<[4,64],si8>) -> !torch.vtensor<[4,64],f32> {
  %f32 = torch.constant.int 6
  %y = torch.prims.convert_element_type %x, %f32 : !torch.vtensor<[4,64],si8>, !torch.int -> !torch.vtensor<[4,64],f32>
  return %y : !torch.vtensor<[4,64],f32>
}
