// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "opencl.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "objects.h"

struct opencl cl;

bool load_opencl(void) {
  if (cl.context)
    return true;
  const char *path = getenv("FANFOLD_TEST_OPENCL");
  void *library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
  if (!library) {
    report("Init", path ? dlerror() : "FANFOLD_TEST_OPENCL does not name Intel's OpenCL CPU runtime");
    return false;
  }
  // The way around C's rule that a data pointer is no function pointer.
#define X(result, name, parameters) *(void **)&cl.name = dlsym(library, #name);
  OPENCL_FUNCTIONS(X)
#undef X
#define X(result, name, parameters)                                                                                    \
  if (!cl.name) {                                                                                                      \
    report("Init", "the OpenCL runtime has no " #name);                                                              \
    return false;                                                                                                      \
  }
  OPENCL_FUNCTIONS(X)
#undef X
  cl_platform_id platform;
  int code = cl.clGetPlatformIDs(1, &platform, NULL);
  if (!code)
    code = cl.clGetDeviceIDs(platform, CL_DEVICE_TYPE_CPU, 1, &cl.device, NULL);
  if (!code)
    cl.context = cl.clCreateContext(NULL, 1, &cl.device, NULL, NULL, &code);
  if (code)
    report("Init", "the OpenCL runtime opens no CPU");
  return !code;
}
