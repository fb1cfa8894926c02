// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "spirv.h"

#include <stdlib.h>
#include <string.h>

enum {
  HEADER_WORDS = 5,
  MAGIC = 0x07230203,
  OP_ENTRY_POINT = 15,
  OP_EXECUTION_MODE = 16,
  OP_TYPE_INT = 21,
  OP_TYPE_FLOAT = 22,
  OP_TYPE_POINTER = 32,
  OP_FUNCTION = 54,
  OP_FUNCTION_PARAMETER = 55,
  MODE_LOCAL_SIZE = 17,
  CROSS_WORKGROUP = 5,
  UNKNOWN = UINT32_MAX,
};

static struct signature *of_function(struct signature *all, unsigned count, uint32_t function) {
  for (unsigned i = 0; i < count; i++)
    if (all[i].function == function)
      return &all[i];
  return NULL;
}

static void set_mode(struct signature *kernel, const uint32_t *words, uint32_t length) {
  if (words[2] == MODE_LOCAL_SIZE && length == 6)
    memcpy(kernel->group, words + 3, sizeof kernel->group);
}

struct signature *read_signatures(const uint8_t *bytes, size_t size, unsigned *count) {
  *count = 0;
  size_t total = size / 4;
  uint32_t *code = malloc(size + 4);
  memcpy(code, bytes, size);
  // Every id is below the bound in the header.
  if (size % 4 || total < HEADER_WORDS || code[0] != MAGIC || code[3] > total * 4) {
    free(code);
    return NULL;
  }
  uint32_t bound = code[3];
  uint32_t *sizes = malloc((bound + 1) * sizeof *sizes);
  memset(sizes, 0xFF, (bound + 1) * sizeof *sizes);
  struct signature *all = NULL, *inside = NULL;
  for (size_t at = HEADER_WORDS; at < total;) {
    const uint32_t *words = code + at;
    uint32_t length = words[0] >> 16, op = words[0] & 0xFFFF;
    if (!length || at + length > total) {
      free(all);
      all = NULL;
      *count = 0;
      break;
    }
    if (op == OP_ENTRY_POINT && length > 3) {
      all = realloc(all, (*count + 1) * sizeof *all);
      struct signature *kernel = memset(&all[(*count)++], 0, sizeof *all);
      kernel->function = words[2];
      strncpy(kernel->name, (const char *)(words + 3), MAX_NAME - 1);
    } else if (op == OP_EXECUTION_MODE && length > 2) {
      struct signature *kernel = of_function(all, *count, words[1]);
      if (kernel)
        set_mode(kernel, words, length);
    } else if ((op == OP_TYPE_INT || op == OP_TYPE_FLOAT) && length > 2 && words[1] < bound) {
      sizes[words[1]] = words[2] / 8;
    } else if (op == OP_TYPE_POINTER && length > 3 && words[1] < bound) {
      sizes[words[1]] = words[2] == CROSS_WORKGROUP ? 0 : UNKNOWN;
    } else if (op == OP_FUNCTION && length > 2) {
      inside = of_function(all, *count, words[2]);
    } else if (op == OP_FUNCTION_PARAMETER && length > 1 && inside && inside->arguments < MAX_ARGUMENTS) {
      inside->sizes[inside->arguments++] = words[1] < bound ? sizes[words[1]] : (uint32_t)UNKNOWN;
    }
    at += length;
  }
  free(sizes);
  free(code);
  return all;
}
