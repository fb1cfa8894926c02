# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The RUN lines of a `.mlir` test: what they may say, what they do, and which checks of a file would never run."""

from __future__ import annotations

import contextlib
import difflib
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner
from filecheck.error import ParseError
from filecheck.finput import FInput
from filecheck.matcher import Matcher
from filecheck.options import parse_argv_options
from filecheck.parser import Parser, pattern_for_opts

from fanfold.cli.diagnostics import expectations
from fanfold.cli.opt import main as fanfold_opt

TOOL = "fanfold-opt"
CHECKER = "filecheck"
VERIFY = "--verify-diagnostics"

_RUN = re.compile(r"^\s*//\s*RUN:\s*(.*?)\s*$")
_AFTER_PREFIX = r"(-EMPTY:|(-(DAG|NOT|NEXT|SAME|LABEL|COUNT-[1-9][0-9]*))?(\{LITERAL\})?:\s*\S)"


class BadRunLineError(Exception):
    """A RUN line says something that the harness does not do."""


@dataclass(frozen=True)
class RunLine:
    """``[not] fanfold-opt ... [2>&1] [| filecheck ...]``.

    Attributes:
        line: Its line number.
        arguments: Of fanfold-opt.
        fails: Whether fanfold-opt must fail.
        stderr: Whether filecheck also reads what fanfold-opt prints on stderr.
        checker: Arguments of filecheck, None without one.
    """

    line: int
    arguments: tuple[str, ...]
    fails: bool
    stderr: bool
    checker: tuple[str, ...] | None

    @property
    def prefixes(self) -> list[str]:
        """The check prefixes that filecheck looks for."""
        return [] if self.checker is None else parse_argv_options([CHECKER, *self.checker]).check_prefixes


def run_lines(path: Path) -> Iterator[RunLine]:
    """Yield the RUN lines of a file.

    Raises:
        BadRunLineError: If one says something else than a RunLine holds.
    """
    for number, text in enumerate(path.read_text().splitlines(), start=1):
        match = _RUN.match(text)
        if match is None:
            continue
        words = [str(path) if word == "%s" else word for word in shlex.split(match[1])]
        left, bar, right = _cut(words, "|")
        fails = left[:1] == ["not"]
        left = left[fails:]
        stderr = left[-1:] == ["2>&1"]
        left = left[: len(left) - stderr]
        if left[:1] != [TOOL] or (bar and right[:1] != [CHECKER]) or {"|", ">", "2>&1", ";", "&&"} & {*left, *right}:
            raise BadRunLineError(f"{path}:{number}: expected [not] {TOOL} ... [2>&1] [| {CHECKER} ...]: {match[1]}")
        yield RunLine(number, tuple(left[1:]), fails, stderr, tuple(right[1:]) if bar else None)


def _cut(words: list[str], separator: str) -> tuple[list[str], bool, list[str]]:
    if separator not in words:
        return words, False, []
    at = words.index(separator)
    return words[:at], True, words[at + 1 :]


def execute(run: RunLine) -> str:
    """Run a RUN line in this process; returns what is wrong, or an empty text."""
    result = CliRunner().invoke(fanfold_opt, list(run.arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    if (result.exit_code != 0) != run.fails:
        return f"{TOOL} ended with {result.exit_code}\n{result.stderr}"
    if run.checker is None:
        return ""
    text = result.stdout + (result.stderr if run.stderr else "")
    options = parse_argv_options([CHECKER, *run.checker])
    messages = io.StringIO()
    with contextlib.redirect_stderr(messages):
        code = Matcher(options, FInput("<stdin>", text), Parser.from_opts(options)).run()
    return f"{messages.getvalue()}\n--- input of {CHECKER}:\n{text}" if code else ""


def problems(path: Path) -> list[str]:
    """Return why checks of a file would never run, or would pass whatever is printed."""
    found: list[str] = []
    try:
        runs = list(run_lines(path))
    except BadRunLineError as error:
        return [str(error)]
    if not runs:
        found.append("no RUN line")
    for run in runs:
        if run.checker is None and VERIFY not in run.arguments:
            found.append(f"line {run.line}: the output goes to no {CHECKER}")
        if run.checker is not None and str(path) not in run.checker:
            found.append(f"line {run.line}: {CHECKER} does not read this file")
        if str(path) not in run.arguments:
            found.append(f"line {run.line}: {TOOL} does not read this file")
        if run.checker is not None:
            found += _idle_prefixes(run, run.checker)
    return found + _unread_lines(path, runs)


def _idle_prefixes(run: RunLine, checker: tuple[str, ...]) -> list[str]:
    """Return the prefixes of a RUN line under which nothing has to be found in the output."""
    options = parse_argv_options([CHECKER, *checker])
    try:
        checks = list(Parser.from_opts(options))
    except ParseError as error:
        return [f"line {error.line_no}: {error.message}"]
    busy = {check.prefix for check in checks if check.name != "NOT"}
    return [
        f"line {run.line}: no check with prefix {prefix} but NOT, which any output passes"
        for prefix in options.check_prefixes
        if prefix not in busy
    ]


def _unread_lines(path: Path, runs: list[RunLine]) -> list[str]:
    """Return the comment lines that look like a check, and that nothing reads."""
    prefixes = sorted({prefix for run in runs for prefix in run.prefixes})
    check = re.compile(rf"//\s*({'|'.join(map(re.escape, prefixes)) or '(?!)'}){_AFTER_PREFIX}")
    patterns = [pattern_for_opts(parse_argv_options([CHECKER, *r.checker])) for r in runs if r.checker is not None]
    announces = any(VERIFY in run.arguments for run in runs)
    names = {"CHECK", "RUN", *prefixes}
    found = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        comment = line.partition("//")[2].strip(" /")
        name = _name_before_colon(comment)
        if name and not _RUN.match(line):
            if not check.search(line):
                found.append(f"line {number}: nothing reads {name!r}")
            elif not any(reads.search(line) and not skips.search(line) for reads, skips in patterns):
                found.append(f"line {number}: {CHECKER} takes {name!r} for a comment")
        elif comment.startswith("CHECK"):
            found.append(f"line {number}: a check without a colon")
        elif not name and (word := _like_a_name(comment, names)):
            found.append(f"line {number}: nothing reads {word!r}")
        if TOOL in comment and "%s" in comment and not _RUN.match(line):
            found.append(f"line {number}: a command that is no RUN line")
        if "expected" in comment and (not announces or not expectations(line)):
            found.append(f"line {number}: no expected-error that {VERIFY} reads")
    return found


def _name_before_colon(comment: str) -> str:
    """Return what is before the first colon if it is one word, or words without a small letter; prose is neither."""
    head = comment.partition(":")[0].rstrip() if ":" in comment else ""
    is_word = re.fullmatch(r"[\w-]*(\{LITERAL\})?", head) and re.search(r"[A-Za-z]", head)
    is_capitals = not re.search(r"[a-z]", head) and len(re.findall(r"[A-Z]", head)) > 1
    return head if is_word or is_capitals else ""


def _like_a_name(comment: str, names: set[str]) -> str:
    """Return the first word of a comment if it is in capitals and one of `names`, but for a slip."""
    word = re.match(r"\W*([\w-]*)", comment)[1]  # type: ignore[index] - it matches anything
    stem = word.strip("-_").partition("-")[0]
    is_name = len(stem) > 2 and stem.isupper()  # "A" opens a sentence as well
    return word if is_name and difflib.get_close_matches(stem, names, n=1, cutoff=0.75) else ""
