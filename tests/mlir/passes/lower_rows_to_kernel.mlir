// RUN: fanfold-opt %s --pass form-rows --pass lower-rows-to-kernel --vector-bits 256 --report --split-input-file | filecheck %s

// The kernel: one row after another, bf16 as bits, the row count as a push constant.
// CHECK: "hal.executable.source"() ({
// CHECK: "hal.executable.export"() ({
// CHECK: ^bb0(%{{.*}}: !hal.device, %[[N:.*]]: index):
// CHECK: %[[G:.*]] = arith.ceildivui %[[N]]
// CHECK: "hal.return"(%[[G]], %{{.*}}, %{{.*}})
// CHECK: sym_name = "rms_norm_cast_64"
// CHECK: func.func @rms_norm_cast_64() attributes {translation_info = #iree_codegen.translation_info<pipeline = #iree_codegen.no_pipeline>} {
// CHECK: "hal.interface.constant.load"
// CHECK-COUNT-3: "hal.interface.binding.subspan"
// CHECK-NOT: "hal.interface.binding.subspan"
// CHECK: llvm.x86.sse.stmxcsr
// CHECK: scf.for
// CHECK: sym_name = "rms_norm_cast_64"
// CHECK-LABEL: func.func @dynamic_rows(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16>, %[[W:.*]]: tensor<64xbf16>
// CHECK: %[[D:.*]] = tensor.dim %[[X]]
// CHECK: %[[I:.*]] = arith.index_castui %[[D]] : index to i32
// CHECK: %[[R:.*]] = "flow.dispatch"(%[[D]], %[[I]], %[[X]], %[[W]], %[[D]], %[[D]]) {entry_points = [@rms_norm_cast_64::@rms_norm_cast_64], operandSegmentSizes = array<i32: 1, 3, 1, 1>
// CHECK-NOT: fanfold
// CHECK: return %[[R]]
// CHECK: // norm: kernel rms_norm_cast_64 with cast
// CHECK-NEXT: // cast: kernel rms_norm_cast_64 with norm
func.func @dynamic_rows(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> tensor<?x64xf32> {
  %n = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, origins = ["norm@m.py:1#0"],
    operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  %f = "fanfold.cast"(%n) {origins = ["cast@m.py:2#1"]} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %f : tensor<?x64xf32>
}

// -----

// CHECK: sym_name = "cast_64"
// CHECK-LABEL: func.func @static_rows(
// CHECK: %[[R:.*]] = "flow.dispatch"(%{{.*}}, %{{.*}}, %{{.*}}) {entry_points = [@cast_64::@cast_64], operandSegmentSizes = array<i32: 1, 2, 0, 0>
// CHECK-SAME: (index, i32, tensor<4x64xbf16>) -> tensor<4x64xf32>
func.func @static_rows(%x: tensor<4x64xbf16>) -> tensor<4x64xf32> {
  %f = "fanfold.cast"(%x) : (tensor<4x64xbf16>) -> tensor<4x64xf32>
  return %f : tensor<4x64xf32>
}

// -----

// Equal regions share an executable, whatever their row counts and origins: a model's layers cost one kernel.
// CHECK-COUNT-1: "hal.executable.source"
// CHECK-NOT: "hal.executable.source"
// CHECK-LABEL: func.func @equal_regions(
// CHECK-COUNT-3: entry_points = [@silu_mul_64::@silu_mul_64]
// CHECK: return
// CHECK-COUNT-3: kernel silu_mul_64
func.func @equal_regions(%x: tensor<?x64xbf16>, %y: tensor<4x64xbf16>, %z: tensor<?x64xbf16>) -> (tensor<?x64xbf16>, tensor<4x64xbf16>, tensor<?x64xbf16>) {
  %a = "fanfold.silu_mul"(%x, %x) {activation_type = bf16, limit = 7.0 : f64, origins = ["a@m.py:1#0"]} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %b = "fanfold.silu_mul"(%y, %y) {activation_type = bf16, limit = 7.0 : f64, origins = ["b@m.py:2#1", "c@m.py:3#2"]} : (tensor<4x64xbf16>, tensor<4x64xbf16>) -> tensor<4x64xbf16>
  %c = "fanfold.silu_mul"(%z, %z) {activation_type = bf16, limit = 7.0 : f64, apart = "some reason"} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %a, %b, %c : tensor<?x64xbf16>, tensor<4x64xbf16>, tensor<?x64xbf16>
}

// -----

// Regions of the same ops that differ in anything else are kernels of their own.
// CHECK-DAG: sym_name = "silu_mul_64"
// CHECK-DAG: sym_name = "silu_mul_64_2"
// CHECK-DAG: sym_name = "silu_mul_64_3"
// CHECK-LABEL: func.func @different_regions(
// CHECK: entry_points = [@silu_mul_64::@silu_mul_64]
// CHECK: entry_points = [@silu_mul_64_2::@silu_mul_64_2]
// CHECK: entry_points = [@silu_mul_64_3::@silu_mul_64_3]
func.func @different_regions(%x: tensor<?x64xbf16>, %y: tensor<?x64xf16>, %z: tensor<?x64xbf16>) -> (tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>) {
  %a = "fanfold.silu_mul"(%x, %x) {activation_type = bf16, limit = 7.0 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %b = "fanfold.silu_mul"(%z, %z) {activation_type = bf16, limit = 8.0 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %c = "fanfold.silu_mul"(%y, %y) {activation_type = bf16, limit = 7.0 : f64} : (tensor<?x64xf16>, tensor<?x64xf16>) -> tensor<?x64xbf16>
  return %a, %b, %c : tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>
}

// -----

// What the generator refuses stays, with the reason.
// CHECK-NOT: hal.executable.source
// CHECK-LABEL: func.func @refused(
// CHECK: "fanfold.rows"
// CHECK: refused = "a row of width 0 has nothing to compute"
func.func @refused(%x: tensor<?x0xbf16>) -> tensor<?x0xf32> {
  %f = "fanfold.cast"(%x) : (tensor<?x0xbf16>) -> tensor<?x0xf32>
  return %f : tensor<?x0xf32>
}
