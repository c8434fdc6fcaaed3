"""The build: the locked environment, the toolchain against what was declared, and the wheel."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.digest import digest_file, digest_json
from pipeline_kit.contract.lock import read_lock
from pipeline_kit.contract.ports import EnvironmentRecord, ProjectPython
from pipeline_kit.contract.result import Case, Outcome, Output, StageResult
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import Category, ProjectError, UsageError

from .debian import fulfils
from .lock import deviations, python_fits
from .settings import Toolchain, settings_of
from .wheel import build_wheel, is_project

TOOLCHAIN = "toolchain.json"
SHOWN_DEVIATIONS = 5


def run(context: StageContext) -> StageResult:
    """Passed when nothing deviates and the wheel, where there is a project, was built."""
    settings = settings_of(context.settings)
    python = context.python()
    environment = python.record()
    cases = [
        _python_case(environment, context.project.python),
        *_lock_cases(context, environment, settings.toolchain.unlocked),
        *_machine_cases(context, settings.toolchain),
    ]
    record = _record(context, environment, settings.toolchain)
    content = json.dumps(record, indent=1, sort_keys=True, allow_nan=False)
    path = context.outputs.get("toolchain", context.out / TOOLCHAIN)
    path.write_text(content + "\n", encoding="utf-8")
    outputs = {"toolchain": Output(path.relative_to(context.out).as_posix(), "toolchain")}
    wheel = _wheel_case(context, python, outputs) if settings.wheel else None
    if wheel is not None:
        cases.append(wheel)
    return _result(environment, cases, outputs, {"toolchain_digest": digest_json(record)})


def _python_case(environment: EnvironmentRecord, wanted: str) -> Case:
    fits = python_fits(environment.python, wanted)
    return Case("Python", "toolchain", failure=None if fits else f"Python is {environment.python}, not {wanted}")


def _lock_cases(context: StageContext, environment: EnvironmentRecord, unlocked: tuple[str, ...]) -> list[Case]:
    """A case for the lock file itself, and one for what is installed."""
    lock = read_lock((context.workspace / context.project.lock).read_text(encoding="utf-8"), environment)
    names = deviations(lock, environment, unlocked)
    return [
        _case(f"{context.project.lock} pins every distribution", lock.faults),
        _case("installed distributions are the locked ones", names),
    ]


def _case(name: str, found: tuple[str, ...] | list[str]) -> Case:
    if not found:
        return Case(name, "toolchain")
    more = f" and {len(found) - SHOWN_DEVIATIONS} more" if len(found) > SHOWN_DEVIATIONS else ""
    return Case(name, "toolchain", failure="; ".join(found[:SHOWN_DEVIATIONS]) + more, detail="\n".join(found))


def _machine_cases(context: StageContext, toolchain: Toolchain) -> list[Case]:
    """A case for each system package, and one for the accelerator if required."""
    cases = []
    for name, condition in sorted(toolchain.system_packages.items()):
        version = context.host.system_package(name)
        try:
            fits = version is not None and fulfils(version, condition)
        except ValueError as error:
            raise UsageError(f"job {context.job}: toolchain: system package {name}: {error}") from error
        has = "not installed" if version is None else version
        cases.append(
            Case(f"system package {name}", "toolchain", failure=None if fits else f"{name} is {has}, not {condition}")
        )
    if toolchain.accelerator is not None:
        result = context.host.accelerator()
        failure = (
            None if result == toolchain.accelerator else f"the accelerator is {result}, not {toolchain.accelerator}"
        )
        cases.append(Case("accelerator", "toolchain", failure=failure))
    return cases


def _record(context: StageContext, environment: EnvironmentRecord, toolchain: Toolchain) -> dict[str, Value]:
    """What was found, for the package and for serving to compare with."""
    return {
        "version": 1,
        "python": environment.python,
        "platform": environment.platform,
        "environment_digest": environment.digest,
        "lock_digest": digest_file(context.workspace / context.project.lock),
        "packages": dict(environment.packages),
        "unlocked": list(toolchain.unlocked),
        "system_packages": {name: context.host.system_package(name) for name in sorted(toolchain.system_packages)},
        "accelerator": context.host.accelerator(),
    }


def _wheel_case(context: StageContext, python: ProjectPython, outputs: dict[str, Output]) -> Case | None:
    """The wheel's case, its output recorded; none where there is nothing to build."""
    try:
        if not is_project(context.workspace):
            context.log("no wheel: the workspace has no pyproject.toml, setup.cfg or setup.py of a project")
            return None
        wheel = build_wheel(python, context.workspace, context.outputs.get("wheel", context.out / "wheel"))
    except ProjectError as error:
        return Case("wheel", "wheel", failure=error.message + (f" ({error.hint})" if error.hint else ""))
    outputs["wheel"] = Output(wheel.relative_to(context.out).as_posix(), "wheel")
    return Case("wheel", "wheel")


def _result(
    environment: EnvironmentRecord, cases: list[Case], outputs: Mapping[str, Output], facts: dict[str, Value]
) -> StageResult:
    measurements = {"packages": len(environment.packages)}
    failed = [case.failure for case in cases if case.failure is not None]
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        return StageResult(
            Outcome.FAILED, failed[0] + more, Category.PROJECT, measurements, outputs, tuple(cases), facts
        )
    wheel = f", {outputs['wheel'].path.rpartition('/')[2]}" if "wheel" in outputs else ", no wheel"
    reason = f"Python {environment.python}, {len(environment.packages)} distributions as locked{wheel}"
    return StageResult(Outcome.PASSED, reason, None, measurements, outputs, tuple(cases), facts)
