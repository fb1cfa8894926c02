// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tries y / s for every s in [1, 2) (every STEP-th, and the last 64) and every y in [1, 2) with BITS bits against what
// kernels compute for it: two products with the parts of 1 / s (passes/kernel/quantizing.py). Prints the quotients that
// a rounding to at most 9 bits could tell apart: one of the two is half way between two numbers of so many bits.
// Exponents do not matter, since nothing is denormal.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int count = 1 << (atoi(argv[1]) - 1);
  uint32_t step = (uint32_t)atoi(argv[2]), last = (1u << 23) - 64;
  for (uint32_t mantissa = 0; mantissa < (1u << 23); mantissa += mantissa < last ? step : 1) {
    float s = float_of(0x3f800000u | mantissa);
    float inverse = 1.0f / s;
    if (fmaf(-inverse, s, 1.0f) < 0) inverse = float_of(bits_of(inverse) - 1);
    float rest = fmaf(-inverse, s, 1.0f) * inverse;
    int different = 0;
    for (int i = 0; i < count; ++i) {
      float y = 1.0f + (float)i / (float)count;
      different += y / s != fmaf(y, inverse, y * rest);
    }
    for (int i = 0; different && i < count; ++i) {
      float y = 1.0f + (float)i / (float)count;
      uint32_t expected = bits_of(y / s), found = bits_of(fmaf(y, inverse, y * rest));
      if (expected != found && (!(expected & 0x7fff) || !(found & 0x7fff))) printf("%08x %a\n", bits_of(s), y);
    }
  }
  return 0;
}
