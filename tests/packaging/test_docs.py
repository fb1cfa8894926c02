# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""docs/dialect.md and docs/passes.md are what the sources say, and read well."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from .conftest import Tree, run_python

PAGES = ("dialect.md", "passes.md")


def test_the_generated_pages_are_up_to_date(tree: Tree) -> None:
    pytest.importorskip("torch_mlir")
    command = [sys.executable, "tools/generate_docs.py", "--check"]
    done = subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{done.stderr}\n`make docs` writes docs/{' and docs/'.join(PAGES)} anew", pytrace=False)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(tree: Tree, page: str) -> None:
    text = (tree.root / "docs" / page).read_text(encoding="utf-8")
    headings = {
        "#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)
    }
    links = re.findall(r"\]\(([^)]+)\)", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    assert {link for link in links if link.startswith("#")} == headings
    for link in links:
        assert link.startswith("#") or (tree.root / "docs" / link).is_file(), link


DOCSTRING = '''
from docstrings import markdown, summary, table
text = """Do one thing: to ``a | b``. And another.

Before (see :data:`~fanfold.x`)::

    %a = "x"(%b)

      deeper

::

    y = 2

End."""
print(markdown(text), summary(text), table(["h"], [["a | b"]]), sep="\\n====\\n")
'''

MARKDOWN = """Do one thing: to `a | b`. And another.

Before (see `fanfold.x`):

```mlir
%a = "x"(%b)

  deeper
```

```text
y = 2
```

End.
====
Do one thing: to `a | b`
====
| h |
| --- |
| a \\| b |
"""


def test_docstrings_become_markdown(tree: Tree) -> None:
    assert run_python("-c", DOCSTRING, cwd=tree.root / "tools") == MARKDOWN
