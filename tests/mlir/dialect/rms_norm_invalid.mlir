// RUN: fanfold-opt %s --split-input-file --verify-diagnostics

func.func @rank(%x: tensor<2x4x64xbf16>, %w: tensor<64xbf16>) -> tensor<2x4x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op x rank: expected 2 (rows x width), found 3}}
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<2x4x64xbf16>, tensor<64xbf16>) -> tensor<2x4x64xbf16>
  return %y : tensor<2x4x64xbf16>
}

// -----

func.func @dtype(%x: tensor<?x64xi8>, %w: tensor<64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op x element type: expected bf16, f16 or f32, found i8}}
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xi8>, tensor<64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @result_dtype(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> tensor<?x64xf8E5M2> {
  // expected-error@+1 {{'fanfold.rms_norm' op y element type: expected bf16, f16 or f32, found f8E5M2}}
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xf8E5M2>
  return %y : tensor<?x64xf8E5M2>
}

// -----

func.func @result_width(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> tensor<?x32xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op y width: expected 64, found 32}}
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x32xbf16>
  return %y : tensor<?x32xbf16>
}

// -----

func.func @result_rows(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> tensor<7x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op y row count: expected ?, found 7}}
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<7x64xbf16>
  return %y : tensor<7x64xbf16>
}

// -----

func.func @weight_rank(%x: tensor<?x64xbf16>, %w: tensor<1x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op weight rank: expected 1, found 2}}
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>, tensor<1x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @weight_width(%x: tensor<?x64xbf16>, %w: tensor<63xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op weight width: expected 64, found 63}}
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>, tensor<63xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @weight_dtype(%x: tensor<?x64xbf16>, %w: tensor<64xi8>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op weight element type: expected bf16, f16 or f32, found i8}}
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>, tensor<64xi8>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @normalized_type(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op normalized_type: expected bf16, f16 or f32, found i8}}
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = i8, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @variance_size_zero(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op variance_size: expected 1 to 64, found 0}}
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 0 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @variance_size_beyond(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op variance_size: expected 1 to 64, found 65}}
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 65 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @missing_attribute(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op attribute eps: expected an f64 number, found none}}
  %y = "fanfold.rms_norm"(%x, %w) {normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @missing_segments(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op attribute operandSegmentSizes: expected array<i32> with 1 for x, 0 or 1 for weight, 2 in all, found none}}
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64}
    : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @weight_offset_without_weight(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op weight_offset: expected 0 without a weight, found 1.0}}
  %y = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 1.0 : f64, operandSegmentSizes = array<i32: 1, 0>}
    : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @missing_weight_offset(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op attribute weight_offset: expected an f64 number, found none}}
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @eps_of_another_type(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op attribute eps: expected an f64 number, found 9.99999997E-7 : f32}}
  %y = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f32, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>}
    : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @type_as_a_string(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op attribute normalized_type: expected a type, found "bf16"}}
  %y = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = "bf16", variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>}
    : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @no_operands() -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op attribute operandSegmentSizes: expected array<i32> with 1 for x, 0 or 1 for weight, 0 in all, found array<i32: 1, 0>}}
  %y = "fanfold.rms_norm"() {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>}
    : () -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @no_x(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op attribute operandSegmentSizes: expected array<i32> with 1 for x, 0 or 1 for weight, 1 in all, found array<i32: 0, 1>}}
  %y = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 0, 1>}
    : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @segments_of_another_kind(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op attribute operandSegmentSizes: expected array<i32> with 1 for x, 0 or 1 for weight, 1 in all, found dense<[1, 0]> : vector<2xi32>}}
  %y = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = dense<[1, 0]> : vector<2xi32>}
    : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @weight_no_tensor(%x: tensor<?x64xbf16>, %w: f32) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rms_norm' op weight: expected a ranked tensor, found f32}}
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>, f32) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}
