// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the loader looks up: a function for each table of function pointers.
#include "driver.h"

static ze_result_t Init(ze_init_flags_t flags) {
  ENTER;
  (void)function;
  (void)flags;
  return load_opencl() ? ZE_RESULT_SUCCESS : ZE_RESULT_ERROR_UNINITIALIZED;
}

#define TABLE(name, type, fill)                                                                                        \
  __attribute__((visibility("default"))) ze_result_t name(ze_api_version_t version, type *table) {                     \
    if (!table)                                                                                                        \
      return ZE_RESULT_ERROR_INVALID_NULL_POINTER;                                                                     \
    if (ZE_MAJOR_VERSION(version) != 1)                                                                                \
      return ZE_RESULT_ERROR_UNSUPPORTED_VERSION;                                                                      \
    fill;                                                                                                              \
    return ZE_RESULT_SUCCESS;                                                                                          \
  }

TABLE(zeGetGlobalProcAddrTable, ze_global_dditable_t, table->pfnInit = Init)
TABLE(zeGetDriverProcAddrTable, ze_driver_dditable_t, driver_table(table))
TABLE(zeGetDeviceProcAddrTable, ze_device_dditable_t, device_table(table))
TABLE(zeGetContextProcAddrTable, ze_context_dditable_t, context_table(table))
TABLE(zeGetMemProcAddrTable, ze_mem_dditable_t, memory_table(table))
TABLE(zeGetModuleProcAddrTable, ze_module_dditable_t, module_tables(table, NULL))
TABLE(zeGetModuleBuildLogProcAddrTable, ze_module_build_log_dditable_t, module_tables(NULL, table))
TABLE(zeGetKernelProcAddrTable, ze_kernel_dditable_t, kernel_table(table))
TABLE(zeGetEventPoolProcAddrTable, ze_event_pool_dditable_t, event_tables(table, NULL))
TABLE(zeGetEventProcAddrTable, ze_event_dditable_t, event_tables(NULL, table))
TABLE(zeGetCommandListProcAddrTable, ze_command_list_dditable_t, list_table(table))
TABLE(zeGetCommandQueueProcAddrTable, ze_command_queue_dditable_t, queue_table(table))
