// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "objects.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define EXPORTED __attribute__((visibility("default")))

static const char *const KIND_NAMES[KINDS] = {"context", "command queue", "command list", "event pool", "event",
                                              "module",  "build log",     "kernel",       "memory"};
static struct object *objects;
static unsigned live[KINDS];
static unsigned reports;
static char last_report[512];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

int enter(void) { return pthread_mutex_lock(&mutex); }

void leave(const int *entered) {
  (void)entered;
  pthread_mutex_unlock(&mutex);
}

void report(const char *function, const char *text) {
  snprintf(last_report, sizeof last_report, "ze%s: %s", function, text);
  reports++;
  fprintf(stderr, "Level Zero test driver: %s\n", last_report);
}

ze_result_t fail(ze_result_t code, const char *function, const char *text) {
  report(function, text);
  return code;
}

void *new_object(enum kind kind, size_t size, void *parent) {
  struct object *object = calloc(1, size);
  if (!object)
    abort();
  object->kind = kind;
  object->alive = true;
  object->parent = parent;
  object->next = objects;
  objects = object;
  live[kind]++;
  if (object->parent)
    object->parent->children++;
  return object;
}

void *find(const char *function, enum kind kind, const void *handle) {
  char text[128];
  for (struct object *object = objects; object; object = object->next) {
    if (object != handle)
      continue;
    if (object->kind != kind)
      snprintf(text, sizeof text, "the handle of a %s is given for that of a %s", KIND_NAMES[object->kind],
               KIND_NAMES[kind]);
    else if (!object->alive)
      snprintf(text, sizeof text, "the %s was destroyed", KIND_NAMES[kind]);
    else
      return object;
    report(function, text);
    return NULL;
  }
  snprintf(text, sizeof text, "no such %s", KIND_NAMES[kind]);
  report(function, text);
  return NULL;
}

void *find_if(enum kind kind, bool (*visit)(void *object, const void *argument), const void *argument) {
  for (struct object *object = objects; object; object = object->next)
    if (object->kind == kind && object->alive && visit(object, argument))
      return object;
  return NULL;
}

ze_result_t end(const char *function, void *handle) {
  struct object *object = handle;
  if (object->children) {
    char text[128];
    for (struct object *child = objects; child; child = child->next)
      if (child->parent == object && child->alive)
        snprintf(text, sizeof text, "the %s still has %u objects, among them a %s", KIND_NAMES[object->kind],
                 object->children, KIND_NAMES[child->kind]);
    return fail(ZE_RESULT_ERROR_HANDLE_OBJECT_IN_USE, function, text);
  }
  object->alive = false;
  live[object->kind]--;
  if (object->parent)
    object->parent->children--;
  return ZE_RESULT_SUCCESS;
}

// For the tests, which load this library beside the Level Zero loader.

/// How many objects of a kind are alive.
EXPORTED unsigned fanfold_test_live(unsigned kind) { return kind < KINDS ? live[kind] : 0; }

/// How many misuses there were.
EXPORTED unsigned fanfold_test_reports(void) { return reports; }

/// The last of them.
EXPORTED const char *fanfold_test_last_report(void) { return last_report; }
