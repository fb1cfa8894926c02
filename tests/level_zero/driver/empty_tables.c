// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables with nothing in them. The loader gives up with UNINITIALIZED when no driver has a function for one of its
// tables, those of the tools (zet) and of system management (zes) included; which they are differs between its versions.
#include <level_zero/ze_api.h>

// Not with the types of the headers: each is another one, and none is looked into.
#define EMPTY(name)                                                                                                    \
  __attribute__((visibility("default"))) ze_result_t name(ze_api_version_t version, void *table);                      \
  ze_result_t name(ze_api_version_t version, void *table) {                                                            \
    (void)table;                                                                                                       \
    return ZE_MAJOR_VERSION(version) == 1 ? ZE_RESULT_SUCCESS : ZE_RESULT_ERROR_UNSUPPORTED_VERSION;                   \
  }

EMPTY(zeGetCommandListExpProcAddrTable)
EMPTY(zeGetDeviceExpProcAddrTable)
EMPTY(zeGetDriverExpProcAddrTable)
EMPTY(zeGetEventExpProcAddrTable)
EMPTY(zeGetExecutableGraphProcAddrTable)
EMPTY(zeGetFabricEdgeExpProcAddrTable)
EMPTY(zeGetFabricVertexExpProcAddrTable)
EMPTY(zeGetFenceProcAddrTable)
EMPTY(zeGetGraphProcAddrTable)
EMPTY(zeGetImageExpProcAddrTable)
EMPTY(zeGetImageProcAddrTable)
EMPTY(zeGetKernelExpProcAddrTable)
EMPTY(zeGetMemExpProcAddrTable)
EMPTY(zeGetPhysicalMemProcAddrTable)
EMPTY(zeGetRTASBuilderExpProcAddrTable)
EMPTY(zeGetRTASBuilderProcAddrTable)
EMPTY(zeGetRTASParallelOperationExpProcAddrTable)
EMPTY(zeGetRTASParallelOperationProcAddrTable)
EMPTY(zeGetSamplerProcAddrTable)
EMPTY(zeGetVirtualMemProcAddrTable)
EMPTY(zesGetDeviceExpProcAddrTable)
EMPTY(zesGetDeviceProcAddrTable)
EMPTY(zesGetDiagnosticsProcAddrTable)
EMPTY(zesGetDriverExpProcAddrTable)
EMPTY(zesGetDriverProcAddrTable)
EMPTY(zesGetEngineProcAddrTable)
EMPTY(zesGetFabricPortProcAddrTable)
EMPTY(zesGetFanProcAddrTable)
EMPTY(zesGetFirmwareExpProcAddrTable)
EMPTY(zesGetFirmwareProcAddrTable)
EMPTY(zesGetFrequencyProcAddrTable)
EMPTY(zesGetGlobalProcAddrTable)
EMPTY(zesGetLedProcAddrTable)
EMPTY(zesGetMemoryProcAddrTable)
EMPTY(zesGetOverclockProcAddrTable)
EMPTY(zesGetPerformanceFactorProcAddrTable)
EMPTY(zesGetPowerProcAddrTable)
EMPTY(zesGetPsuProcAddrTable)
EMPTY(zesGetRasExpProcAddrTable)
EMPTY(zesGetRasProcAddrTable)
EMPTY(zesGetSchedulerProcAddrTable)
EMPTY(zesGetStandbyProcAddrTable)
EMPTY(zesGetTemperatureProcAddrTable)
EMPTY(zesGetVFManagementExpProcAddrTable)
EMPTY(zetGetCommandListExpProcAddrTable)
EMPTY(zetGetCommandListProcAddrTable)
EMPTY(zetGetContextProcAddrTable)
EMPTY(zetGetDebugProcAddrTable)
EMPTY(zetGetDeviceExpProcAddrTable)
EMPTY(zetGetDeviceProcAddrTable)
EMPTY(zetGetKernelProcAddrTable)
EMPTY(zetGetMetricDecoderExpProcAddrTable)
EMPTY(zetGetMetricExpProcAddrTable)
EMPTY(zetGetMetricGroupExpProcAddrTable)
EMPTY(zetGetMetricGroupProcAddrTable)
EMPTY(zetGetMetricProcAddrTable)
EMPTY(zetGetMetricProgrammableExpProcAddrTable)
EMPTY(zetGetMetricQueryPoolProcAddrTable)
EMPTY(zetGetMetricQueryProcAddrTable)
EMPTY(zetGetMetricStreamerProcAddrTable)
EMPTY(zetGetMetricTracerExpProcAddrTable)
EMPTY(zetGetModuleProcAddrTable)
EMPTY(zetGetTracerExpProcAddrTable)
