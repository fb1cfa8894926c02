# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command ``fanfold``. Each subcommand is a module of its own, imported when it is run."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from fanfold._version import __version__
from fanfold.errors import FanfoldError

# Name: module, attribute, and the help line that the list of commands shows without importing it.
_COMMANDS = {
    "compile": ("compile", "compile_command", "Compile an exported model (.pt2) to a .vmfb."),
    "demo": ("demo", "demo", "Compile, check and time the query path of DeepSeek-V3.2."),
    "explain": ("explain", "explain", "Say which ops of a model are fused, and why the others are not."),
    "key": ("key", "key", "Print the key of the compiler: what its artifacts depend on."),
    "report": ("report", "report", "Show what is in a .vmfb and how it was compiled."),
    "run": ("run", "run", "Run a .vmfb on inputs from files."),
    "targets": ("targets", "targets", "List what can be compiled for and run here."),
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's interface
        if cmd_name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"fanfold.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][2]) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FanfoldError as error:
            _show(error)
            ctx.exit(1)


def _show(error: FanfoldError) -> None:
    from rich.console import Console
    from rich.text import Text

    head, *details = str(error).splitlines()
    # Soft wrap: a replay command must stay one line to be copied.
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(Text("error: ", style="bold red") + Text(head))
    for line in details:
        console.print(Text(line))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fanfold")
def main() -> None:
    """Compile PyTorch models into IREE executables with one kernel for every norm and quantisation cluster."""
