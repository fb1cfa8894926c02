// RUN: fanfold-opt %s --pass widen-products | filecheck %s

// bf16 is f32 in the product, and rounded behind it; barriers keep the conversions out of its dispatch.
// CHECK-LABEL: func.func @product(
// CHECK: torch.prims.convert_element_type {{.*}} -> !torch.vtensor<[?,64],f32>
// CHECK: tensor.dim
// CHECK: iree_tensor_ext.compute_barrier.start
// CHECK: iree_tensor_ext.compute_barrier.start
// CHECK: torch.aten.mm {{.*}} -> !torch.vtensor<[?,96],f32>
// CHECK: iree_tensor_ext.compute_barrier.start
// CHECK: torch.prims.convert_element_type {{.*}} -> !torch.vtensor<[?,96],bf16>
// CHECK: return
func.func @product(%x: !torch.vtensor<[?,64],bf16>, %w: !torch.vtensor<[64,96],bf16>) -> !torch.vtensor<[?,96],bf16> {
  %y = torch.aten.mm %x, %w : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64,96],bf16> -> !torch.vtensor<[?,96],bf16>
  return %y : !torch.vtensor<[?,96],bf16>
}

// int8 is int32, and the op has the name of any product.
// CHECK-LABEL: func.func @int8(
// CHECK-COUNT-2: torch.prims.convert_element_type {{.*}},si32>
// CHECK-NOT: _int_mm
// CHECK: torch.aten.mm {{.*}} -> !torch.vtensor<[32,32],si32>
// CHECK: return
func.func @int8(%x: !torch.vtensor<[32,64],si8>, %w: !torch.vtensor<[64,32],si8>) -> !torch.vtensor<[32,32],si32> {
  %y = torch.aten._int_mm %x, %w : !torch.vtensor<[32,64],si8>, !torch.vtensor<[64,32],si8> -> !torch.vtensor<[32,32],si32>
  return %y : !torch.vtensor<[32,32],si32>
}

// A product of f32 in the same module may read what was narrow.
// CHECK-LABEL: func.func @around(
// CHECK: iree_tensor_ext.compute_barrier.start
// CHECK: torch.aten.bmm {{.*}} -> !torch.vtensor<[2,4,4],f32>
// CHECK: return
func.func @around(%x: !torch.vtensor<[2,4,4],f32>) -> !torch.vtensor<[2,4,4],f32> {
  %y = torch.aten.bmm %x, %x : !torch.vtensor<[2,4,4],f32>, !torch.vtensor<[2,4,4],f32> -> !torch.vtensor<[2,4,4],f32>
  return %y : !torch.vtensor<[2,4,4],f32>
}
