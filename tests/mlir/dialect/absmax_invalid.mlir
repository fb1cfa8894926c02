// RUN: fanfold-opt %s --split-input-file --verify-diagnostics

func.func @rank(%x: tensor<64xbf16>) -> tensor<?x1xf32> {
  // expected-error@+1 {{'fanfold.absmax' op x rank: expected 2 (rows x width), found 1}}
  %y = "fanfold.absmax"(%x) : (tensor<64xbf16>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// -----

func.func @result_rank(%x: tensor<?x64xbf16>) -> tensor<?xf32> {
  // expected-error@+1 {{'fanfold.absmax' op y rank: expected 2 (rows x width), found 1}}
  %y = "fanfold.absmax"(%x) : (tensor<?x64xbf16>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

func.func @dtype(%x: tensor<?x64xi32>) -> tensor<?x1xf32> {
  // expected-error@+1 {{'fanfold.absmax' op x element type: expected bf16, f16 or f32, found i32}}
  %y = "fanfold.absmax"(%x) : (tensor<?x64xi32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// -----

func.func @rows(%x: tensor<?x64xbf16>) -> tensor<3x1xf32> {
  // expected-error@+1 {{'fanfold.absmax' op y row count: expected ?, found 3}}
  %y = "fanfold.absmax"(%x) : (tensor<?x64xbf16>) -> tensor<3x1xf32>
  return %y : tensor<3x1xf32>
}

// -----

func.func @width(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  // expected-error@+1 {{'fanfold.absmax' op y width: expected 1, found 64}}
  %y = "fanfold.absmax"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

func.func @result_dtype(%x: tensor<?x64xbf16>) -> tensor<?x1xbf16> {
  // expected-error@+1 {{'fanfold.absmax' op y element type: expected f32, found bf16}}
  %y = "fanfold.absmax"(%x) : (tensor<?x64xbf16>) -> tensor<?x1xbf16>
  return %y : tensor<?x1xbf16>
}
