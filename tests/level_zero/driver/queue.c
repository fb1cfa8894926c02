// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Command queues. To find what only works by luck, lists are run as late as the API allows, when somebody waits, and
// the commands between two barriers in the reverse of their order. An event says that the commands before it are done,
// not that the device has left the list that signals it: only who waits for the queue may submit or destroy it again.
#include <stdlib.h>

#include "driver.h"

static ze_result_t CommandQueueCreate(ze_context_handle_t handle, ze_device_handle_t device,
                                      const ze_command_queue_desc_t *description, ze_command_queue_handle_t *result) {
  ENTER;
  struct context *context = find(function, CONTEXT, handle);
  if (!context || !is_device(function, device))
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (description->stype != ZE_STRUCTURE_TYPE_COMMAND_QUEUE_DESC)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "stype is not set");
  if (description->ordinal != 1)
    return fail(ZE_RESULT_ERROR_INVALID_COMMAND_LIST_TYPE, function, "only the queue group 1 can compute");
  int code;
  cl_command_queue made = cl.clCreateCommandQueueWithProperties(cl.context, cl.device, NULL, &code);
  if (code)
    return ZE_RESULT_ERROR_OUT_OF_HOST_MEMORY;
  struct queue *queue = new_object(QUEUE, sizeof *queue, context);
  queue->queue = made;
  *result = (void *)queue;
  return ZE_RESULT_SUCCESS;
}

static ze_result_t CommandQueueDestroy(ze_command_queue_handle_t handle) {
  ENTER;
  struct queue *queue = find(function, QUEUE, handle);
  if (!queue)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (queue->count)
    return fail(ZE_RESULT_ERROR_HANDLE_OBJECT_IN_USE, function, "nobody waited for what it was given");
  cl.clReleaseCommandQueue(queue->queue);
  free(queue->submitted);
  return end(function, queue);
}

static ze_result_t CommandQueueExecuteCommandLists(ze_command_queue_handle_t handle, uint32_t count,
                                                   ze_command_list_handle_t *handles, ze_fence_handle_t fence) {
  ENTER;
  struct queue *queue = find(function, QUEUE, handle);
  if (!queue)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (fence)
    return fail(ZE_RESULT_ERROR_UNSUPPORTED_FEATURE, function, "fences are not supported here");
  for (uint32_t i = 0; i < count; i++) {
    struct list *list = find(function, LIST, handles[i]);
    if (!list)
      return ZE_RESULT_ERROR_INVALID_ARGUMENT;
    if (!list->closed)
      return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "the list is not closed");
    if (list->referenced)
      return fail(ZE_RESULT_ERROR_HANDLE_OBJECT_IN_USE, function, "nobody waited for the list's last submission");
    if (queue->count == queue->capacity) {
      queue->capacity = queue->capacity ? queue->capacity * 2 : 16;
      queue->submitted = realloc(queue->submitted, queue->capacity * sizeof *queue->submitted);
    }
    queue->submitted[queue->count++] = list;
    list->pending++;
    list->referenced++;
  }
  return ZE_RESULT_SUCCESS;
}

/// Whether an address is in the allocation that it was in when a command was appended, or still in none. Another one may
/// begin where that was.
static bool still_there(const char *address, size_t size, const struct memory *memory) {
  bool foreign;
  return memory_at(address, size, &foreign) == memory && (memory || foreign);
}

static ze_result_t run_command(const char *function, cl_command_queue queue, const struct command *command) {
  int code = 0;
  const char *freed = "a command uses memory that was freed since it was appended";
  switch (command->kind) {
  case LAUNCH:
    for (unsigned i = 0; i < command->pointers; i++)
      if (command->arguments[i] && !still_there(command->arguments[i], 1, command->memories[i]))
        return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, freed);
    code = cl.clEnqueueNDRangeKernel(queue, command->kernel, 3, NULL, command->global, command->local, 0, NULL, NULL);
    break;
  case COPY:
    if (!still_there(command->target, command->size, command->target_memory) ||
        !still_there(command->source, command->size, command->source_memory))
      return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, freed);
    code = cl.clEnqueueSVMMemcpy(queue, 0, command->target, command->source, command->size, 0, NULL, NULL);
    break;
  case FILL:
    if (!still_there(command->target, command->size, command->target_memory))
      return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, freed);
    code = cl.clEnqueueSVMMemFill(queue, command->target, command->pattern, command->pattern_size, command->size, 0,
                                  NULL, NULL);
    break;
  case BARRIER:
    break;
  }
  if (code)
    return fail(ZE_RESULT_ERROR_DEVICE_LOST, function, "OpenCL does not take a command");
  if (command->signal) {
    if (!command->signal->object.alive)
      return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "a command signals an event that was destroyed");
    if (command->signal->signaled)
      return fail(ZE_RESULT_ERROR_INVALID_SYNCHRONIZATION_OBJECT, function,
                  "a command signals an event that was not reset since it was signaled");
    command->signal->signaled = true;
  }
  return ZE_RESULT_SUCCESS;
}

static ze_result_t run_list(const char *function, cl_command_queue queue, const struct list *list) {
  ze_result_t result = ZE_RESULT_SUCCESS;
  for (size_t begin = 0; begin < list->count && !result;) {
    size_t end = begin;
    while (end < list->count && list->commands[end].kind != BARRIER)
      end++;
    for (size_t i = end; i-- > begin && !result;)
      result = run_command(function, queue, &list->commands[i]);
    if (end < list->count && !result)
      result = run_command(function, queue, &list->commands[end]);
    begin = end + 1;
  }
  return result;
}

static ze_result_t run_queue(const char *function, struct queue *queue) {
  ze_result_t result = ZE_RESULT_SUCCESS;
  for (; queue->run < queue->count; queue->run++) {
    if (!result)
      result = run_list(function, queue->queue, queue->submitted[queue->run]);
    queue->submitted[queue->run]->pending--;
  }
  if (cl.clFinish(queue->queue) && !result)
    result = fail(ZE_RESULT_ERROR_DEVICE_LOST, function, "OpenCL does not finish");
  return result;
}

static ze_result_t CommandQueueSynchronize(ze_command_queue_handle_t handle, uint64_t timeout) {
  ENTER;
  (void)timeout;
  struct queue *queue = find(function, QUEUE, handle);
  if (!queue)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  ze_result_t result = run_queue(function, queue);
  while (queue->count)
    queue->submitted[--queue->count]->referenced--;
  queue->run = 0;
  return result;
}

static bool is_busy(void *object, const void *context) {
  struct queue *queue = object;
  return queue->object.parent == context && queue->run < queue->count;
}

ze_result_t run_pending(const char *function, struct object *context) {
  ze_result_t result = ZE_RESULT_SUCCESS;
  struct queue *queue;
  while (!result && (queue = find_if(QUEUE, is_busy, context)))
    result = run_queue(function, queue);
  return result;
}

static bool signals(void *object, const void *event) {
  const struct list *list = object;
  for (size_t i = 0; list->pending && i < list->count; i++)
    if (list->commands[i].signal == event)
      return true;
  return false;
}

bool is_awaited(const struct event *event) { return find_if(LIST, signals, event) != NULL; }

void queue_table(ze_command_queue_dditable_t *table) {
  table->pfnCreate = CommandQueueCreate;
  table->pfnDestroy = CommandQueueDestroy;
  table->pfnExecuteCommandLists = CommandQueueExecuteCommandLists;
  table->pfnSynchronize = CommandQueueSynchronize;
}
