# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PTX and the log of its assembler, read from small pieces."""

from __future__ import annotations

from pathlib import Path

import pytest

from fanfold.backends.inspection.ptx import read_ptx
from fanfold.backends.inspection.ptxas import Assembled, assemble, read_log
from fanfold.errors import CompileError

HEAD = ".version 8.0\n.target sm_90\n.address_size 64\n"

KERNEL = (
    HEAD
    + """
.visible .entry kernel(
	.param .u64 .ptr .align 16 kernel_param_0
)
.maxntid 64, 2, 1
{
	.reg .pred 	%p<3>;
	.reg .b16 	%rs<3>;
	.reg .b32 	%r<9>;
	.reg .b64 	%rd<3>;
	.shared .align 4 .b8 shared[4];

	ld.param.b64 	%rd1, [kernel_param_0];
	cvta.to.global.u64 	%rd2, %rd1;
	ld.global.nc.v4.b32 	{%r1, %r2, %r3, %r4}, [%rd2];
	ld.global.L1::no_allocate.b16 	%rs1, [%rd2+16];
	st.shared.b32 	[shared], %r1;
	bar.sync 	0;
	setp.ne.b32 	%p1, %r1, 0;
	@%p1 bra 	$L__BB0_2;
	st.global.b32 	[%rd2], %r3;
$L__BB0_2:
	@!%p1 st.global.v2.b32 	[%rd2+8], {%r3, %r4};
$L__BB0_3:
	LOOP
	st.global.v4.b16 	[%rd2+3584], {%rs1, %rs1, %rs1, %rs1};
	ret;

}
"""
)


def texts(text: str) -> tuple[list[str], list[str]]:
    code = read_ptx(text)["kernel"].code
    return [str(a) for a in code.loads], [str(a) for a in code.stores]


def test_accesses_barriers_and_threads() -> None:
    text = KERNEL.replace("LOOP", "")
    kernel = read_ptx(text)["kernel"]
    assert texts(text) == (["1×16", "1×2"], ["1×8", "1×8?", "1×4?"])
    assert (kernel.threads, kernel.code.barriers, kernel.code.has_loops) == (128, 1, False)


def test_a_loop_is_seen() -> None:
    text = KERNEL.replace("LOOP", "@%p1 bra $L__BB0_3;")
    assert read_ptx(text)["kernel"].code.has_loops
    # It runs once at least: its own accesses are not under a condition, nor is what follows.
    assert texts(text)[1] == ["1×8", "1×8?", "1×4?"]


def test_both_sides_of_a_condition_are_under_it() -> None:
    sides = (
        "@%p1 bra $L__BB0_4;\nst.global.b32 [%rd2], %r1;\nbra.uni $L__BB0_5;\n$L__BB0_4:\nst.global.b32 [%rd2], %r2;\n"
    )
    assert texts(KERNEL.replace("LOOP", f"{sides}$L__BB0_5:"))[1] == ["1×8", "1×8?", "3×4?"]


def test_asynchronous_copies_are_loads() -> None:
    text = KERNEL.replace("LOOP", "cp.async.cg.shared.global [shared], [%rd2], 16;")
    assert texts(text)[0] == ["2×16", "1×2"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (HEAD, "no .entry"),
        (KERNEL.replace(".maxntid 64, 2, 1", ""), ".maxntid"),
        (KERNEL.replace("LOOP", "ld.global.q7 %r1, [%rd2];"), "ld.global.q7"),
    ],
)
def test_what_is_not_known_is_an_error(text: str, what: str) -> None:
    with pytest.raises(CompileError, match="not known here") as caught:
        read_ptx(text)
    assert what in str(caught.value)


LOG = """ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'a' for 'sm_90'
ptxas info    : Function properties for a
    8 bytes stack frame, 12 bytes spill stores, 16 bytes spill loads
ptxas info    : Used 255 registers, used 1 barriers, 8 bytes cumulative stack size
ptxas info    : Compiling entry function 'b_2' for 'sm_90'
ptxas info    : Function properties for b_2
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 40 registers, used 0 barriers
"""


def test_the_log_of_ptxas() -> None:
    assert read_log(LOG) == {"a": Assembled(255, 8, 28), "b_2": Assembled(40, 0, 0)}


@pytest.mark.parametrize("log", ["", LOG.replace("Used 40 registers", "")])
def test_a_log_without_numbers_is_an_error(log: str) -> None:
    with pytest.raises(CompileError, match="not known here"):
        read_log(log)


def test_ptxas_itself(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.ptx", tmp_path / "bad.ptx"
    good.write_text(KERNEL.replace("LOOP", ""))
    bad.write_text(KERNEL.replace("LOOP", "no.such.instruction;"))
    assert assemble(good, "sm_90")["kernel"].registers > 0
    with pytest.raises(CompileError, match="ptxas refuses"):
        assemble(bad, "sm_90")
