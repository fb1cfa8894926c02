// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the test driver needs of OpenCL, declared here so that no OpenCL headers have to be installed. The functions are
// those of Intel's CPU runtime, which exports them under their own names: no ICD loader is in between.
#ifndef FANFOLD_TEST_OPENCL_H
#define FANFOLD_TEST_OPENCL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cl_platform *cl_platform_id;
typedef struct cl_device *cl_device_id;
typedef struct cl_context_object *cl_context;
typedef struct cl_queue_object *cl_command_queue;
typedef struct cl_program_object *cl_program;
typedef struct cl_kernel_object *cl_kernel;

enum {
  CL_DEVICE_TYPE_CPU = 1 << 1,
  CL_DEVICE_MAX_WORK_GROUP_SIZE = 0x1004,
  CL_DEVICE_LOCAL_MEM_SIZE = 0x1023,
  CL_DEVICE_NAME = 0x102B,
  CL_DEVICE_MAX_MEM_ALLOC_SIZE = 0x1010,
  CL_DEVICE_SUB_GROUP_SIZES_INTEL = 0x4108,
  CL_PROGRAM_BUILD_LOG = 0x1183,
  CL_MEM_READ_WRITE = 1,
};

#define OPENCL_FUNCTIONS(X)                                                                                            \
  X(int, clGetPlatformIDs, (uint32_t, cl_platform_id *, uint32_t *))                                                   \
  X(int, clGetDeviceIDs, (cl_platform_id, uint64_t, uint32_t, cl_device_id *, uint32_t *))                             \
  X(int, clGetDeviceInfo, (cl_device_id, uint32_t, size_t, void *, size_t *))                                          \
  X(cl_context, clCreateContext, (const intptr_t *, uint32_t, const cl_device_id *, void *, void *, int *))            \
  X(cl_command_queue, clCreateCommandQueueWithProperties, (cl_context, cl_device_id, const uint64_t *, int *))         \
  X(int, clReleaseCommandQueue, (cl_command_queue))                                                                    \
  X(int, clFinish, (cl_command_queue))                                                                                 \
  X(void *, clSVMAlloc, (cl_context, uint64_t, size_t, uint32_t))                                                      \
  X(void, clSVMFree, (cl_context, void *))                                                                             \
  X(int, clEnqueueSVMMemcpy, (cl_command_queue, uint32_t, void *, const void *, size_t, uint32_t, void *, void *))     \
  X(int, clEnqueueSVMMemFill, (cl_command_queue, void *, const void *, size_t, size_t, uint32_t, void *, void *))      \
  X(cl_program, clCreateProgramWithIL, (cl_context, const void *, size_t, int *))                                      \
  X(int, clBuildProgram, (cl_program, uint32_t, const cl_device_id *, const char *, void *, void *))                   \
  X(int, clGetProgramBuildInfo, (cl_program, cl_device_id, uint32_t, size_t, void *, size_t *))                        \
  X(int, clReleaseProgram, (cl_program))                                                                               \
  X(cl_kernel, clCreateKernel, (cl_program, const char *, int *))                                                      \
  X(int, clReleaseKernel, (cl_kernel))                                                                                 \
  X(int, clSetKernelArg, (cl_kernel, uint32_t, size_t, const void *))                                                  \
  X(int, clSetKernelArgSVMPointer, (cl_kernel, uint32_t, const void *))                                                \
  X(int, clEnqueueNDRangeKernel,                                                                                       \
    (cl_command_queue, cl_kernel, uint32_t, const size_t *, const size_t *, const size_t *, uint32_t, void *, void *))

struct opencl {
#define X(result, name, parameters) result(*name) parameters;
  OPENCL_FUNCTIONS(X)
#undef X
  cl_device_id device;
  cl_context context;
};

/// Intel's CPU runtime, after `load_opencl`.
extern struct opencl cl;

/// Loads the library that FANFOLD_TEST_OPENCL names and opens its first CPU; false, with a report, if that fails.
bool load_opencl(void);

#endif
