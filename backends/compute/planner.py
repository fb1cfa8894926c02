# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes plans: goes through the steps of a function for inputs of certain shapes, and computes what it computes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fanfold.backends.image import integers
from fanfold.backends.image.program import LARGEST, STEPS, TOO_LARGE, Function, Image, Step
from fanfold.errors import CallError, FanfoldError

from .dtypes import item_bytes, torch_names
from .located import at
from .plan import Barrier, Block, Copy, Fill, Launch, Plan, Span, View

if TYPE_CHECKING:
    from .resident import Resident

Value = int | Span | View

#: A launch counts them in 32 bits.
_MOST_GROUPS = 2**32 - 1


def make_plan(
    image: Image, function: Function, inputs: Sequence[tuple[str, tuple[int, ...], int]], resident: Resident, name: str
) -> Plan:
    """Return what a function does.

    Args:
        image: The program.
        function: One of its functions.
        inputs: The dtype, by torch's name, the shape and the bytes of each input.
        resident: What is on the device already.
        name: What the function is called in errors.

    Raises:
        CallError: If the inputs do not fit, or the function would go beyond a buffer.
    """
    return _Planner(image, resident).run(function, inputs, name)


class _Planner:
    def __init__(self, image: Image, resident: Resident) -> None:
        self._image, self._resident = image, resident
        self._plan = Plan()
        self._values: list[Value] = []
        self._released: list[Block] = []
        self._inputs: list[Block] = []
        #: Whether there are commands since the last barrier.
        self._busy = False
        self._number = 0

    def run(self, function: Function, inputs: Sequence[tuple[str, tuple[int, ...], int]], name: str) -> Plan:
        self._inputs = [Block(size, input=i) for i, (_, _, size) in enumerate(inputs)]
        for block, (dtype, dims, size) in zip(self._inputs, inputs, strict=True):
            self._values.append(View(Span(block, 0, size), dims, dtype))
        for self._number, step in enumerate(function.steps):
            operands = [self._values[operand] for operand in step.operands]
            try:
                value = _STEPS[step.name](self, operands, step.attributes)
            except FanfoldError as error:
                raise at(error, self._place(step, name)) from error
            except (ZeroDivisionError, LookupError) as error:
                raise at(CallError(f"the program failed: {error}", stage="call"), self._place(step, name)) from error
            if value is not None:
                self._values.append(value)
        self._plan.results = [self._values[number] for number in function.results]  # type: ignore[misc]
        used = {result.span.block for result in self._plan.results}
        used |= {span.block for command in self._plan.commands for span in _spans(command)}
        self._plan.inputs = [block for block in self._inputs if block in used]
        return self._plan

    def _place(self, step: Step, name: str) -> str:
        kernel = self._image.kernels[step.attributes["kernel"]].name if step.name == "dispatch" else ""
        return f"step {self._number} of {name}, {step.name} {kernel}".strip()

    def _part(self, span: Span, offset: int, size: int) -> Span:
        if offset < 0 or size < 0 or offset + size > span.size:
            raise CallError(
                f"bytes {offset} to {offset + size} are not in a buffer of {span.size}",
                stage="call",
                remedy="the program is damaged or wrong: compile the model again, and report it if that does not help",
            )
        return Span(span.block, span.offset + offset, size)

    def integer(self, _operands: list[Any], attributes: Mapping[str, Any]) -> int:
        return int(attributes["value"])

    def arith(self, operands: list[Any], attributes: Mapping[str, Any]) -> int:
        return integers.arith(attributes["op"], attributes["bits"], *operands)

    def convert(self, operands: list[Any], attributes: Mapping[str, Any]) -> int:
        return integers.convert(attributes["op"], attributes["bits"], attributes["source"], *operands)

    def compare(self, operands: list[Any], attributes: Mapping[str, Any]) -> int:
        return integers.compare(attributes["predicate"], attributes["bits"], *operands)

    def select(self, operands: list[Any], _attributes: Mapping[str, Any]) -> Value:
        condition, a, b = operands
        chosen: Value = a if condition else b
        return chosen

    def align(self, operands: list[Any], _attributes: Mapping[str, Any]) -> int:
        return integers.align(*operands)

    def dim(self, operands: list[Any], attributes: Mapping[str, Any]) -> int:
        (view,) = operands
        if attributes["axis"] >= len(view.dims):
            raise CallError(f"a tensor of shape {view.dims} has no axis {attributes['axis']}", stage="call")
        return int(view.dims[attributes["axis"]])

    def rank(self, operands: list[Any], _attributes: Mapping[str, Any]) -> int:
        return len(operands[0].dims)

    def check(self, operands: list[Any], attributes: Mapping[str, Any]) -> None:
        view, *dims = operands
        names = torch_names(attributes["dtype"])
        if view.dtype not in names or list(view.dims) != dims:
            raise CallError(
                f"{attributes['name']}: the tensor does not fit",
                stage="call",
                expected=f"shape {tuple(dims)}, {' or '.join(names)}",
                found=f"shape {view.dims}, {view.dtype}",
            )

    def contents(self, operands: list[Any], _attributes: Mapping[str, Any]) -> Span:
        span: Span = operands[0].span
        return span

    def view(self, operands: list[Any], attributes: Mapping[str, Any]) -> View:
        span, offset, size, *dims = operands
        dtype = torch_names(attributes["dtype"])[0]
        needed = item_bytes(dtype) * math.prod(dims)
        if needed > size or min(dims, default=0) < 0:
            raise CallError(f"a tensor of shape {tuple(dims)} and {dtype} has more than {size} bytes", stage="call")
        return View(self._part(self._part(span, offset, size), 0, needed), tuple(dims), dtype)

    def allocate(self, operands: list[Any], _attributes: Mapping[str, Any]) -> Span:
        (size,) = operands
        if size < 0:
            raise CallError(f"a buffer cannot have {size} bytes", stage="call")
        fitting = [block for block in self._released if block.size >= size]
        if fitting:
            block = min(fitting, key=lambda block: block.size)
            self._released.remove(block)
            # What used it before must be done.
            self.barrier([], {})
        else:
            block = Block(size)
            self._plan.blocks.append(block)
        return Span(block, 0, size)

    def release(self, operands: list[Any], _attributes: Mapping[str, Any]) -> None:
        if operands[0].block in self._plan.blocks:
            self._released.append(operands[0].block)

    def subspan(self, operands: list[Any], _attributes: Mapping[str, Any]) -> Span:
        return self._part(*operands)

    def size(self, operands: list[Any], _attributes: Mapping[str, Any]) -> int:
        return int(operands[0].size)

    def parameter(self, operands: list[Any], attributes: Mapping[str, Any]) -> Span:
        return self._part(self._resident.parameter(attributes["scope"], attributes["key"]), *operands)

    def data(self, _operands: list[Any], attributes: Mapping[str, Any]) -> Span:
        return self._resident.data(attributes["data"])

    def load(self, _operands: list[Any], attributes: Mapping[str, Any]) -> int | Span:
        return self._resident.globals[attributes["name"]]

    def store(self, operands: list[Any], attributes: Mapping[str, Any]) -> None:
        self._resident.globals[attributes["name"]] = operands[0]

    def dispatch(self, operands: list[Any], attributes: Mapping[str, Any]) -> None:
        groups, count = tuple(operands[:3]), attributes["constants"]
        constants, places = operands[3 : 3 + count], operands[3 + count :]
        if min(groups) < 0:
            raise CallError(f"there are no {groups} workgroups", stage="call")
        if max(groups) > _MOST_GROUPS:
            raise CallError(
                f"a launch of {groups} workgroups is too large",
                stage="call",
                expected=f"at most {_MOST_GROUPS} in each direction",
                remedy="call the model with smaller inputs",
            )
        if 0 in groups:
            return
        spans = tuple(self._part(*places[i : i + 3]) for i in range(0, len(places), 3))
        too_large = self._image.kernels[attributes["kernel"]].beyond([span.size for span in spans])
        if too_large is not None:
            raise CallError(
                TOO_LARGE,
                stage="call",
                expected=LARGEST,
                found=too_large,
                remedy="call the model with smaller inputs",
            )
        self._add(Launch(attributes["kernel"], groups, spans, tuple(constants), self._number))

    def fill(self, operands: list[Any], attributes: Mapping[str, Any]) -> None:
        span, offset, size, pattern = operands
        width = attributes["width"]
        target = self._part(span, offset, size)
        if size % width or target.offset % width:
            raise CallError(f"a pattern of {width} bytes does not fit {size} bytes at {target.offset}", stage="call")
        if size:
            value = integers.unsigned(pattern, 8 * width)
            self._add(Fill(target, value.to_bytes(width, "little"), self._number))

    def copy(self, operands: list[Any], _attributes: Mapping[str, Any]) -> None:
        source, source_offset, target, target_offset, size = operands
        to, of = self._part(target, target_offset, size), self._part(source, source_offset, size)
        if size:
            self._add(Copy(to, of, self._number))

    def update(self, operands: list[Any], attributes: Mapping[str, Any]) -> None:
        target, offset = operands
        size = attributes["bytes"]
        source = self._part(self._resident.data(attributes["data"]), attributes["begin"], size)
        to = self._part(target, offset, size)
        if size:
            self._add(Copy(to, source, self._number))

    def barrier(self, _operands: list[Any], _attributes: Mapping[str, Any]) -> None:
        if self._busy:
            self._plan.commands.append(Barrier())
            self._busy = False

    def _add(self, command: Launch | Copy | Fill) -> None:
        self._plan.commands.append(command)
        self._busy = True


def _spans(command: object) -> tuple[Span, ...]:
    match command:
        case Launch(spans=spans):
            return spans
        case Copy(target=target, source=source):
            return target, source
        case Fill(target=target):
            return (target,)
        case _:
            return ()


#: What each step does: gets the planner, the operands and the attributes, and returns its result if it has one.
_STEPS: dict[str, Callable[[_Planner, list[Any], Mapping[str, Any]], Value | None]] = {
    name: getattr(_Planner, name) for name in STEPS
}
