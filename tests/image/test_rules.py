# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ops that IREE rarely writes: schedules by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fanfold.backends.image.codec import decode, encode
from fanfold.backends.image.schedule import read_schedule
from fanfold.errors import CompileError

from .reference import Bytes, Kernel, Machine
from .schedules import image_of

HEAD = """
  %device = util.global.load @device : !hal.device
  %affinity = arith.constant -1 : i64
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %past = util.null : !hal.fence
  %zero = arith.constant 0 : i64
  %type = hal.memory_type<"DeviceLocal"> : i32
  %usage = hal.buffer_usage<"DispatchStorage"> : i32
"""
ALLOCA = """
  %buffer = hal.device.queue.alloca<%device : !hal.device> affinity(%affinity) wait(%past) signal(%past)
    pool(%zero) type(%type) usage(%usage) flags("None") : !hal.buffer{%c8}
"""
CLEAR = """
  %fives = arith.constant 5 : i8
  hal.device.queue.fill<%device : !hal.device> affinity(%affinity) wait(%past) signal(%past)
    target(%buffer : !hal.buffer)[%c0] length(%c8) pattern(%fives : i8) flags("None")
"""
RETURN = """
  %i8 = hal.element_type<i8> : i32
  %dense = hal.encoding_type<dense_row_major> : i32
  %view = hal.buffer_view.create buffer(%buffer : !hal.buffer)[%c0, %c8] shape([%c8]) type(%i8) encoding(%dense)
    : !hal.buffer_view
  util.return %view : !hal.buffer_view
"""
CREATE = """
  %cmd = hal.command_buffer.create device(%device : !hal.device) mode({mode}) categories("Transfer|Dispatch")
    affinity(%affinity) {bindings} : !hal.command_buffer
"""
FINISH = "hal.command_buffer.finalize<%cmd : !hal.command_buffer>\n"
EXECUTE = """
  hal.device.queue.execute<%device : !hal.device> affinity(%affinity) wait(%past) signal(%past) commands(%cmd)
    flags("None")
"""
HOST = "%host = util.buffer.constant : !util.buffer = dense<[10, 20, 30, 40]> : tensor<4xi8>\n"


def program(body: str, *, arguments: str = "", more: str = "", end: str = RETURN) -> Machine:
    """Return a program whose `main` returns the 8 bytes of a buffer."""
    text = f"""module {{
      util.global private @device : !hal.device
      util.initializer {{
        %c0 = arith.constant 0 : index
        %d = hal.devices.get %c0 : !hal.device
        util.global.store %d, @device : !hal.device
        util.return
      }}
      {more}
      util.func public @main({arguments}) -> !hal.buffer_view {{ {HEAD} {body} {end} }}
    }}"""
    return Machine(decode(encode(image_of(read_schedule(text)))))


def test_updates_recorded_and_at_once() -> None:
    create = CREATE.format(mode='"OneShot"', bindings="")
    recorded = """hal.command_buffer.update_buffer<%cmd : !hal.command_buffer> source(%host : !util.buffer{%c4})[%c1]
      target(%buffer : !hal.buffer)[%c4] length(%c2) flags("None")
    """
    at_once = """hal.device.queue.update<%device : !hal.device> affinity(%affinity) wait(%past) signal(%past)
      source(%host : !util.buffer)[%c2] target(%buffer : !hal.buffer)[%c0] length(%c2) flags("None")
    """
    loaded = program(ALLOCA + CLEAR + HOST + create + recorded + FINISH + EXECUTE + at_once)
    assert loaded.call()[0].tolist() == [30, 40, 5, 5, 20, 30, 5, 5]


def test_a_recorded_list_is_executed_with_the_buffers_of_each_execution() -> None:
    record = f"""util.func private @record() -> !hal.command_buffer {{
      {HEAD} {CREATE.format(mode='"None"', bindings="bindings(%c2)")}
      hal.command_buffer.copy_buffer<%cmd : !hal.command_buffer> source(%c1 : index)[%c1] target(%c0 : index)[%c0]
        length(%c2) flags("None")
      {FINISH}
      util.return %cmd : !hal.command_buffer
    }}
    util.global private @recorded : !hal.command_buffer
    util.initializer {{
      %cmd = util.call @record() : () -> !hal.command_buffer
      util.global.store %cmd, @recorded : !hal.command_buffer
      util.return
    }}"""
    execute = """
      hal.device.queue.execute.indirect<%device : !hal.device> affinity(%affinity) wait(%past) signal(%past)
        commands(%cmd) bindings([(%buffer : !hal.buffer)[{0}, %c4], (%in : !hal.buffer)[{1}, %c4]]) flags("None")
    """
    body = f"""{ALLOCA} {CLEAR}
      %cmd = util.global.load @recorded : !hal.command_buffer
      %in = hal.buffer_view.buffer<%a : !hal.buffer_view> : !hal.buffer
      %n = hal.buffer_view.dim<%a : !hal.buffer_view>[0] : index
      %last = arith.subi %n, %c4 : index
      {execute.format("%c0", "%c0")} {execute.format("%c4", "%last")}
    """
    loaded = program(body, arguments="%a: !hal.buffer_view", more=record)
    for size in (4, 6, 9):
        a = np.arange(size, dtype=np.int8)
        assert loaded.call(a)[0].tolist() == [1, 2, 5, 5, size - 3, size - 2, 5, 5]


def test_a_slot_that_the_binding_table_does_not_have_is_refused() -> None:
    fill = """hal.command_buffer.fill_buffer<%cmd : !hal.command_buffer> target(%c2 : index)[%c0, %c4]
      pattern(%fives : i8) flags("None")
    """
    create = CREATE.format(mode='"OneShot"', bindings="bindings(%c3)")
    with pytest.raises(CompileError, match="no such slot"):
        program(ALLOCA + CLEAR + create + fill + FINISH + EXECUTE)


def test_weights_gathered_into_one_buffer() -> None:
    names = "".join(
        f'%{name} = util.buffer.constant : !util.buffer = "{text}"\n'
        for name, text in (("scope", "model"), ("k0", "a"), ("k1", "b"))
    )
    gather = """"io_parameters.gather"(%device, %affinity, %past, %past, %scope, %k0, %k1, %zero, %two, %buffer,
        %c0, %c4, %c3, %c2) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 2, 2, 1, 2, 2>}>
      : (!hal.device, i64, !hal.fence, !hal.fence, !util.buffer, !util.buffer, !util.buffer, i64, i64, !hal.buffer,
         index, index, index, index) -> ()
    """
    loaded = program(ALLOCA + CLEAR + names + "%two = arith.constant 2 : i64\n" + gather)
    loaded.parameters = {("model", "a"): bytes([1, 2, 3]), ("model", "b"): bytes([6, 7, 8, 9])}
    assert loaded.call()[0].tolist() == [1, 2, 3, 5, 8, 9, 5, 5]


def test_a_buffer_may_be_chosen_by_a_shape() -> None:
    body = f"""{ALLOCA}
      %a_buffer = hal.buffer_view.buffer<%a : !hal.buffer_view> : !hal.buffer
      %b_buffer = hal.buffer_view.buffer<%b : !hal.buffer_view> : !hal.buffer
      %n = hal.buffer_view.dim<%a : !hal.buffer_view>[0] : index
      %rank = hal.buffer_view.rank<%b : !hal.buffer_view> : index
      %length = hal.buffer.length<%b_buffer : !hal.buffer> : index
      %few = arith.cmpi ult, %n, %length : index
      %chosen = arith.select %few, %a_buffer, %b_buffer : !hal.buffer
      %part = hal.buffer.subspan<%chosen : !hal.buffer>[%rank, %c8] : !hal.buffer
    """
    end = RETURN.replace("buffer(%buffer ", "buffer(%part ")
    loaded = program(body, arguments="%a: !hal.buffer_view, %b: !hal.buffer_view", end=end)
    a, b = np.arange(9, dtype=np.int8), np.arange(100, 112, dtype=np.int8)
    assert loaded.call(a, b)[0].tolist() == list(range(1, 9))
    assert loaded.call(np.zeros(20, np.int8), b)[0].tolist() == list(range(101, 109))


def test_a_kernel_gets_floats_as_their_bits() -> None:
    body = f"""{ALLOCA} {CREATE.format(mode='"OneShot"', bindings="")}
      %executable = util.null : !hal.executable
      %entry = hal.executable.lookup.function target(%executable : !hal.executable) function(@e::@v::@k) : i64
      %half = arith.constant 0.5 : f32
      %bits = arith.bitcast %half : f32 to i32
      hal.command_buffer.dispatch<%cmd : !hal.command_buffer> target(%executable : !hal.executable)[%entry]
        workgroups([%c1, %c2, %c3]) constants([%bits]) bindings([(%buffer : !hal.buffer)[%c0, %c8]]) flags("None")
      {FINISH} {EXECUTE}
    """
    loaded = program(body)
    seen = []

    def launch(kernel: Kernel, groups: tuple[int, ...], constants: tuple[int, ...], spans: list[Bytes]) -> None:
        spans[0][:] = 3
        seen.append((kernel.name, groups, constants))

    loaded.launch = launch
    assert loaded.call()[0].tolist() == [3] * 8
    assert seen == [("k", (1, 2, 3), (0x3F000000,))]


def test_memory_that_is_released_is_so_after_the_commands_that_use_it() -> None:
    release = """
      %done = hal.fence.create device(%device : !hal.device) flags("None") : !hal.fence
      %other = hal.device.queue.alloca<%device : !hal.device> affinity(%affinity) wait(%past) signal(%past)
        pool(%zero) type(%type) usage(%usage) flags("None") : !hal.buffer{%c8}
      hal.device.queue.copy<%device : !hal.device> affinity(%affinity) wait(%past) signal(%done)
        source(%other : !hal.buffer)[%c0] target(%buffer : !hal.buffer)[%c0] length(%c8) flags("None")
      hal.device.queue.dealloca<%device : !hal.device> affinity(%affinity) wait(%done) signal(%past)
        buffer(%other : !hal.buffer) flags("None")
    """
    names = [step.name for step in program(ALLOCA + release).image.main.steps if step.name != "integer"]
    assert names == ["allocate", "allocate", "copy", "barrier", "release", "view"]
