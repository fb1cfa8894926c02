// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Modules, their build logs, and kernels with what they are to be launched with.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

struct build_log {
  struct object object;
  char *text;
};

/// Stricter than Level Zero: Intel's compiler for CPUs divides exactly whatever it is told, its GPUs' would not.
static const char *opencl_flags(const char *flags) {
  bool exact = flags && !strcmp(flags, "-ze-fp32-correctly-rounded-divide-sqrt");
  return exact ? "-cl-fp32-correctly-rounded-divide-sqrt" : NULL;
}

static char *build_text(cl_program program) {
  size_t size = 0;
  cl.clGetProgramBuildInfo(program, cl.device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
  char *text = calloc(size + 1, 1);
  cl.clGetProgramBuildInfo(program, cl.device, CL_PROGRAM_BUILD_LOG, size, text, NULL);
  return text;
}

static ze_result_t ModuleCreate(ze_context_handle_t handle, ze_device_handle_t device,
                                const ze_module_desc_t *description, ze_module_handle_t *result,
                                ze_module_build_log_handle_t *log) {
  ENTER;
  struct context *context = find(function, CONTEXT, handle);
  if (!context || !is_device(function, device))
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (description->stype != ZE_STRUCTURE_TYPE_MODULE_DESC || description->format != ZE_MODULE_FORMAT_IL_SPIRV)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "stype is not set, or the format is not SPIR-V");
  const char *flags = opencl_flags(description->pBuildFlags);
  if (!flags)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "other build flags than the one for exact quotients");
  unsigned count;
  struct signature *signatures = read_signatures(description->pInputModule, description->inputSize, &count);
  int code = signatures ? 0 : -1;
  cl_program program = NULL;
  if (!code)
    program = cl.clCreateProgramWithIL(cl.context, description->pInputModule, description->inputSize, &code);
  if (!code)
    code = cl.clBuildProgram(program, 1, &cl.device, flags, NULL, NULL);
  if (log) {
    struct build_log *made = new_object(BUILD_LOG, sizeof *made, context);
    made->text = program ? build_text(program) : strdup("error: this is not a SPIR-V module");
    *log = (void *)made;
  }
  if (code) {
    if (program)
      cl.clReleaseProgram(program);
    free(signatures);
    return ZE_RESULT_ERROR_MODULE_BUILD_FAILURE;
  }
  struct module *module = new_object(MODULE, sizeof *module, context);
  module->program = program;
  module->signatures = signatures;
  module->count = count;
  *result = (void *)module;
  return ZE_RESULT_SUCCESS;
}

static ze_result_t ModuleDestroy(ze_module_handle_t handle) {
  ENTER;
  struct module *module = find(function, MODULE, handle);
  ze_result_t result = module ? end(function, module) : ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (!result) {
    cl.clReleaseProgram(module->program);
    free(module->signatures);
  }
  return result;
}

static ze_result_t ModuleBuildLogGetString(ze_module_build_log_handle_t handle, size_t *size, char *text) {
  ENTER;
  struct build_log *log = find(function, BUILD_LOG, handle);
  if (!log)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  size_t needed = strlen(log->text) + 1;
  if (text && *size < needed)
    return fail(ZE_RESULT_ERROR_INVALID_SIZE, function, "the log does not fit");
  if (text)
    memcpy(text, log->text, needed);
  *size = needed;
  return ZE_RESULT_SUCCESS;
}

static ze_result_t ModuleBuildLogDestroy(ze_module_build_log_handle_t handle) {
  ENTER;
  struct build_log *log = find(function, BUILD_LOG, handle);
  if (!log)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  free(log->text);
  return end(function, log);
}

static ze_result_t KernelCreate(ze_module_handle_t handle, const ze_kernel_desc_t *description,
                                ze_kernel_handle_t *result) {
  ENTER;
  struct module *module = find(function, MODULE, handle);
  if (!module)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (description->stype != ZE_STRUCTURE_TYPE_KERNEL_DESC)
    return fail(ZE_RESULT_ERROR_INVALID_ARGUMENT, function, "stype is not set");
  for (unsigned i = 0; i < module->count; i++)
    if (!strcmp(module->signatures[i].name, description->pKernelName)) {
      struct kernel *kernel = new_object(KERNEL, sizeof *kernel, module);
      kernel->signature = &module->signatures[i];
      *result = (void *)kernel;
      return ZE_RESULT_SUCCESS;
    }
  return ZE_RESULT_ERROR_INVALID_KERNEL_NAME;
}

static ze_result_t KernelDestroy(ze_kernel_handle_t handle) {
  ENTER;
  struct kernel *kernel = find(function, KERNEL, handle);
  return kernel ? end(function, kernel) : ZE_RESULT_ERROR_INVALID_ARGUMENT;
}

static ze_result_t KernelSetGroupSize(ze_kernel_handle_t handle, uint32_t x, uint32_t y, uint32_t z) {
  ENTER;
  struct kernel *kernel = find(function, KERNEL, handle);
  if (!kernel)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  const uint32_t *required = kernel->signature->group;
  if (!x || !y || !z || (required[0] && (x != required[0] || y != required[1] || z != required[2])))
    return fail(ZE_RESULT_ERROR_INVALID_GROUP_SIZE_DIMENSION, function, "the kernel was made for another group size");
  kernel->group[0] = x;
  kernel->group[1] = y;
  kernel->group[2] = z;
  return ZE_RESULT_SUCCESS;
}

static ze_result_t KernelSetArgumentValue(ze_kernel_handle_t handle, uint32_t index, size_t size, const void *value) {
  ENTER;
  struct kernel *kernel = find(function, KERNEL, handle);
  if (!kernel)
    return ZE_RESULT_ERROR_INVALID_ARGUMENT;
  if (index >= kernel->signature->arguments)
    return fail(ZE_RESULT_ERROR_INVALID_KERNEL_ARGUMENT_INDEX, function, "the kernel has fewer arguments");
  uint32_t wanted = kernel->signature->sizes[index];
  if (size != (wanted ? wanted : sizeof(void *)))
    return fail(ZE_RESULT_ERROR_INVALID_KERNEL_ARGUMENT_SIZE, function, "the argument has another size");
  struct argument *argument = &kernel->arguments[index];
  argument->set = true;
  if (wanted == 0)
    memcpy(&argument->pointer, value, sizeof argument->pointer);
  else if (wanted == sizeof argument->value)
    memcpy(&argument->value, value, sizeof argument->value);
  else
    return fail(ZE_RESULT_ERROR_UNSUPPORTED_FEATURE, function, "only pointers and 32-bit values are supported here");
  return ZE_RESULT_SUCCESS;
}

void module_tables(ze_module_dditable_t *module, ze_module_build_log_dditable_t *log) {
  if (module) {
    module->pfnCreate = ModuleCreate;
    module->pfnDestroy = ModuleDestroy;
  }
  if (log) {
    log->pfnGetString = ModuleBuildLogGetString;
    log->pfnDestroy = ModuleBuildLogDestroy;
  }
}

void kernel_table(ze_kernel_dditable_t *table) {
  table->pfnCreate = KernelCreate;
  table->pfnDestroy = KernelDestroy;
  table->pfnSetGroupSize = KernelSetGroupSize;
  table->pfnSetArgumentValue = KernelSetArgumentValue;
}
