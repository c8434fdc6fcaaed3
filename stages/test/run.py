"""The tests and the lint of the project, in its own environment."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.ports import ProjectPython
from pipeline_kit.contract.result import Case, Outcome, Output, StageResult
from pipeline_kit.errors import Category, UsageError

from .cobertura import normalise
from .settings import Settings, settings_of
from .suite import Coverage, Suite, run_suite, variables

COVERAGE = "coverage.xml"
SHOWN_LINES = 20


def run(context: StageContext) -> StageResult:
    """Passed when every test and lint command passed and enough lines were run."""
    settings = settings_of(context.settings)
    python = context.python()
    installed = {name.lower().replace("_", "-") for name in python.record().packages}
    if "pytest" not in installed:
        return _without(context, "pytest")
    if settings.coverage is not None and "pytest-cov" not in installed:
        return _without(context, "pytest-cov")
    report = context.outputs.get("coverage", context.out / COVERAGE)
    measured = Coverage(settings.source, report) if "pytest-cov" in installed else None
    with tempfile.TemporaryDirectory(prefix="pipeline-kit-") as folder:
        suite = run_suite(
            python,
            context.workspace,
            Path(folder),
            paths=settings.paths,
            arguments=settings.arguments,
            coverage=measured,
        )
        lint = [_lint(python, context, command, Path(folder)) for command in _commands(context, settings)]
    return _result(context, suite, lint, settings.coverage, report)


def _without(context: StageContext, name: str) -> StageResult:
    reason = f"{name} is not in {context.project.lock}: add it to the requirements and lock them again"
    return StageResult(Outcome.FAILED, reason, Category.PROJECT)


def _commands(context: StageContext, settings: Settings) -> tuple[tuple[str, ...], ...]:
    """The lint commands. Raises UsageError for an empty one."""
    if not all(settings.lint):
        raise UsageError(f"job {context.job}: lint has an empty command")
    return settings.lint


def _lint(python: ProjectPython, context: StageContext, command: Sequence[str], scratch: Path) -> Case:
    """One lint command as a case: its last lines are the detail."""
    arguments = list(command[1:]) if command[0] == "python" else ["-m", *command]
    completed = python.run(arguments, cwd=context.workspace, variables=variables(context.workspace, scratch))
    failure = None
    if completed.timed_out:
        failure = "ran into the time limit"
    elif completed.exit_code != 0:
        last = next((line.strip() for line in reversed(completed.tail) if line.strip()), "no output")
        failure = f"exit code {completed.exit_code}: {last}"
    detail = "\n".join(completed.tail[-SHOWN_LINES:])
    return Case(" ".join(command), "lint", completed.seconds, failure=failure, detail=detail if failure else "")


def _result(
    context: StageContext, suite: Suite, lint: Sequence[Case], minimum: float | None, report: Path
) -> StageResult:
    thin = _too_thin(suite, minimum)
    cases = [*suite.cases, *lint, *_coverage_case(thin, minimum)]
    failures = [suite.failure, *(f"lint: {case.name}: {case.failure}" for case in lint if case.failure), thin]
    reasons = [failure for failure in failures if failure is not None]
    measurements: dict[str, float | int | str | bool] = {
        "tests": len(suite.cases),
        "failed": sum(case.failure is not None for case in suite.cases),
        "skipped": sum(case.skipped is not None for case in suite.cases),
    }
    if lint:
        measurements["lint_failed"] = sum(case.failure is not None for case in lint)
    if suite.coverage is not None:
        measurements["coverage"] = round(suite.coverage, 6)
    outputs = {}
    if report.is_file():
        normalise(report, context.workspace)
        outputs["coverage"] = Output(report.relative_to(context.out).as_posix(), "report")
    ordered = tuple(sorted(cases, key=lambda case: case.failure is None))
    if reasons:
        category = Category.TIMEOUT if suite.completed.timed_out else Category.PROJECT
        return StageResult(Outcome.FAILED, "; ".join(reasons), category, measurements, outputs, ordered)
    return StageResult(Outcome.PASSED, _words(suite, lint), None, measurements, outputs, ordered)


def _too_thin(suite: Suite, minimum: float | None) -> str | None:
    """Why the coverage is not enough; what was not measured is not enough either."""
    if minimum is None:
        return None
    if suite.coverage is None:
        return "coverage was not measured"
    if suite.coverage < minimum:
        return f"coverage is {suite.coverage:.1%}, at least {minimum:.1%} is needed"
    return None


def _coverage_case(thin: str | None, minimum: float | None) -> list[Case]:
    return [] if minimum is None else [Case(f"at least {minimum:.1%} of the lines are run", "coverage", failure=thin)]


def _words(suite: Suite, lint: Sequence[Case]) -> str:
    skipped = sum(case.skipped is not None for case in suite.cases)
    passed = len(suite.cases) - skipped
    parts = [f"{passed} test{'s' if passed > 1 else ''} passed"]
    parts += [f"{skipped} skipped"] if skipped else []
    parts += [f"{len(lint)} lint command{'s' if len(lint) > 1 else ''} passed"] if lint else []
    parts += [f"coverage {suite.coverage:.1%}"] if suite.coverage is not None else []
    return ", ".join(parts)
