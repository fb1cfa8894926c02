// RUN: fanfold-opt %s --pass raise-aten-rms-norm --report | filecheck %s

// The default is the machine epsilon of f32, for every dtype of x.
// CHECK-LABEL: func.func @default_eps(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 1.1920928955078125E-7 : f64, normalized_type = f32, operandSegmentSizes = array<i32: 1, 1>, origins = ["torch.aten.rms_norm@-:{{[0-9]+}}#0"], variance_size = 256 : i64, weight_offset = 0.000000e+00 : f64} : (tensor<?x256xbf16>, tensor<256xbf16>) -> tensor<?x256xbf16>
// CHECK: tensor.expand_shape %[[Y]]
// CHECK-NOT: torch.aten.rms_norm
func.func @default_eps(%x: !torch.vtensor<[2,?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[2,?,256],bf16> {
  %d0 = torch.constant.int 256
  %shape = torch.prim.ListConstruct %d0 : (!torch.int) -> !torch.list<int>
  %eps = torch.constant.none
  %y = torch.aten.rms_norm %x, %shape, %w, %eps : !torch.vtensor<[2,?,256],bf16>, !torch.list<int>, !torch.vtensor<[256],bf16>, !torch.none -> !torch.vtensor<[2,?,256],bf16>
  return %y : !torch.vtensor<[2,?,256],bf16>
}

// CHECK-LABEL: func.func @explicit_eps(
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {eps = 1.000000e-05 : f64
func.func @explicit_eps(%x: !torch.vtensor<[2,?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[2,?,256],bf16> {
  %d0 = torch.constant.int 256
  %shape = torch.prim.ListConstruct %d0 : (!torch.int) -> !torch.list<int>
  %eps = torch.constant.float 1.000000e-05
  %y = torch.aten.rms_norm %x, %shape, %w, %eps : !torch.vtensor<[2,?,256],bf16>, !torch.list<int>, !torch.vtensor<[256],bf16>, !torch.float -> !torch.vtensor<[2,?,256],bf16>
  return %y : !torch.vtensor<[2,?,256],bf16>
}

// CHECK-LABEL: func.func @no_weight(
// CHECK: "fanfold.rms_norm"(%{{[^,]*}}) {eps = 1.1920928955078125E-7 : f64, normalized_type = f32, operandSegmentSizes = array<i32: 1, 0>
func.func @no_weight(%x: !torch.vtensor<[2,?,256],bf16>) -> !torch.vtensor<[2,?,256],bf16> {
  %d0 = torch.constant.int 256
  %shape = torch.prim.ListConstruct %d0 : (!torch.int) -> !torch.list<int>
  %w = torch.constant.none
  %eps = torch.constant.none
  %y = torch.aten.rms_norm %x, %shape, %w, %eps : !torch.vtensor<[2,?,256],bf16>, !torch.list<int>, !torch.none, !torch.none -> !torch.vtensor<[2,?,256],bf16>
  return %y : !torch.vtensor<[2,?,256],bf16>
}

// CHECK-LABEL: func.func @f32(
// CHECK: (tensor<3x64xf32>, tensor<64xf32>) -> tensor<3x64xf32>
func.func @f32(%x: !torch.vtensor<[3,64],f32>, %w: !torch.vtensor<[64],f32>) -> !torch.vtensor<[3,64],f32> {
  %d0 = torch.constant.int 64
  %shape = torch.prim.ListConstruct %d0 : (!torch.int) -> !torch.list<int>
  %eps = torch.constant.none
  %y = torch.aten.rms_norm %x, %shape, %w, %eps : !torch.vtensor<[3,64],f32>, !torch.list<int>, !torch.vtensor<[64],f32>, !torch.none -> !torch.vtensor<[3,64],f32>
  return %y : !torch.vtensor<[3,64],f32>
}

// CHECK-LABEL: func.func @weight_of_another_dtype(
// CHECK: (tensor<3x64xf16>, tensor<64xf32>) -> tensor<3x64xf16>
func.func @weight_of_another_dtype(%x: !torch.vtensor<[3,64],f16>, %w: !torch.vtensor<[64],f32>) -> !torch.vtensor<[3,64],f16> {
  %d0 = torch.constant.int 64
  %shape = torch.prim.ListConstruct %d0 : (!torch.int) -> !torch.list<int>
  %eps = torch.constant.none
  %y = torch.aten.rms_norm %x, %shape, %w, %eps : !torch.vtensor<[3,64],f16>, !torch.list<int>, !torch.vtensor<[64],f32>, !torch.none -> !torch.vtensor<[3,64],f16>
  return %y : !torch.vtensor<[3,64],f16>
}

// CHECK-LABEL: func.func @two_normalized_dims(
// CHECK-NOT: fanfold.rms_norm
// CHECK: torch.aten.rms_norm
func.func @two_normalized_dims(%x: !torch.vtensor<[2,4,256],bf16>, %w: !torch.vtensor<[4,256],bf16>) -> !torch.vtensor<[2,4,256],bf16> {
  %d0 = torch.constant.int 4
  %d1 = torch.constant.int 256
  %shape = torch.prim.ListConstruct %d0, %d1 : (!torch.int, !torch.int) -> !torch.list<int>
  %eps = torch.constant.none
  %y = torch.aten.rms_norm %x, %shape, %w, %eps : !torch.vtensor<[2,4,256],bf16>, !torch.list<int>, !torch.vtensor<[4,256],bf16>, !torch.none -> !torch.vtensor<[2,4,256],bf16>
  return %y : !torch.vtensor<[2,4,256],bf16>
}

// CHECK-LABEL: func.func @dynamic_last_dim(
// CHECK-NOT: fanfold.rms_norm
// CHECK: torch.aten.rms_norm
func.func @dynamic_last_dim(%x: !torch.vtensor<[2,?],bf16>) -> !torch.vtensor<[2,?],bf16> {
  %d0 = torch.constant.int 256
  %shape = torch.prim.ListConstruct %d0 : (!torch.int) -> !torch.list<int>
  %w = torch.constant.none
  %eps = torch.constant.none
  %y = torch.aten.rms_norm %x, %shape, %w, %eps : !torch.vtensor<[2,?],bf16>, !torch.list<int>, !torch.none, !torch.none -> !torch.vtensor<[2,?],bf16>
  return %y : !torch.vtensor<[2,?],bf16>
}

// CHECK-LABEL: func.func @f64(
// CHECK-NOT: fanfold.rms_norm
// CHECK: torch.aten.rms_norm
func.func @f64(%x: !torch.vtensor<[3,64],f64>) -> !torch.vtensor<[3,64],f64> {
  %d0 = torch.constant.int 64
  %shape = torch.prim.ListConstruct %d0 : (!torch.int) -> !torch.list<int>
  %w = torch.constant.none
  %eps = torch.constant.none
  %y = torch.aten.rms_norm %x, %shape, %w, %eps : !torch.vtensor<[3,64],f64>, !torch.list<int>, !torch.none, !torch.none -> !torch.vtensor<[3,64],f64>
  return %y : !torch.vtensor<[3,64],f64>
}

// The form that stands in a graph after autograd: its second result is for the backward pass.
// CHECK-LABEL: func.func @fused(
// CHECK: "fanfold.rms_norm"(%{{[^,]*}}) {eps = 1.1920928955078125E-7 : f64, normalized_type = f32, {{.*}}origins = ["torch.aten._fused_rms_norm@
// CHECK-NOT: torch.operator
func.func @fused(%x: !torch.vtensor<[4,64],bf16>) -> !torch.vtensor<[4,64],bf16> {
  %int64 = torch.constant.int 64
  %none = torch.constant.none
  %shape = torch.prim.ListConstruct %int64 : (!torch.int) -> !torch.list<int>
  %y:2 = torch.operator "torch.aten._fused_rms_norm"(%x, %shape, %none, %none) : (!torch.vtensor<[4,64],bf16>, !torch.list<int>, !torch.none, !torch.none) -> (!torch.vtensor<[4,64],bf16>, !torch.vtensor<[4,1],f32>)
  return %y#0 : !torch.vtensor<[4,64],bf16>
}

// CHECK-LABEL: func.func @fused_with_its_root(
// CHECK-NOT: fanfold.rms_norm
// CHECK: torch.operator "torch.aten._fused_rms_norm"
func.func @fused_with_its_root(%x: !torch.vtensor<[4,64],bf16>) -> (!torch.vtensor<[4,64],bf16>, !torch.vtensor<[4,1],f32>) {
  %int64 = torch.constant.int 64
  %none = torch.constant.none
  %shape = torch.prim.ListConstruct %int64 : (!torch.int) -> !torch.list<int>
  %y:2 = torch.operator "torch.aten._fused_rms_norm"(%x, %shape, %none, %none) : (!torch.vtensor<[4,64],bf16>, !torch.list<int>, !torch.none, !torch.none) -> (!torch.vtensor<[4,64],bf16>, !torch.vtensor<[4,1],f32>)
  return %y#0, %y#1 : !torch.vtensor<[4,64],bf16>, !torch.vtensor<[4,1],f32>
}

// CHECK: // torch.aten.rms_norm: no kernel: the normalized shape is [4, 256], not the last dim alone
// CHECK-NEXT: // torch.aten.rms_norm: no kernel: the last dim of x is dynamic; its width must be static
// CHECK-NEXT: // torch.aten.rms_norm: no kernel: x is f64, not one of bf16, f16, f32
// CHECK-NEXT: // torch.aten._fused_rms_norm: no kernel: its second result, the reciprocal root, is used
