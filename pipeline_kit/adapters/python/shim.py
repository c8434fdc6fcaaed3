"""Calls one function of the project, in the project's own Python: `python shim.py REQUEST.json REPORT.json`.

This file is run as a script where pipeline-kit is not installed, so it knows the standard library only. The
working folder is the workspace. The request is an object with `entry` ("module:function"), `name`, `parameters`,
`seed`, `inputs`, `outputs`, `checkpoints` and `resume`; `steps` names the file that the curves are appended to, a
JSON object a line (without it: the report's path and ".steps"). The report is an object with `metrics`, `exception`
("ValueError: no such column") and `cause` (the first failure of the chain and the project's line that raised it);
it is written once, at the end, or not at all. JSON has no NaN: figures that are not finite stand there as the
strings "NaN", "Infinity" and "-Infinity", so that the kit sees them and fails closed.

Exit codes: 0 the function returned; 1 it raised, or is not there; 2 the request is none; 130 interrupted.
"""

from __future__ import annotations

import importlib
import io
import json
import math
import os
import random
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

THIS_FILE = (lambda: None).__code__.co_filename


class Named(dict[str, Path]):
    """Files by name; asking for another name tells which there are."""

    def __init__(self, what: str, paths: Mapping[str, str]) -> None:
        super().__init__({name: Path(path) for name, path in paths.items()})
        self._what = what

    def __missing__(self, name: str) -> Path:
        raise KeyError(f"this job has no {self._what} {name!r}, only: {', '.join(sorted(self)) or 'none'}")


class Job:
    """The one argument of the project's function: what it is given, and where its figures go."""

    def __init__(self, request: Mapping[str, Any], steps: Path) -> None:
        self.name: str = request.get("name", "")
        self.parameters: dict[str, Any] = dict(request.get("parameters") or {})
        self.seed: int | None = request.get("seed")
        self.inputs = Named("input", request.get("inputs") or {})
        self.outputs = Named("output", request.get("outputs") or {})
        self.checkpoints = _path(request.get("checkpoints"))
        self.resume = _path(request.get("resume"))
        self._metrics: dict[str, float | str] = {}
        self._steps = steps

    def metric(self, name: str, value: float) -> None:
        """Reports a final figure; the last value of a name counts."""
        self._metrics[str(name)] = _figure(name, value)

    def step(self, **figures: float) -> None:
        """Reports one row of the curves, kept at once: a run that is killed keeps those it had."""
        row = {name: _figure(name, value) for name, value in figures.items()}
        with self._steps.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, allow_nan=False) + "\n")


class EntryError(Exception):
    """The descriptor names a module or a function that the workspace does not have."""


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _figure(name: str, value: Any) -> float | int | str:
    """The value as JSON may hold it. Raises TypeError when it is no number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name!r} must be a number, not {value!r}") from error
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number


def _enter_workspace() -> None:
    """Puts the workspace, and `src` in it, first on the module path, in place of this script's own folder."""
    own = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if entry and Path(entry).resolve() != own]
    workspace = Path.cwd()
    sys.path[:0] = [str(workspace), *([str(workspace / "src")] if (workspace / "src").is_dir() else [])]


def _seed(seed: int | None) -> None:
    """Seeds every generator that is loaded; the project's own imports decide which."""
    if seed is None:
        return
    random.seed(seed)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(seed % 2**32)  # numpy takes 32 bits
    if torch := sys.modules.get("torch"):
        torch.manual_seed(seed)


def _function(entry: str) -> Callable[[Job], object]:
    """The callable that `module:function` names. Raises EntryError when there is none."""
    module_name, _, path = entry.partition(":")
    if not module_name or not path:
        raise EntryError(f"{entry!r} is not of the form module:function")
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name + ".").startswith(error.name + "."):
            raise  # a module that the project's own code imports
        raise EntryError(
            f"no module {error.name!r} for {entry!r} in the workspace: is it in the job's inputs?"
        ) from None
    for name in path.split("."):
        if not hasattr(found, name):
            raise EntryError(f"module {module_name!r} has no function {path!r}")
        found = getattr(found, name)
    if not callable(found):
        raise EntryError(f"{entry!r} is not a function but of type {type(found).__name__}")
    return cast("Callable[[Job], object]", found)


def _call(entry: str, job: Job) -> None:
    """Calls the function; leaving early by `sys.exit()` with 0 or nothing is returning."""
    folders = [path.parent for path in job.outputs.values()] + ([job.checkpoints] if job.checkpoints else [])
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    try:
        _seed(job.seed)  # for what the module draws while it is imported
        function = _function(entry)
        _seed(job.seed)
        function(job)
    except SystemExit as error:
        if error.code not in (None, 0):
            raise


def _first(error: BaseException) -> BaseException:
    """The exception that the others of the chain followed from, by the rules of the printed traceback."""
    seen = set()
    while id(error) not in seen:
        seen.add(id(error))
        before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        error = before or error
    return error


def _sentence(error: BaseException) -> str:
    """`Type: message` on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:2000].rstrip(":")


def _place(error: BaseException) -> str:
    """` (file:line)` of the last frame inside the workspace, or nothing."""
    root = Path.cwd()
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(root)]
    own = [frame for frame in frames if frame.filename != THIS_FILE]
    return f" ({Path(own[-1].filename).relative_to(root).as_posix()}:{own[-1].lineno})" if own else ""


def _show(error: BaseException) -> None:
    """Prints the traceback to stderr without the frames of this file and of the import system."""
    if isinstance(error, EntryError):
        print(error, file=sys.stderr)
        return
    top = traceback.TracebackException.from_exception(error)
    pending: list[traceback.TracebackException | None] = [top]
    while pending:
        if each := pending.pop():
            kept = [frame for frame in each.stack if frame.filename != THIS_FILE and "<frozen" not in frame.filename]
            each.stack = traceback.StackSummary.from_list(kept)
            pending += [each.__cause__, each.__context__, *(getattr(each, "exceptions", None) or ())]
    top.print(file=sys.stderr)


def _write(path: Path, report: Mapping[str, Any]) -> None:
    """Writes the report whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with part.open("w", encoding="utf-8") as file:
        json.dump(report, file, allow_nan=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def main(arguments: list[str]) -> int:
    """Runs the request and returns the exit code."""
    try:
        request_path, report_path = (Path(argument).resolve() for argument in arguments)
        request = json.loads(request_path.read_text(encoding="utf-8"))
        entry, steps = request["entry"], Path(request.get("steps") or f"{report_path}.steps")
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        print(f"usage: shim.py REQUEST.json REPORT.json ({type(error).__name__}: {error})", file=sys.stderr)
        return 2
    sys.argv[:] = [str(entry)]
    _enter_workspace()
    job = Job(request, steps)
    failure: BaseException | None = None
    try:
        _call(str(entry), job)
    except BaseException as error:  # an interruption is reported too; the exit code below keeps its meaning
        failure = error
        _show(error)
    report: dict[str, Any] = {"metrics": job._metrics, "exception": None, "cause": None}
    if failure is not None:
        first = _first(failure)
        report |= {"exception": _sentence(failure), "cause": _sentence(first) + _place(first)}
    _write(report_path, report)
    return 0 if failure is None else 130 if isinstance(failure, KeyboardInterrupt) else 1


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)  # so that both reach the log in the order they were written
    sys.exit(main(sys.argv[1:]))
