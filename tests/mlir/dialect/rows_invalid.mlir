// RUN: fanfold-opt %s --split-input-file --verify-diagnostics

// -----

func.func @no_row_operand(%w: tensor<64xbf16>) -> tensor<64xbf16> {
  // expected-error@+1 {{'fanfold.rows' op operands: expected at least one row tensor (rank 2), found none}}
  %y = "fanfold.rows"(%w) ({
  ^bb0(%b0: tensor<64xbf16>):
    "fanfold.yield"(%b0) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<64xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<64xbf16>) -> tensor<64xbf16>
  return %y : tensor<64xbf16>
}

// -----

func.func @rank_3_operand(%x: tensor<?x64xbf16>, %z: tensor<2x?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rows' op operand rank: expected at most 2, found 3}}
  %y = "fanfold.rows"(%x, %z) ({
  ^bb0(%b0: tensor<?x64xbf16>, %b1: tensor<2x?x64xbf16>):
    "fanfold.yield"(%b0) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>, tensor<2x?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @result_rank(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> tensor<64xbf16> {
  // expected-error@+1 {{'fanfold.rows' op result 0 rank: expected 2 (rows x width), found 1}}
  %y = "fanfold.rows"(%x, %w) ({
  ^bb0(%b0: tensor<?x64xbf16>, %b1: tensor<64xbf16>):
    "fanfold.yield"(%b1) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<64xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<64xbf16>
  return %y : tensor<64xbf16>
}

// -----

func.func @operand_rows(%x: tensor<?x64xbf16>, %z: tensor<8x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rows' op row tensor tensor<8x64xbf16> row count: expected ?, found 8}}
  %y = "fanfold.rows"(%x, %z) ({
  ^bb0(%b0: tensor<?x64xbf16>, %b1: tensor<8x64xbf16>):
    "fanfold.yield"(%b0) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>, tensor<8x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @result_rows(%x: tensor<?x64xbf16>) -> tensor<3x64xbf16> {
  // expected-error@+1 {{'fanfold.rows' op row tensor tensor<3x64xbf16> row count: expected ?, found 3}}
  %y = "fanfold.rows"(%x) ({
  ^bb0(%b0: tensor<?x64xbf16>):
    "fanfold.yield"(%b0) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> tensor<3x64xbf16>
  return %y : tensor<3x64xbf16>
}

// -----

func.func @arguments(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rows' op body arguments: expected ['tensor<?x64xbf16>'], found ['tensor<?x32xbf16>']}}
  %y = "fanfold.rows"(%x) ({
  ^bb0(%b0: tensor<?x32xbf16>):
    "fanfold.yield"(%b0) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x32xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @argument_count(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rows' op body arguments: expected ['tensor<?x64xbf16>'], found []}}
  %y = "fanfold.rows"(%x) ({
  ^bb0():
    %c = arith.constant 3 : index
    %n = tensor.empty(%c) : tensor<?x64xbf16>
    "fanfold.yield"(%n) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @no_yield(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rows' op last op of the body: expected fanfold.yield, found other.yield}}
  %y = "fanfold.rows"(%x) ({
  ^bb0(%b0: tensor<?x64xbf16>):
    "other.yield"(%b0) : (tensor<?x64xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @not_row_wise(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rows' op op in the body: expected a row-wise fanfold op, found math.absf}}
  %y = "fanfold.rows"(%x) ({
  ^bb0(%b0: tensor<?x64xbf16>):
    %n = "math.absf"(%b0) : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
    "fanfold.yield"(%n) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @nested_region(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rows' op op in the body: expected a row-wise fanfold op, found fanfold.rows}}
  %y = "fanfold.rows"(%x) ({
  ^bb0(%b0: tensor<?x64xbf16>):
    %n = "fanfold.rows"(%b0) ({
    ^bb0(%c0: tensor<?x64xbf16>):
      "fanfold.yield"(%c0) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> ()
    }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
      resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
    "fanfold.yield"(%n) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @yielded_type(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  // expected-error@+1 {{'fanfold.rows' op yielded types: expected ['tensor<?x64xf32>'], found ['tensor<?x64xbf16>']}}
  %y = "fanfold.rows"(%x) ({
  ^bb0(%b0: tensor<?x64xbf16>):
    "fanfold.yield"(%b0) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

func.func @yielded_count(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rows' op yielded types: expected ['tensor<?x64xbf16>'], found ['tensor<?x64xbf16>', 'tensor<?x64xbf16>']}}
  %y = "fanfold.rows"(%x) ({
  ^bb0(%b0: tensor<?x64xbf16>):
    "fanfold.yield"(%b0, %b0) {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @segments(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'operandSegmentSizes' attribute is expected but not provided}}
  %y = "fanfold.rows"(%x) ({
  ^bb0(%b0: tensor<?x64xbf16>):
    "fanfold.yield"(%b0) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> ()
  }) : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @used_from_above(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  %y = "fanfold.rows"(%x) ({
  ^bb0(%b0: tensor<?x64xbf16>):
    // expected-error@+1 {{using value defined outside the region}}
    "fanfold.yield"(%x) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

// One scale for all rows is made of all rows.
func.func @dynamic_tensor_quantize(%x: tensor<?x64xbf16>) -> tensor<?x64xf8E4M3FN> {
  // expected-error@+1 {{'fanfold.rows' op op in the body: expected a row-wise fanfold op, found fanfold.quantize}}
  %y = "fanfold.rows"(%x) ({
  ^bb0(%b0: tensor<?x64xbf16>):
    %q:2 = "fanfold.quantize"(%b0) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64,
      form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
      operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
    "fanfold.yield"(%q#0) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xf8E4M3FN>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xf8E4M3FN>
  return %y : tensor<?x64xf8E4M3FN>
}

// -----

func.func @operand_no_tensor(%x: tensor<?x64xbf16>, %o: f32) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.rows' op operand 1: expected a ranked tensor, found f32}}
  %y = "fanfold.rows"(%x, %o) ({
  ^bb0(%b0: tensor<?x64xbf16>, %b1: f32):
    "fanfold.yield"(%b0) {operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>) -> ()
  }) {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
    resultSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<?x64xbf16>, f32) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}
