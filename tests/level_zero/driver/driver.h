// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The driver's side of Level Zero: objects, and what one file needs of another.
#ifndef FANFOLD_TEST_DRIVER_H
#define FANFOLD_TEST_DRIVER_H

#include <level_zero/ze_ddi.h>

#include "objects.h"
#include "opencl.h"
#include "spirv.h"

struct context {
  struct object object;
};

struct memory {
  struct object object;
  uint64_t id; // no other memory's, before or after
  ze_memory_type_t type;
  void *device; // of `ze_device_handle_t`; NULL for memory of the host
  char *begin;
  size_t size;
  char *block; // what OpenCL gave: `begin` with guards on both sides
  size_t guard;
};

struct module {
  struct object object;
  cl_program program;
  struct signature *signatures;
  unsigned count;
};

struct argument {
  bool set;
  char *pointer;
  uint32_t value;
};

struct kernel {
  struct object object;
  const struct signature *signature;
  uint32_t group[3]; // 0 until it is set
  struct argument arguments[MAX_ARGUMENTS];
};

struct event_pool {
  struct object object;
  uint32_t count;
  bool *used;
};

struct event {
  struct object object;
  uint32_t index;
  bool signaled;
};

enum command_kind { LAUNCH, COPY, FILL, BARRIER };

struct command {
  enum command_kind kind;
  struct event *signal;
  // LAUNCH
  cl_kernel kernel;
  size_t global[3], local[3];
  // COPY and FILL; a launch has its pointers in `arguments`. Drivers keep the allocations, not only the addresses.
  char *target;
  const char *source;
  const struct memory *target_memory, *source_memory;
  size_t size;
  char pattern[16];
  size_t pattern_size;
  unsigned pointers;
  char *arguments[MAX_ARGUMENTS];
  const struct memory *memories[MAX_ARGUMENTS];
};

struct list {
  struct object object;
  bool closed;
  unsigned pending;    // submissions that have not been run
  unsigned referenced; // submissions that the device may still read from
  struct command *commands;
  size_t count, capacity;
};

struct queue {
  struct object object;
  cl_command_queue queue;
  struct list **submitted; // since it was last waited for; `run` of them have been run
  size_t count, run, capacity;
};

/// Returns the live allocation that `size` bytes at an address lie in; NULL if they do not lie in one as a whole.
/// `*foreign`, if given, is set when no byte of them lies in any.
struct memory *memory_at(const void *address, size_t size, bool *foreign);

/// Runs what the queues of a context have been given.
ze_result_t run_pending(const char *function, struct object *context);

/// Returns whether something that has not been run yet signals an event.
bool is_awaited(const struct event *event);

void driver_table(ze_driver_dditable_t *table);
void device_table(ze_device_dditable_t *table);
void context_table(ze_context_dditable_t *table);
void memory_table(ze_mem_dditable_t *table);
void module_tables(ze_module_dditable_t *module, ze_module_build_log_dditable_t *log);
void kernel_table(ze_kernel_dditable_t *table);
void event_tables(ze_event_pool_dditable_t *pool, ze_event_dditable_t *event);
void list_table(ze_command_list_dditable_t *table);
void queue_table(ze_command_queue_dditable_t *table);

/// Returns whether a handle is one of our devices; reports it if not.
bool is_device(const char *function, const void *handle);

#endif
