# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from __future__ import annotations

import pytest

from fanfold.backends.image.schedule import read_schedule
from fanfold.errors import CompileError

from .schedules import lowered

BRANCH = """
func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>, %which: tensor<i1>) -> tensor<4xf32> {
  %c = tensor.extract %which[] : tensor<i1>
  %r = scf.if %c -> tensor<4xf32> {
    %sum = arith.addf %a, %b : tensor<4xf32>
    scf.yield %sum : tensor<4xf32>
  } else {
    scf.yield %b : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
"""
STATE = """
util.global private mutable @state = dense<0.0> : tensor<4xf32>
func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {
  %s = util.global.load @state : tensor<4xf32>
  %sum = arith.addf %a, %s : tensor<4xf32>
  util.global.store %sum, @state : tensor<4xf32>
  return %sum : tensor<4xf32>
}
"""
SCALAR = """
func.func @main(%a: tensor<4xf32>, %n: i32) -> tensor<4xf32> {
  return %a : tensor<4xf32>
}
"""
BY_SHAPE = """
func.func @main(%a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %n = tensor.dim %a, %c0 : tensor<?xf32>
  %many = arith.cmpi sgt, %n, %c8 : index
  %r = scf.if %many -> tensor<?xf32> {
    %sum = arith.addf %a, %b : tensor<?xf32>
    scf.yield %sum : tensor<?xf32>
  } else {
    scf.yield %b : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}
"""


@pytest.mark.parametrize(
    ("body", "op", "remedy"),
    [
        (BRANCH, "hal.buffer.load", "independent of tensors' contents"),
        (BY_SHAPE, "cf.cond_br", "independent of tensors' contents"),
        (STATE, "util.global.store", "return the state from the model"),
        (SCALAR, "util.func", "tensors only"),
    ],
    ids=["branch", "by-shape", "state", "scalar"],
)
def test_models_that_a_program_cannot_be(body: str, op: str, remedy: str) -> None:
    with pytest.raises(CompileError) as caught:
        read_schedule(lowered(body))
    error = caught.value
    assert error.stage == "schedule"
    assert error.op == op
    assert remedy in str(error.remedy)
    assert "in.mlir:" in str(error.location)


def function(body: str, *, before: str = "", arguments: str = "") -> str:
    """Return a schedule with a function of its own."""
    return f"""module {{
      util.global private @device : !hal.device
      util.initializer {{
        %c0 = arith.constant 0 : index
        %d = hal.devices.get %c0 : !hal.device
        util.global.store %d, @device : !hal.device
        util.return
      }}
      {before}
      util.func public @main({arguments}) {{
        %device = util.global.load @device : !hal.device
        %affinity = arith.constant -1 : i64
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %c4 = arith.constant 4 : index
        %past = util.null : !hal.fence
        {body}
        util.return
      }}
    }}"""


ALLOCA = """
  %c0_i64 = arith.constant 0 : i64
  %type = hal.memory_type<"DeviceLocal"> : i32
  %usage = hal.buffer_usage<"DispatchStorage"> : i32
  %buffer = hal.device.queue.alloca<%device : !hal.device> affinity(%affinity) wait(%past) signal(%past)
    pool(%c0_i64) type(%type) usage(%usage) flags("None") : !hal.buffer{%c4}
"""
FENCES = """
  %f = hal.fence.create device(%device : !hal.device) flags("None") : !hal.fence
  %g = hal.fence.create device(%device : !hal.device) flags("None") : !hal.fence
"""
COPY = """hal.device.queue.copy<%device : !hal.device> affinity(%affinity) wait({0}) signal({1})
  source(%buffer : !hal.buffer)[%c0] target(%buffer : !hal.buffer)[%c0] length(%c4) flags("None")
"""


def steps_of(text: str) -> list[str]:
    """Return the names of the steps of `main`, without integers."""
    return [step.name for step in read_schedule(text).main.steps if step.name != "integer"]


def test_a_fence_between_two_copies_is_a_barrier() -> None:
    body = ALLOCA + FENCES + COPY.format("%past", "%f") + COPY.format("%f", "%g")
    assert steps_of(function(body)) == ["allocate", "copy", "barrier", "copy"]


def test_copies_that_no_fence_orders_have_no_barrier() -> None:
    body = ALLOCA + FENCES + COPY.format("%past", "%f") + COPY.format("%past", "%g")
    assert steps_of(function(body)) == ["allocate", "copy", "copy"]


def test_a_fence_of_an_earlier_stretch_needs_no_other_barrier() -> None:
    third = '%h = hal.fence.create device(%device : !hal.device) flags("None") : !hal.fence\n'
    copies = COPY.format("%past", "%f") + COPY.format("%f", "%g") + COPY.format("%f", "%h")
    assert steps_of(function(ALLOCA + FENCES + third + copies)) == ["allocate", "copy", "barrier", "copy", "copy"]


@pytest.mark.parametrize("between", ["join", "barrier"])
def test_an_order_through_other_fences_is_kept(between: str) -> None:
    through = {
        "join": '%g2 = hal.fence.join at([%f, %past]) flags("None") -> !hal.fence\n',
        "barrier": """%g2 = hal.fence.create device(%device : !hal.device) flags("None") : !hal.fence
          hal.device.queue.barrier<%device : !hal.device> affinity(%affinity) wait(%f) signal(%g2) flags("None")
        """,
    }[between]
    body = ALLOCA + FENCES + COPY.format("%past", "%f") + through + COPY.format("%g2", "%g")
    assert steps_of(function(body)) == ["allocate", "copy", "barrier", "copy"]


def test_what_the_host_waits_for_is_before_all_that_follows() -> None:
    wait = """%forever = arith.constant -1 : i32
      %status = hal.fence.await until([%f]) timeout_millis(%forever) flags("None") : i32
      util.status.check_ok %status, "failed to wait"
    """
    body = ALLOCA + FENCES + COPY.format("%past", "%f") + wait + COPY.format("%past", "%g")
    assert steps_of(function(body)) == ["allocate", "copy", "barrier", "copy"]


INDIRECT = (
    ALLOCA
    + """
  %cmd = hal.command_buffer.create device(%device : !hal.device) mode("OneShot") categories("Dispatch")
    affinity(%affinity) : !hal.command_buffer
  %executable = util.null : !hal.executable
  %entry = hal.executable.lookup.function target(%executable : !hal.executable) function(@e::@v::@k) : i64
  hal.command_buffer.dispatch.indirect<%cmd : !hal.command_buffer> target(%executable : !hal.executable)[%entry]
    workgroups(%buffer : !hal.buffer)[%c0] bindings([(%buffer : !hal.buffer)[%c0, %c4]]) flags("None")
"""
)

REFUSED = {
    "a wait on what is signalled later": (
        ALLOCA + FENCES + COPY.format("%g", "%f") + COPY.format("%past", "%g"),
        "waits on what is signalled after it",
    ),
    "a wait on what is never signalled": (ALLOCA + FENCES + COPY.format("%f", "%g"), "or never"),
    "a question about the device": (
        '%ok, %v = hal.device.query<%device : !hal.device> key("hal.dispatch" :: "concurrency") : i1, i32 = 1 : i32',
        "what the device is like",
    ),
    "an op that nobody knows": ("%e = util.buffer.alloc uninitialized : !util.buffer{%c4}", "cannot have this op"),
    "a dispatch of a size from memory": (
        INDIRECT,
        "the size of a dispatch depends on what is in a tensor",
    ),
    "a function of another module": ("util.call @elsewhere() : () -> ()", "not in the module"),
    "a call of itself": ("util.call @main() : () -> ()", "calls itself"),
    "no end": ("cf.br ^bb1\n^bb1:\n cf.br ^bb2\n^bb2:\n cf.br ^bb1\n^bb3:", "does not end"),
    "a division by zero": ("%z = arith.divui %c4, %c0 : index", "divides by zero"),
    "a program that always fails": ('%c9 = arith.constant 9 : i32\nutil.status.check_ok %c9, "broken"', "always fail"),
    "a global without a value": ("%e = util.global.load @empty : !hal.buffer", "nothing was stored"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_schedules_that_a_program_cannot_be(what: str) -> None:
    body, message = REFUSED[what]
    before = "util.func private @elsewhere()\nutil.global private @empty : !hal.buffer"
    with pytest.raises(CompileError, match=message) as caught:
        read_schedule(function(body, before=before))
    assert caught.value.stage == "schedule"
    assert caught.value.op
    assert caught.value.location
    assert caught.value.remedy


def test_a_fence_that_the_host_signals_is_of_the_past() -> None:
    body = ALLOCA + FENCES + "hal.fence.signal<%f : !hal.fence>\n" + COPY.format("%f", "%g")
    assert steps_of(function(body)) == ["allocate", "copy"]


def test_loops_with_known_bounds_are_followed() -> None:
    loop = """
      cf.br ^bb1(%c0 : index)
    ^bb1(%i: index):
      %more = arith.cmpi ult, %i, %c4 : index
      cf.cond_br %more, ^bb2, ^bb3
    ^bb2:
      {copy}
      %next = arith.addi %i, %c1 : index
      cf.br ^bb1(%next : index)
    ^bb3:
    """.replace("{copy}", COPY.format("%past", "%past"))
    assert steps_of(function(ALLOCA + loop)) == ["allocate", "copy", "copy", "copy", "copy"]


def test_text_that_is_no_schedule() -> None:
    with pytest.raises(CompileError, match="cannot be read"):
        read_schedule("this is not MLIR")
    with pytest.raises(CompileError, match="no function 'main'"):
        read_schedule("module {}")
