// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Command lists: what is appended is checked and kept; queue.c runs it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

static void clear(struct list *list) {
  for (size_t i = 0; i < list->count; i++)
    if (list->commands[i].kernel)
      cl.clReleaseKernel(list->commands[i].kernel);
  free(list->commands);
  list->commands = NULL;
  list->count = list->capacity = 0;
}

static ze_result_t CommandListCreate(ze_context_handle_t handle, ze_device_handle_t device,
                                     const ze_command_list_desc_t *description, ze_command_list_handle_t *result) {
  ENTER;
  struct context *context = find(function, CONTEXT, handle);
  if (!context || !is_device(function, device))
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (description->stype != ZE_STRUCTURE_TYPE_COMMAND_LIST_DESC)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "stype is not set");
  if (description->commandQueueGroupOrdinal != 1)
    return fail(ZE_RESULT_ERROR_INVALID_COMMAND_LIST_TYPE, function, "only the queue group 1 can compute");
  *result = new_object(LIST, sizeof(struct list), context);
  return ZE_RESULT_SUCCESS;
}

static ze_result_t CommandListDestroy(ze_command_list_handle_t handle) {
  ENTER;
  struct list *list = find(function, LIST, handle);
  if (!list)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (list->referenced)
    return fail(ZE_RESULT_ERROR_HANDLE_OBJECT_IN_USE, function, "it was submitted and not waited for");
  clear(list);
  return end(function, list);
}

static ze_result_t CommandListClose(ze_command_list_handle_t handle) {
  ENTER;
  struct list *list = find(function, LIST, handle);
  if (!list)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (list->closed)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "it is closed");
  list->closed = true;
  return ZE_RESULT_SUCCESS;
}

/// Returns a new command at the end of a list; NULL, with a report and `code`, if it cannot take one.
static struct command *append(const char *function, ze_command_list_handle_t handle, ze_event_handle_t signal,
                              uint32_t waits, enum command_kind kind, ze_result_t *code) {
  struct list *list = find(function, LIST, handle);
  struct event *event = signal ? find(function, EVENT, signal) : NULL;
  *code = ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (!list || (signal && !event))
    return NULL;
  if (list->closed) {
    report(function, "the list is closed");
    return NULL;
  }
  if (waits) {
    *code = fail(ZE_RESULT_ERROR_UNSUPPORTED_FEATURE, function, "commands that wait for events are not supported here");
    return NULL;
  }
  if (list->count == list->capacity) {
    list->capacity = list->capacity ? list->capacity * 2 : 16;
    list->commands = realloc(list->commands, list->capacity * sizeof *list->commands);
  }
  *code = ZE_RESULT_SUCCESS;
  struct command *command = memset(&list->commands[list->count], 0, sizeof *command);
  command->kind = kind;
  command->signal = event;
  return command;
}

/// Counts the command that `append` returned, once it is complete.
static ze_result_t keep(ze_command_list_handle_t handle) {
  ((struct list *)(void *)handle)->count++;
  return ZE_RESULT_SUCCESS;
}

static ze_result_t CommandListAppendBarrier(ze_command_list_handle_t list, ze_event_handle_t signal, uint32_t waits,
                                            ze_event_handle_t *events) {
  ENTER;
  (void)events;
  ze_result_t code;
  return append(function, list, signal, waits, BARRIER, &code) ? keep(list) : code;
}

/// Whether bytes lie within one allocation, or, for memory of the program itself, touch none.
static bool is_range(const void *address, size_t size) {
  bool foreign;
  return memory_at(address, size, &foreign) || foreign;
}

static ze_result_t CommandListAppendMemoryCopy(ze_command_list_handle_t list, void *target, const void *source,
                                               size_t size, ze_event_handle_t signal, uint32_t waits,
                                               ze_event_handle_t *events) {
  ENTER;
  (void)events;
  ze_result_t code;
  struct command *command = append(function, list, signal, waits, COPY, &code);
  if (!command)
    return code;
  if (!size || !is_range(target, size) || !is_range(source, size))
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "0 bytes, or bytes beyond the end of an allocation");
  command->target = target;
  command->source = source;
  command->size = size;
  command->target_memory = memory_at(target, size, NULL);
  command->source_memory = memory_at(source, size, NULL);
  if (command->target < command->source + size && command->source < command->target + size)
    return fail(ZE_RESULT_ERROR_OVERLAPPING_REGIONS, function, "source and target overlap");
  return keep(list);
}

static ze_result_t CommandListAppendMemoryFill(ze_command_list_handle_t list, void *target, const void *pattern,
                                               size_t pattern_size, size_t size, ze_event_handle_t signal,
                                               uint32_t waits, ze_event_handle_t *events) {
  ENTER;
  (void)events;
  ze_result_t code;
  struct command *command = append(function, list, signal, waits, FILL, &code);
  if (!command)
    return code;
  if (!size || !memory_at(target, size, NULL))
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "0 bytes, or bytes that are not all in one allocation");
  if (!pattern_size || pattern_size > sizeof command->pattern || pattern_size & (pattern_size - 1) ||
      size % pattern_size || (uintptr_t)target % pattern_size)
    return fail(ZE_RESULT_ERROR_INVALID_SIZE, function, "the pattern does not fit the bytes");
  command->target = target;
  command->target_memory = memory_at(target, size, NULL);
  command->size = size;
  command->pattern_size = pattern_size;
  memcpy(command->pattern, pattern, pattern_size);
  return keep(list);
}

static ze_result_t set_arguments(const char *function, const struct kernel *kernel, struct command *command) {
  char text[64];
  const struct signature *signature = kernel->signature;
  for (unsigned i = 0; i < signature->arguments; i++) {
    const struct argument *argument = &kernel->arguments[i];
    int code;
    if (!argument->set) {
      snprintf(text, sizeof text, "argument %u is not set", i);
      return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, text);
    }
    if (signature->sizes[i]) {
      code = cl.clSetKernelArg(command->kernel, i, signature->sizes[i], &argument->value);
    } else {
      if (argument->pointer && !memory_at(argument->pointer, 1, NULL)) {
        snprintf(text, sizeof text, "argument %u points to no allocation", i);
        return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, text);
      }
      command->memories[command->pointers] = argument->pointer ? memory_at(argument->pointer, 1, NULL) : NULL;
      command->arguments[command->pointers++] = argument->pointer;
      code = cl.clSetKernelArgSVMPointer(command->kernel, i, argument->pointer);
    }
    if (code)
      return fail(ZE_RESULT_ERROR_UNKNOWN, function, "OpenCL does not take an argument");
  }
  return ZE_RESULT_SUCCESS;
}

static ze_result_t CommandListAppendLaunchKernel(ze_command_list_handle_t list, ze_kernel_handle_t handle,
                                                 const ze_group_count_t *groups, ze_event_handle_t signal,
                                                 uint32_t waits, ze_event_handle_t *events) {
  ENTER;
  (void)events;
  struct kernel *kernel = find(function, KERNEL, handle);
  if (!kernel)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (!kernel->group[0])
    return fail(ZE_RESULT_ERROR_INVALID_GROUP_SIZE_DIMENSION, function, "the group size is not set");
  if (!groups->groupCountX || !groups->groupCountY || !groups->groupCountZ)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "there are no groups");
  ze_result_t result;
  struct command *command = append(function, list, signal, waits, LAUNCH, &result);
  if (!command)
    return result;
  const uint32_t counts[3] = {groups->groupCountX, groups->groupCountY, groups->groupCountZ};
  for (int i = 0; i < 3; i++) {
    command->local[i] = kernel->group[i];
    command->global[i] = (size_t)counts[i] * kernel->group[i];
  }
  // A kernel of its own: what is set later must not reach a launch that was appended before.
  int code;
  command->kernel = cl.clCreateKernel(((struct module *)kernel->object.parent)->program, kernel->signature->name, &code);
  if (code)
    return fail(ZE_RESULT_ERROR_UNKNOWN, function, "OpenCL makes no kernel");
  result = set_arguments(function, kernel, command);
  if (result) {
    cl.clReleaseKernel(command->kernel);
    return result;
  }
  return keep(list);
}

void list_table(ze_command_list_dditable_t *table) {
  table->pfnCreate = CommandListCreate;
  table->pfnDestroy = CommandListDestroy;
  table->pfnClose = CommandListClose;
  table->pfnAppendBarrier = CommandListAppendBarrier;
  table->pfnAppendMemoryCopy = CommandListAppendMemoryCopy;
  table->pfnAppendMemoryFill = CommandListAppendMemoryFill;
  table->pfnAppendLaunchKernel = CommandListAppendLaunchKernel;
}
