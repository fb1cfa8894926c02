// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contexts and their memory. Fresh memory is full of garbage, and has a guard on each side: what a kernel writes beside
// its buffers is found when they are freed.
#include <string.h>

#include "driver.h"

enum { PAGE = 4096, GARBAGE = 0xA5, GUARD = 0x5C };

static ze_result_t ContextCreate(ze_driver_handle_t driver, const ze_context_desc_t *description,
                                 ze_context_handle_t *context) {
  ENTER;
  (void)driver;
  if (description->stype != ZE_STRUCTURE_TYPE_CONTEXT_DESC)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "stype is not set");
  *context = new_object(CONTEXT, sizeof(struct context), NULL);
  return ZE_RESULT_SUCCESS;
}

static ze_result_t ContextDestroy(ze_context_handle_t handle) {
  ENTER;
  struct context *context = find(function, CONTEXT, handle);
  return context ? end(function, context) : ZE_RESULT_ERROR_INVALID_ARGUMENT;
}

static ze_result_t allocate(const char *function, ze_context_handle_t handle, ze_memory_type_t type, void *device,
                            size_t size, size_t alignment, void **result) {
  struct context *context = find(function, CONTEXT, handle);
  if (!context || (type != ZE_MEMORY_TYPE_HOST && !is_device(function, device)))
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (!size)
    return fail(ZE_RESULT_ERROR_UNSUPPORTED_SIZE, function, "0 bytes are asked for");
  if (alignment & (alignment - 1))
    return fail(ZE_RESULT_ERROR_UNSUPPORTED_ALIGNMENT, function, "the alignment is no power of two");
  size_t guard = alignment > PAGE ? alignment : PAGE;
  if (size > SIZE_MAX - 2 * guard)
    return ZE_RESULT_ERROR_OUT_OF_DEVICE_MEMORY;
  char *block = cl.clSVMAlloc(cl.context, CL_MEM_READ_WRITE, size + 2 * guard, 0);
  if (!block)
    return ZE_RESULT_ERROR_OUT_OF_DEVICE_MEMORY;
  if ((uintptr_t)block % guard)
    return fail(ZE_RESULT_ERROR_UNSUPPORTED_ALIGNMENT, function, "OpenCL's memory is not on a page");
  struct memory *memory = new_object(MEMORY, sizeof *memory, context);
  static uint64_t ids;
  memory->id = ++ids;
  memory->type = type;
  memory->device = device;
  memory->block = block;
  memory->guard = guard;
  memory->begin = block + guard;
  memory->size = size;
  memset(block, GUARD, guard);
  memset(memory->begin, GARBAGE, size);
  memset(memory->begin + size, GUARD, guard);
  *result = memory->begin;
  return ZE_RESULT_SUCCESS;
}

static ze_result_t MemAllocDevice(ze_context_handle_t context, const ze_device_mem_alloc_desc_t *description,
                                  size_t size, size_t alignment, ze_device_handle_t device, void **result) {
  ENTER;
  if (description->stype != ZE_STRUCTURE_TYPE_DEVICE_MEM_ALLOC_DESC)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "stype is not set");
  return allocate(function, context, ZE_MEMORY_TYPE_DEVICE, device, size, alignment, result);
}

static ze_result_t MemAllocHost(ze_context_handle_t context, const ze_host_mem_alloc_desc_t *description, size_t size,
                                size_t alignment, void **result) {
  ENTER;
  if (description->stype != ZE_STRUCTURE_TYPE_HOST_MEM_ALLOC_DESC)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "stype is not set");
  return allocate(function, context, ZE_MEMORY_TYPE_HOST, NULL, size, alignment, result);
}

struct range {
  const char *begin, *end;
};

static bool overlaps(void *object, const void *argument) {
  const struct memory *memory = object;
  const struct range *range = argument;
  return range->begin < memory->begin + memory->size && memory->begin < range->end;
}

struct memory *memory_at(const void *address, size_t size, bool *foreign) {
  const struct range range = {address, (const char *)address + size};
  struct memory *memory = find_if(MEMORY, overlaps, &range);
  if (foreign)
    *foreign = !memory;
  bool inside = memory && range.begin >= memory->begin && range.end <= memory->begin + memory->size;
  return inside ? memory : NULL;
}

static bool guarded(const struct memory *memory) {
  for (size_t i = 0; i < memory->guard; i++)
    if (memory->block[i] != GUARD || memory->begin[memory->size + i] != GUARD)
      return false;
  return true;
}

static ze_result_t MemFree(ze_context_handle_t handle, void *address) {
  ENTER;
  struct context *context = find(function, CONTEXT, handle);
  if (!context)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  struct memory *memory = memory_at(address, 1, NULL);
  if (!memory || memory->begin != address || memory->object.parent != &context->object)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "no memory of this context begins there, or not any more");
  bool intact = guarded(memory);
  // What runs later must not find it: its commands are checked again when they run.
  end(function, memory);
  cl.clSVMFree(cl.context, memory->block);
  return intact ? ZE_RESULT_SUCCESS
                : fail(ZE_RESULT_ERROR_UNKNOWN, function, "something was written beside this memory");
}

static ze_result_t MemGetAllocProperties(ze_context_handle_t handle, const void *address,
                                         ze_memory_allocation_properties_t *properties, ze_device_handle_t *device) {
  ENTER;
  if (!find(function, CONTEXT, handle))
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (properties->stype != ZE_STRUCTURE_TYPE_MEMORY_ALLOCATION_PROPERTIES)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "stype is not set");
  struct memory *memory = memory_at(address, 1, NULL);
  properties->type = memory ? memory->type : ZE_MEMORY_TYPE_UNKNOWN;
  properties->id = memory ? memory->id : 0;
  properties->pageSize = PAGE;
  if (device)
    *device = memory ? memory->device : NULL;
  return ZE_RESULT_SUCCESS;
}

void context_table(ze_context_dditable_t *table) {
  table->pfnCreate = ContextCreate;
  table->pfnDestroy = ContextDestroy;
}

void memory_table(ze_mem_dditable_t *table) {
  table->pfnAllocDevice = MemAllocDevice;
  table->pfnAllocHost = MemAllocHost;
  table->pfnFree = MemFree;
  table->pfnGetAllocProperties = MemGetAllocProperties;
}
