// RUN: fanfold-opt %s --pass form-rows | filecheck %s

// A kernel has at most 16 results: what comes after them shares the next one, and says why.
// CHECK-LABEL: func.func @many(
// CHECK: "fanfold.rows"(%{{[^,]*}}) ({
// CHECK: constant = 1.400000e+01 : f64, {{.*}}origins = ["c14@m.py:14#14"]
// CHECK: "fanfold.rows"(%{{[^,]*}}) ({
// CHECK: apart = "one kernel has at most 16 operands and 16 results", {{.*}}origins = ["c15@m.py:15#15"]
// CHECK: apart = "one kernel has at most 16 operands and 16 results", {{.*}}origins = ["c16@m.py:16#16"]
// CHECK: origins = ["c17@m.py:17#17"]
// CHECK-NOT: "fanfold.rows"
func.func @many(%x: tensor<?x64xbf16>) -> (tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>) {
  %n = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %q0 = "fanfold.elementwise"(%n) {function = "add", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c0@m.py:0#0"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q1 = "fanfold.elementwise"(%n) {function = "add", constant = 1.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c1@m.py:1#1"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q2 = "fanfold.elementwise"(%n) {function = "add", constant = 2.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c2@m.py:2#2"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q3 = "fanfold.elementwise"(%n) {function = "add", constant = 3.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c3@m.py:3#3"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q4 = "fanfold.elementwise"(%n) {function = "add", constant = 4.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c4@m.py:4#4"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q5 = "fanfold.elementwise"(%n) {function = "add", constant = 5.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c5@m.py:5#5"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q6 = "fanfold.elementwise"(%n) {function = "add", constant = 6.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c6@m.py:6#6"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q7 = "fanfold.elementwise"(%n) {function = "add", constant = 7.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c7@m.py:7#7"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q8 = "fanfold.elementwise"(%n) {function = "add", constant = 8.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c8@m.py:8#8"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q9 = "fanfold.elementwise"(%n) {function = "add", constant = 9.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c9@m.py:9#9"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q10 = "fanfold.elementwise"(%n) {function = "add", constant = 10.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c10@m.py:10#10"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q11 = "fanfold.elementwise"(%n) {function = "add", constant = 11.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c11@m.py:11#11"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q12 = "fanfold.elementwise"(%n) {function = "add", constant = 12.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c12@m.py:12#12"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q13 = "fanfold.elementwise"(%n) {function = "add", constant = 13.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c13@m.py:13#13"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q14 = "fanfold.elementwise"(%n) {function = "add", constant = 14.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c14@m.py:14#14"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q15 = "fanfold.elementwise"(%n) {function = "add", constant = 15.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c15@m.py:15#15"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q16 = "fanfold.elementwise"(%n) {function = "add", constant = 16.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c16@m.py:16#16"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q17 = "fanfold.elementwise"(%n) {function = "add", constant = 17.0 : f64, operandSegmentSizes = array<i32: 1, 0>, origins = ["c17@m.py:17#17"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  return %q0, %q1, %q2, %q3, %q4, %q5, %q6, %q7, %q8, %q9, %q10, %q11, %q12, %q13, %q14, %q15, %q16, %q17 : tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>
}
