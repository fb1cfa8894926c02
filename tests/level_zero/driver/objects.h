// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Handles. Every object that the driver hands out is in one list for ever: a handle that was destroyed is told from one
// that never was, its memory is never another object's, and what is alive can be counted.
#ifndef FANFOLD_TEST_OBJECTS_H
#define FANFOLD_TEST_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>

#include <level_zero/ze_api.h>

enum kind { CONTEXT, QUEUE, LIST, POOL, EVENT, MODULE, BUILD_LOG, KERNEL, MEMORY, KINDS };

struct object {
  enum kind kind;
  bool alive;
  struct object *parent;
  struct object *next;
  unsigned children;
};

/// Makes an object of `size` bytes, zeroed, whose first member is its `struct object`.
void *new_object(enum kind kind, size_t size, void *parent);

/// Returns the live object of a handle. With anything else it reports what the handle is, and returns NULL.
void *find(const char *function, enum kind kind, const void *handle);

/// Ends an object; refused, with a report, while it has children.
ze_result_t end(const char *function, void *object);

/// Calls `visit` for each live object of a kind, until it returns true; returns that object.
void *find_if(enum kind kind, bool (*visit)(void *object, const void *argument), const void *argument);

/// Takes note of a misuse: for the tests, and on the standard error.
void report(const char *function, const char *text);

/// As `report`, and returns the code.
ze_result_t fail(ze_result_t code, const char *function, const char *text);

/// Opens every function of the API. One call is in the driver at a time, and `function` is its name without the `ze`.
#define ENTER                                                                                                          \
  const char *const function = __func__;                                                                               \
  __attribute__((cleanup(leave), unused)) const int entered = enter()
int enter(void);
void leave(const int *entered);

#endif
