// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a SPIR-V module says about its kernels: OpenCL does not tell it of one that was not made from source.
#ifndef FANFOLD_TEST_SPIRV_H
#define FANFOLD_TEST_SPIRV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_ARGUMENTS = 64, MAX_NAME = 256 };

struct signature {
  char name[MAX_NAME];
  uint32_t function;
  uint32_t group[3]; // of `LocalSize`; 0 if it does not say
  unsigned arguments;
  uint32_t sizes[MAX_ARGUMENTS]; // in bytes; 0 is a pointer to global memory
};

/// Returns the kernels of a module, to be freed, and their number; NULL if it cannot be read.
struct signature *read_signatures(const uint8_t *bytes, size_t size, unsigned *count);

#endif
