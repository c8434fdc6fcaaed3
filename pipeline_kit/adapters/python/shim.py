"""Calls one function of the project, in the project's own Python: `python shim.py REQUEST.json REPORT.json`.

This script runs where pipeline-kit is not installed, so it uses the standard library only. The working folder is the
workspace. The request is an object with `entry` ("module:function"), `name`, `parameters`,
`seed`, `inputs`, `outputs`, `checkpoints` and `resume`; `steps` names the file that the curves are appended to, a
JSON object a line (without it: the report's path and ".steps"). The report is an object with `metrics`, `exception`
("ValueError: no such column") and `cause` (the first failure of the chain and the project's line that raised it);
it is written once, at the end, or not at all. JSON has no NaN: numbers that are not finite are written as the
strings "NaN", "Infinity" and "-Infinity", so that the kit sees them and fails closed.

Exit codes: 0 the function returned; 1 it raised or is missing; 2 the request is malformed; 130 interrupted.
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
    """Files by name; an unknown name raises KeyError with the known ones."""

    def __init__(self, what: str, paths: Mapping[str, str]) -> None:
        super().__init__({name: Path(path) for name, path in paths.items()})
        self._what = what

    def __missing__(self, name: str) -> Path:
        raise KeyError(f"unknown {self._what} {name!r}; this job has: {', '.join(sorted(self)) or 'nothing'}")


class Job:
    """The argument of the project's function: its inputs and parameters, and where it reports its numbers."""

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
        """Reports a metric; the last value of a name counts."""
        self._metrics[str(name)] = _figure(name, value)

    def step(self, **figures: float) -> None:
        """Reports one row of the curves; it is written at once, so that a killed run keeps its rows."""
        row = {name: _figure(name, value) for name, value in figures.items()}
        with self._steps.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, allow_nan=False) + "\n")


class EntryError(Exception):
    """The descriptor names a module or a function that the workspace does not have."""


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _figure(name: str, value: Any) -> float | int | str:
    """The value as JSON can hold it. Raises TypeError where it is not a number."""
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
    """Puts the workspace, and `src` in it, first on the module path, instead of this script's folder."""
    script_folder = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if entry and Path(entry).resolve() != script_folder]
    workspace = Path.cwd()
    sys.path[:0] = [str(workspace), *([str(workspace / "src")] if (workspace / "src").is_dir() else [])]


def _seed(seed: int | None) -> None:
    """Seeds the random generators of every library that is loaded."""
    if seed is None:
        return
    random.seed(seed)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(seed % 2**32)  # numpy takes 32 bits
    if torch := sys.modules.get("torch"):
        torch.manual_seed(seed)


def _function(entry: str) -> Callable[[Job], object]:
    """The callable that `module:function` names. Raises EntryError where it is missing."""
    module_name, _, path = entry.partition(":")
    if not module_name or not path:
        raise EntryError(f"{entry!r} is not of the form module:function")
    try:
        target: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name + ".").startswith(error.name + "."):
            raise  # a module that the project's own code imports
        raise EntryError(
            f"module {error.name!r} of {entry!r} is not in the workspace: add its file to the job's inputs"
        ) from None
    for name in path.split("."):
        if not hasattr(target, name):
            raise EntryError(f"module {module_name!r} has no function {path!r}")
        target = getattr(target, name)
    if not callable(target):
        raise EntryError(f"{entry!r} is not a function but of type {type(target).__name__}")
    return cast("Callable[[Job], object]", target)


def _call(entry: str, job: Job) -> None:
    """Calls the function; `sys.exit()` with 0 or None counts as returning."""
    folders = [path.parent for path in job.outputs.values()] + ([job.checkpoints] if job.checkpoints else [])
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    try:
        _seed(job.seed)  # for random numbers that the module draws during its import
        function = _function(entry)
        _seed(job.seed)
        function(job)
    except SystemExit as error:
        if error.code not in (None, 0):
            raise


def _first(error: BaseException) -> BaseException:
    """The first exception of the chain, by the rules of the printed traceback."""
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
    """` (file:line)` of the last frame inside the workspace, else empty."""
    root = Path.cwd()
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(root)]
    project = [frame for frame in frames if frame.filename != THIS_FILE]
    if not project:
        return ""
    return f" ({Path(project[-1].filename).relative_to(root).as_posix()}:{project[-1].lineno})"


def _show(error: BaseException) -> None:
    """Prints the traceback to stderr without the frames of this file and of the import system."""
    if isinstance(error, EntryError):
        print(error, file=sys.stderr)
        return
    top = traceback.TracebackException.from_exception(error)
    pending: list[traceback.TracebackException | None] = [top]
    while pending:
        if part := pending.pop():
            kept = [frame for frame in part.stack if frame.filename != THIS_FILE and "<frozen" not in frame.filename]
            part.stack = traceback.StackSummary.from_list(kept)
            pending += [part.__cause__, part.__context__, *(getattr(part, "exceptions", None) or ())]
    top.print(file=sys.stderr)


def _write(path: Path, report: Mapping[str, Any]) -> None:
    """Writes the report atomically."""
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
    except BaseException as error:  # an interruption is reported too, and keeps its exit code
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
            stream.reconfigure(line_buffering=True)  # keeps the order of both in the log
    sys.exit(main(sys.argv[1:]))
