"""The `pipeline-kit` command."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING

from pipeline_kit.cli.startup import begin, end

if TYPE_CHECKING:
    from argparse import Namespace

RUN: dict[str, object] = {
    **{"event": None, "branch": None, "tag": None, "schedule": None, "changed": None, "fork": False},
    **{"jobs": [], "parallel": None, "json": False, "no_cache": False, "dry_run": False},
}
"""The arguments of a bare `run`; a test compares them with the parser's."""


def command_line() -> None:
    """Runs the command line as the whole of this process, and ends it with the exit code."""
    begin()
    end(main())


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code; the one place where errors become text."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["--version"]:
        from pipeline_kit import __version__

        print(f"pipeline-kit {__version__}")
        return 0
    from importlib import import_module

    from pipeline_kit.cli.output import warn
    from pipeline_kit.errors import KitError

    parsed = read(arguments)
    try:
        code: int = import_module(f"pipeline_kit.cli.commands.{parsed.command}").execute(parsed)
        sys.stdout.flush()
        return code
    except KitError as error:
        warn(f"pipeline-kit: {error}")
        if error.hint:
            warn(f"  {error.hint}")
        return exit_code_of(error)
    except KeyboardInterrupt as error:
        return exit_code_of(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        warn(f"pipeline-kit: {error.strerror}: {error.filename}")
        return exit_code_of(error)
    except (Exception, SystemExit) as error:  # a command returns its exit code: only code from outside leaves like this
        from pipeline_kit.runner.exit_codes import ExitCode

        code = exit_code_of(error)
        if code != ExitCode.INTERNAL:
            return code
        import traceback

        traceback.print_exc()
        print(
            "pipeline-kit: this is a fault of pipeline-kit itself; please report it with the lines above",
            file=sys.stderr,
        )
        return code


def read(arguments: Sequence[str]) -> Namespace | SimpleNamespace:
    """The parsed command line.

    `job NAME`, the line that CI servers execute, and `run`, which people type all day, need no argparse: it would take
    a seventh of the one's time, and as much of an unchanged run's.
    """
    if arguments == ["run"]:
        from pathlib import Path

        return SimpleNamespace(command="run", directory=Path(), **RUN)
    if len(arguments) == 2 and arguments[0] == "job" and not arguments[1].startswith("-"):
        from pathlib import Path

        return SimpleNamespace(command="job", name=arguments[1], directory=Path())
    from pipeline_kit.cli.parser import build_parser

    return build_parser().parse_args(arguments)


def exit_code_of(error: BaseException) -> int:
    """The exit code of an error that ended the command; the table is loaded only then."""
    from pipeline_kit.runner.exit_codes import exit_code_of_error

    return exit_code_of_error(error)
