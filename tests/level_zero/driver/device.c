// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The driver, its devices and their properties. There are several devices, all of them the one CPU: memory and work are
// kept apart as if they were as many GPUs.
#include <stdio.h>
#include <string.h>

#include "driver.h"

enum { DEVICES = 2 };

static char driver, devices[DEVICES];

bool is_device(const char *function, const void *handle) {
  const char *device = handle;
  if (device >= devices && device < devices + DEVICES)
    return true;
  report(function, "no such device");
  return false;
}

static ze_result_t list(uint32_t *count, void **handles, char *all, uint32_t there) {
  if (*count == 0) {
    *count = there;
    return ZE_RESULT_SUCCESS;
  }
  if (*count > there)
    *count = there;
  for (uint32_t i = 0; handles && i < *count; i++)
    handles[i] = &all[i];
  return ZE_RESULT_SUCCESS;
}

static ze_result_t DriverGet(uint32_t *count, ze_driver_handle_t *drivers) {
  ENTER;
  (void)function;
  return list(count, (void **)drivers, &driver, 1);
}

static ze_result_t DriverGetApiVersion(ze_driver_handle_t handle, ze_api_version_t *version) {
  ENTER;
  if ((void *)handle != &driver)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "no such driver");
  *version = ZE_API_VERSION_1_3;
  return ZE_RESULT_SUCCESS;
}

static ze_result_t DeviceGet(ze_driver_handle_t handle, uint32_t *count, ze_device_handle_t *handles) {
  ENTER;
  if ((void *)handle != &driver)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "no such driver");
  return list(count, (void **)handles, devices, DEVICES);
}

static ze_result_t DeviceGetProperties(ze_device_handle_t handle, ze_device_properties_t *properties) {
  ENTER;
  if (!is_device(function, handle))
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (properties->stype != ZE_STRUCTURE_TYPE_DEVICE_PROPERTIES)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "stype is not set");
  char name[128] = "";
  cl.clGetDeviceInfo(cl.device, CL_DEVICE_NAME, sizeof name, name, NULL);
  // It says GPU, or nobody would take it.
  properties->type = ZE_DEVICE_TYPE_GPU;
  properties->vendorId = 0x8086;
  uint64_t largest = 0;
  cl.clGetDeviceInfo(cl.device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof largest, &largest, NULL);
  properties->maxMemAllocSize = largest;
  snprintf(properties->name, sizeof properties->name, "fanfold test device %d on %s", (int)((char *)handle - devices),
           name);
  return ZE_RESULT_SUCCESS;
}

static ze_result_t DeviceGetComputeProperties(ze_device_handle_t handle, ze_device_compute_properties_t *properties) {
  ENTER;
  if (!is_device(function, handle))
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (properties->stype != ZE_STRUCTURE_TYPE_DEVICE_COMPUTE_PROPERTIES)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "stype is not set");
  size_t largest = 0, sizes[ZE_SUBGROUPSIZE_COUNT], bytes = 0;
  uint64_t shared = 0;
  cl.clGetDeviceInfo(cl.device, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof largest, &largest, NULL);
  cl.clGetDeviceInfo(cl.device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof shared, &shared, NULL);
  cl.clGetDeviceInfo(cl.device, CL_DEVICE_SUB_GROUP_SIZES_INTEL, sizeof sizes, sizes, &bytes);
  properties->maxTotalGroupSize = (uint32_t)largest;
  properties->maxGroupSizeX = properties->maxGroupSizeY = properties->maxGroupSizeZ = (uint32_t)largest;
  properties->maxGroupCountX = properties->maxGroupCountY = properties->maxGroupCountZ = UINT32_MAX;
  properties->maxSharedLocalMemory = (uint32_t)shared;
  properties->numSubGroupSizes = (uint32_t)(bytes / sizeof *sizes);
  for (uint32_t i = 0; i < properties->numSubGroupSizes; i++)
    properties->subGroupSizes[i] = (uint32_t)sizes[i];
  return ZE_RESULT_SUCCESS;
}

static ze_result_t DeviceGetCommandQueueGroupProperties(ze_device_handle_t handle, uint32_t *count,
                                                        ze_command_queue_group_properties_t *groups) {
  ENTER;
  if (!is_device(function, handle))
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (*count == 0 || !groups) {
    // The first can only copy, as on devices with a copy engine: ordinal 0 is not what computes.
    *count = 2;
    return ZE_RESULT_SUCCESS;
  }
  for (uint32_t i = 0; i < *count && i < 2; i++) {
    if (groups[i].stype != ZE_STRUCTURE_TYPE_COMMAND_QUEUE_GROUP_PROPERTIES)
      return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "stype is not set");
    groups[i].flags = ZE_COMMAND_QUEUE_GROUP_PROPERTY_FLAG_COPY;
    if (i == 1)
      groups[i].flags |= ZE_COMMAND_QUEUE_GROUP_PROPERTY_FLAG_COMPUTE;
    groups[i].maxMemoryFillPatternSize = 16;
    groups[i].numQueues = 1;
  }
  return ZE_RESULT_SUCCESS;
}

void driver_table(ze_driver_dditable_t *table) {
  table->pfnGet = DriverGet;
  table->pfnGetApiVersion = DriverGetApiVersion;
}

void device_table(ze_device_dditable_t *table) {
  table->pfnGet = DeviceGet;
  table->pfnGetProperties = DeviceGetProperties;
  table->pfnGetComputeProperties = DeviceGetComputeProperties;
  table->pfnGetCommandQueueGroupProperties = DeviceGetCommandQueueGroupProperties;
}
