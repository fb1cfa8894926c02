# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""docs/gpu-kernels.md: no kernel is worse than it says, and one that is worse is seen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_no_kernel_is_worse_than_the_report_says() -> None:
    """IREE and NVIDIA's assembler take every region for every architecture, each at one of the widths."""
    assert "99 kernels, none worse" in run("-m", "benchmarks.kernels", "--check", "--sample")


CHANGES = """
from dataclasses import replace
from pathlib import Path
from benchmarks.kernels.compare import REGISTER_SLACK, regressions
from benchmarks.kernels.files import read, write
from benchmarks.kernels.row import Row
from fanfold.backends.inspection.code import Access

docs = Path("docs")
known, versions = read(docs / "gpu-kernels.json")
folder = Path(sys.argv[1])
write(known.values(), versions, folder / "page.md", folder / "data.json")
assert (folder / "page.md").read_text() == (docs / "gpu-kernels.md").read_text(), "run make kernel-report"
assert (folder / "data.json").read_text() == (docs / "gpu-kernels.json").read_text(), "run make kernel-report"

assert regressions(known.values(), known) == []
row = Row("sm_90", "norm, group", 7168, dispatches=1, threads=448, rows=1, parts=1, subgroup=32, registers=40, spills=0,
          scratch=0, shared=56, barriers=1, loops=False, loads=(Access(16, 4),), stores=(Access(8, 2),), loaded=28672,
          stored=10752, fewest_loaded=28672, fewest_stored=7392)
before = {row.key: row}
for change in (
    {"registers": row.registers + REGISTER_SLACK, "scratch": 16},
    {"barriers": row.barriers - 1, "registers": 8, "loaded": row.loaded - 1},
    {"registers": row.registers + REGISTER_SLACK + 1},
    {"spills": 4},
    {"scratch": 17, "shared": row.shared + 4},
    {"barriers": row.barriers + 1},
    {"loaded": row.loaded + 1, "stored": row.stored + 1},
    {"dispatches": 2},
    {"loads": (Access(8, 8),)},
    {"stores": ()},
    {"width": 7169},
):
    print(*change, "|", *regressions([replace(row, **change)], before), sep=" ")
"""

SAID = """\
registers scratch |
barriers registers loaded |
registers | sm_90, norm, group, 7168 columns: registers grew from 40 to 49, by more than 8
spills | sm_90, norm, group, 7168 columns: spills grew from 0 to 4
scratch shared | sm_90, norm, group, 7168 columns: shared grew from 56 to 60 \
sm_90, norm, group, 7168 columns: scratch grew from 0 to 17, by more than 16
barriers | sm_90, norm, group, 7168 columns: barriers grew from 1 to 2
loaded stored | sm_90, norm, group, 7168 columns: loaded grew from 28672 to 28673 \
sm_90, norm, group, 7168 columns: stored grew from 10752 to 10753
dispatches | sm_90, norm, group, 7168 columns: dispatches grew from 1 to 2
loads | sm_90, norm, group, 7168 columns: the widest of the loads shrank from 16 to 8 bytes
stores | sm_90, norm, group, 7168 columns: the widest of the stores shrank from 8 to 0 bytes
width | sm_90, norm, group, 7169 columns: it is not in the report
"""


def test_what_is_worse_is_seen_and_the_page_is_what_the_data_say(tmp_path: Path) -> None:
    assert run("-c", f"import sys\n{CHANGES}", str(tmp_path)).replace(" \n", "\n") == SAID
