"""The project's own Python: commands in it, and calls of the project's code through the shim."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline_kit.adapters.process.run import run_process
from pipeline_kit.contract.ports import Completed, EnvironmentRecord, UserCall, UserReport
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen

NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
HIDDEN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTHONSTARTUP", "PYTHONWARNINGS")


@frozen
class VenvPython:
    """A finished virtual environment. Its processes get `variables`, and `on_line` gets what they print.

    `mask` removes secrets from returned text at once: after a cut, half a secret could not be found any more.
    """

    folder: Path
    environment: EnvironmentRecord
    variables: Mapping[str, str]
    on_line: Callable[[str], None]
    mask: Callable[[str], str] = str

    def record(self) -> EnvironmentRecord:
        """The installed packages."""
        return self.environment

    def run(self, arguments: Sequence[str], *, cwd: Path, variables: Mapping[str, str] | None = None) -> Completed:
        """Runs `python *arguments` in the environment."""
        return self.process([str(self.folder / "bin" / "python"), *arguments], cwd, variables or {})

    def call(self, call: UserCall, *, cwd: Path) -> UserReport:
        """Runs a function of the project through the shim, or a command with the same request in a file."""
        from tempfile import TemporaryDirectory

        with TemporaryDirectory(prefix="pipeline-kit-call-") as name:
            folder = Path(name).resolve()
            request, report, steps = folder / "request.json", folder / "report.json", folder / "steps.jsonl"
            request.write_text(json.dumps(request_of(call, steps), allow_nan=False), encoding="utf-8")
            if isinstance(call.entry, str):
                arguments = [str(self.folder / "bin" / "python"), str(shim()), str(request), str(report)]
            else:
                arguments = [str(self.folder / "bin" / "python") if call.entry[0] == "python" else call.entry[0]]
                arguments.extend(call.entry[1:])
                for path in call.outputs.values():
                    path.parent.mkdir(parents=True, exist_ok=True)
            variables = {
                "PIPELINE_KIT_JOB": str(request),
                "PIPELINE_KIT_METRICS": str(report),
                "PIPELINE_KIT_STEPS": str(steps),
                "PYTHONHASHSEED": str((call.seed or 0) % 2**32),
            }
            completed = self.process(arguments, cwd, variables)
            return read_report(completed, call, report, steps, self.mask)

    def process(self, argv: Sequence[str], cwd: Path, variables: Mapping[str, str]) -> Completed:
        """Runs a process with this environment first on its PATH and without the kit's Python variables."""
        inherited = {name: value for name, value in self.variables.items() if name not in HIDDEN}
        path = f"{self.folder / 'bin'}{os.pathsep}{inherited.get('PATH', os.defpath)}"
        venv = {"PATH": path, "VIRTUAL_ENV": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
        done = run_process(argv, cwd=cwd, variables={**inherited, **venv, **variables}, on_line=self.on_line)
        return replace(done, tail=tuple(self.mask(line) for line in done.tail))


def shim() -> Path:
    """The script that calls the project's function; it imports nothing of the kit."""
    return Path(__file__).parent / "shim.py"


def request_of(call: UserCall, steps: Path) -> Mapping[str, Value]:
    """The call as the shim's request."""
    return {
        "entry": call.entry,
        "name": call.name,
        "parameters": call.parameters,
        "seed": call.seed,
        "inputs": {name: str(path) for name, path in call.inputs.items()},
        "outputs": {name: str(path) for name, path in call.outputs.items()},
        "checkpoints": str(call.checkpoints) if call.checkpoints else None,
        "resume": str(call.resume) if call.resume else None,
        "steps": str(steps),
    }


def read_report(
    completed: Completed, call: UserCall, report: Path, steps: Path, mask: Callable[[str], str]
) -> UserReport:
    """The report of the project's code; a malformed report counts as a failure of its process."""
    rows, damaged = read_steps(steps, mask)
    try:
        written = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
        metrics = written.get("metrics", {}) if isinstance(call.entry, str) else written
        figures = {mask(str(name)): as_number(value) for name, value in metrics.items()}
        exception = written.get("exception") if isinstance(call.entry, str) else None
    except (ValueError, AttributeError, TypeError) as error:
        return UserReport(completed, curves=rows, exception=mask(f"its metrics are not an object of numbers: {error}"))
    if completed.exit_code == 0 and damaged:
        exception = f"a line of its steps is not a JSON object of numbers: {damaged}"
    if completed.exit_code == 0 and isinstance(call.entry, str) and not report.exists():
        exception = "its process ended without a report, as after os._exit()"
    return UserReport(completed, figures, rows, None if exception is None else mask(exception))


def read_steps(path: Path, mask: Callable[[str], str]) -> tuple[tuple[Mapping[str, float], ...], str | None]:
    """The rows of the curves, and the first malformed line."""
    rows: list[Mapping[str, float]] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
        try:
            rows.append({mask(str(name)): as_number(value) for name, value in json.loads(line).items()})
        except (ValueError, AttributeError, TypeError):
            return tuple(rows), mask(line)[:80]
    return tuple(rows), None


def as_number(value: object) -> float:
    """A number of the project's code; NaN and infinities come as text. Raises TypeError for anything else."""
    if isinstance(value, str) and value in NOT_FINITE:
        return NOT_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return value
