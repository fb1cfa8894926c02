// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Events and their pools. Stricter than Level Zero: an event is signaled once, waited for, and reset, in this order.
#include <stdlib.h>

#include "driver.h"

static ze_result_t EventPoolCreate(ze_context_handle_t handle, const ze_event_pool_desc_t *description, uint32_t count,
                                   ze_device_handle_t *devices, ze_event_pool_handle_t *result) {
  ENTER;
  struct context *context = find(function, CONTEXT, handle);
  if (!context)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (description->stype != ZE_STRUCTURE_TYPE_EVENT_POOL_DESC || !description->count)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "stype or count is not set");
  if (!(description->flags & ZE_EVENT_POOL_FLAG_HOST_VISIBLE))
    return fail(ZE_RESULT_ERROR_INVALID_ENUMERATION, function, "the host could not see these events");
  for (uint32_t i = 0; i < count; i++)
    if (!is_device(function, devices[i]))
      return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  struct event_pool *pool = new_object(POOL, sizeof *pool, context);
  pool->count = description->count;
  pool->used = calloc(pool->count, sizeof *pool->used);
  *result = (void *)pool;
  return ZE_RESULT_SUCCESS;
}

static ze_result_t EventPoolDestroy(ze_event_pool_handle_t handle) {
  ENTER;
  struct event_pool *pool = find(function, POOL, handle);
  ze_result_t result = pool ? end(function, pool) : ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (!result)
    free(pool->used);
  return result;
}

static ze_result_t EventCreate(ze_event_pool_handle_t handle, const ze_event_desc_t *description,
                               ze_event_handle_t *result) {
  ENTER;
  struct event_pool *pool = find(function, POOL, handle);
  if (!pool)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (description->stype != ZE_STRUCTURE_TYPE_EVENT_DESC)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "stype is not set");
  if (description->index >= pool->count || pool->used[description->index])
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "the pool has no such event, or it is in use");
  struct event *event = new_object(EVENT, sizeof *event, pool);
  event->index = description->index;
  pool->used[event->index] = true;
  *result = (void *)event;
  return ZE_RESULT_SUCCESS;
}

static ze_result_t EventDestroy(ze_event_handle_t handle) {
  ENTER;
  struct event *event = find(function, EVENT, handle);
  if (!event)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (is_awaited(event))
    return fail(ZE_RESULT_ERROR_HANDLE_OBJECT_IN_USE, function, "a submitted list is still to signal it");
  ((struct event_pool *)event->object.parent)->used[event->index] = false;
  return end(function, event);
}

static ze_result_t EventHostSynchronize(ze_event_handle_t handle, uint64_t timeout) {
  ENTER;
  (void)timeout;
  struct event *event = find(function, EVENT, handle);
  if (!event)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (!event->signaled && !is_awaited(event))
    return fail(ZE_RESULT_ERROR_INVALID_SYNCHRONIZATION_OBJECT, function, "nothing signals it: this wait has no end");
  ze_result_t result = run_pending(function, event->object.parent->parent);
  return result || event->signaled ? result : ZE_RESULT_NOT_READY;
}

static ze_result_t EventHostReset(ze_event_handle_t handle) {
  ENTER;
  struct event *event = find(function, EVENT, handle);
  if (!event)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (!event->signaled)
    return fail(ZE_RESULT_ERROR_INVALID_SYNCHRONIZATION_OBJECT, function, "it was not signaled since its last reset");
  event->signaled = false;
  return ZE_RESULT_SUCCESS;
}

void event_tables(ze_event_pool_dditable_t *pool, ze_event_dditable_t *event) {
  if (pool) {
    pool->pfnCreate = EventPoolCreate;
    pool->pfnDestroy = EventPoolDestroy;
  }
  if (event) {
    event->pfnCreate = EventCreate;
    event->pfnDestroy = EventDestroy;
    event->pfnHostSynchronize = EventHostSynchronize;
    event->pfnHostReset = EventHostReset;
  }
}
