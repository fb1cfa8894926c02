// RUN: fanfold-opt %s --split-input-file --verify-diagnostics

func.func @rank(%g: tensor<64xbf16>, %u: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op gate rank: expected 2 (rows x width), found 1}}
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @up_rank(%g: tensor<?x64xbf16>, %u: tensor<64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op up rank: expected 2 (rows x width), found 1}}
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @up_width(%g: tensor<?x64xbf16>, %u: tensor<?x63xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op up width: expected 64, found 63}}
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x64xbf16>, tensor<?x63xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @twice_the_width(%g: tensor<?x64xbf16>, %u: tensor<?x64xbf16>) -> tensor<?x128xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op y width: expected 64, found 128}}
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x128xbf16>
  return %y : tensor<?x128xbf16>
}

// -----

func.func @up_rows(%g: tensor<?x64xbf16>, %u: tensor<3x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op up row count: expected ?, found 3}}
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x64xbf16>, tensor<3x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @rows(%g: tensor<?x64xbf16>, %u: tensor<?x64xbf16>) -> tensor<1x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op y row count: expected ?, found 1}}
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<1x64xbf16>
  return %y : tensor<1x64xbf16>
}

// -----

func.func @dtype(%g: tensor<?x64xi8>, %u: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op gate element type: expected bf16, f16 or f32, found i8}}
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x64xi8>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @up_dtype(%g: tensor<?x64xbf16>, %u: tensor<?x64xf8E5M2>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op up element type: expected bf16, f16 or f32, found f8E5M2}}
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x64xbf16>, tensor<?x64xf8E5M2>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @result_dtype(%g: tensor<?x64xbf16>, %u: tensor<?x64xbf16>) -> tensor<?x64xi8> {
  // expected-error@+1 {{'fanfold.silu_mul' op y element type: expected bf16, f16 or f32, found i8}}
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xi8>
  return %y : tensor<?x64xi8>
}

// -----

func.func @activation_type(%g: tensor<?x64xbf16>, %u: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op activation_type: expected bf16, f16 or f32, found f8E4M3FN}}
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = f8E4M3FN, limit = 0x7FF0000000000000 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @limit(%g: tensor<?x64xbf16>, %u: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op limit: expected a positive number, found 0.0}}
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 0.0 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @limit_nan(%g: tensor<?x64xbf16>, %u: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op limit: expected a positive number, found nan}}
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 0x7FF8000000000000 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @missing_limit(%g: tensor<?x64xbf16>, %u: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op attribute limit: expected an f64 number, found none}}
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}
