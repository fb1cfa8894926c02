// RUN: fanfold-opt %s --split-input-file --verify-diagnostics

func.func @rank(%x: tensor<128xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op x rank: expected 2 (rows x width), found 1}}
  %y = "fanfold.silu_mul"(%x) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<128xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @odd(%x: tensor<?x127xbf16>) -> tensor<?x63xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op x width: expected an even number, found 127}}
  %y = "fanfold.silu_mul"(%x) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x127xbf16>) -> tensor<?x63xbf16>
  return %y : tensor<?x63xbf16>
}

// -----

func.func @half(%x: tensor<?x128xbf16>) -> tensor<?x128xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op y width: expected 64, found 128}}
  %y = "fanfold.silu_mul"(%x) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x128xbf16>) -> tensor<?x128xbf16>
  return %y : tensor<?x128xbf16>
}

// -----

func.func @rows(%x: tensor<?x128xbf16>) -> tensor<1x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op y row count: expected ?, found 1}}
  %y = "fanfold.silu_mul"(%x) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x128xbf16>) -> tensor<1x64xbf16>
  return %y : tensor<1x64xbf16>
}

// -----

func.func @dtype(%x: tensor<?x128xi8>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op x element type: expected bf16, f16 or f32, found i8}}
  %y = "fanfold.silu_mul"(%x) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x128xi8>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @result_dtype(%x: tensor<?x128xbf16>) -> tensor<?x64xi8> {
  // expected-error@+1 {{'fanfold.silu_mul' op y element type: expected bf16, f16 or f32, found i8}}
  %y = "fanfold.silu_mul"(%x) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x128xbf16>) -> tensor<?x64xi8>
  return %y : tensor<?x64xi8>
}

// -----

func.func @activation_type(%x: tensor<?x128xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op activation_type: expected bf16, f16 or f32, found f8E4M3FN}}
  %y = "fanfold.silu_mul"(%x) {activation_type = f8E4M3FN, limit = 0x7FF0000000000000 : f64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @limit(%x: tensor<?x128xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op limit: expected a positive number, found 0.0}}
  %y = "fanfold.silu_mul"(%x) {activation_type = bf16, limit = 0.0 : f64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @limit_nan(%x: tensor<?x128xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.silu_mul' op limit: expected a positive number, found nan}}
  %y = "fanfold.silu_mul"(%x) {activation_type = bf16, limit = 0x7FF8000000000000 : f64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}
