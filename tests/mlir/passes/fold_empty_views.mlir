// RUN: fanfold-opt %s --pass fold-empty-views | filecheck %s

// CHECK-LABEL: func.func @view
// CHECK: %[[E:.*]] = tensor.empty() : tensor<0x8x8xbf16>
// CHECK-NEXT: %[[V:.*]] = torch_c.from_builtin_tensor %[[E]] : tensor<0x8x8xbf16> -> !torch.vtensor<[0,8,8],bf16>
// CHECK-NEXT: return %[[V]]
func.func @view(%x: !torch.vtensor<[0,64],bf16>) -> !torch.vtensor<[0,8,8],bf16> {
  %zero = torch.constant.int 0
  %eight = torch.constant.int 8
  %sizes = torch.prim.ListConstruct %zero, %eight, %eight : (!torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %v = torch.aten.view %x, %sizes : !torch.vtensor<[0,64],bf16>, !torch.list<int> -> !torch.vtensor<[0,8,8],bf16>
  return %v : !torch.vtensor<[0,8,8],bf16>
}

// Integers are signed in torch and signless elsewhere.
// CHECK-LABEL: func.func @integers
// CHECK: %[[E:.*]] = tensor.empty() : tensor<1x0xi32>
// CHECK-NEXT: torch_c.from_builtin_tensor %[[E]] : tensor<1x0xi32> -> !torch.vtensor<[1,0],si32>
func.func @integers(%x: !torch.vtensor<[0],si32>) -> !torch.vtensor<[1,0],si32> {
  %zero = torch.constant.int 0
  %v = torch.aten.unsqueeze %x, %zero : !torch.vtensor<[0],si32>, !torch.int -> !torch.vtensor<[1,0],si32>
  return %v : !torch.vtensor<[1,0],si32>
}

// CHECK-LABEL: func.func @reshape
// CHECK-NEXT: %[[E:.*]] = tensor.empty() : tensor<0x64xbf16>
// CHECK-NEXT: return %[[E]]
func.func @reshape(%x: tensor<0x2x64xbf16>) -> tensor<0x64xbf16> {
  %r = tensor.collapse_shape %x [[0, 1], [2]] : tensor<0x2x64xbf16> into tensor<0x64xbf16>
  return %r : tensor<0x64xbf16>
}

// What may have elements, and what is no view, stays.
// CHECK-LABEL: func.func @left_alone
// CHECK-NOT: tensor.empty
// CHECK: tensor.collapse_shape
// CHECK: torch.aten.relu
func.func @left_alone(%x: tensor<?x2x64xbf16>, %y: !torch.vtensor<[0,64],bf16>)
    -> (tensor<?x64xbf16>, !torch.vtensor<[0,64],bf16>) {
  %r = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x2x64xbf16> into tensor<?x64xbf16>
  %z = torch.aten.relu %y : !torch.vtensor<[0,64],bf16> -> !torch.vtensor<[0,64],bf16>
  return %r, %z : tensor<?x64xbf16>, !torch.vtensor<[0,64],bf16>
}
