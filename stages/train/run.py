"""The training: one call of the project's code, watched, and what it left."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from pipeline_kit.contract.call_inputs import code_digest, finite, missing_output, named_inputs, user_failure
from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.digest import digest_file, digest_json, digest_tree
from pipeline_kit.contract.ports import UserCall, UserReport
from pipeline_kit.contract.result import Outcome, Output, StageResult
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import Category, KitError

from .checkpoints import Checkpoints, newest
from .curves import as_csv, as_json, diverged
from .settings import Settings, settings_of

OWN_OUTPUTS = {"curves": "curves.json", "curves_table": "curves.csv"}
MODEL = "model"
CHECKPOINTS = ".checkpoints"


def run(context: StageContext) -> StageResult:
    """Passed when the code ended well, every figure is finite and every output holds something."""
    settings = settings_of(context.settings)
    outputs = {MODEL: context.out / MODEL, **context.outputs}
    made = {name: path for name, path in outputs.items() if name not in OWN_OUTPUTS}
    for path in made.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Value] = {
        "run": settings.call.run,
        "parameters": settings.call.parameters,
        "seed": settings.call.seed,
        "code_digest": code_digest(context),
    }
    folder = context.out / CHECKPOINTS
    checkpoints = _checkpoints(context, facts, folder)
    try:
        report = _train(context, settings, made, checkpoints, facts)
        result = _judge(report, made)
        if checkpoints:
            _settle(checkpoints, report, result, resumed="resumed_from" in facts)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _collect(context, result, report, made, facts)


def _checkpoints(context: StageContext, facts: Mapping[str, Value], folder: Path) -> Checkpoints | None:
    """The run's checkpoints by the digest of all that decides what is trained; none without a store."""
    if context.store is None:
        return None
    lock = context.workspace / context.project.lock
    key = digest_json(
        {
            **facts,
            "lock": digest_file(lock) if lock.is_file() else None,
            "data": {dataset.spec.name: dataset.digest for dataset in context.datasets.values()},
            "upstream": {
                f"{job}.{name}": output.digest
                for job, upstream in context.upstream.items()
                for name, output in upstream.record.outputs.items()
            },
        }
    ).removeprefix("sha256:")
    name = f"checkpoints/{context.project.name}/{context.job}/{key}"
    return Checkpoints(context.store, name, folder / "new", context.log)


def _train(
    context: StageContext,
    settings: Settings,
    made: Mapping[str, Path],
    checkpoints: Checkpoints | None,
    facts: dict[str, Value],
) -> UserReport:
    """Calls the project's code, the newest checkpoint of a broken run at hand."""
    folder = context.out / CHECKPOINTS
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "new").mkdir(parents=True)
    resume = checkpoints.restore(folder / "resume") if checkpoints else None
    if resume is not None:
        facts["resumed_from"] = digest_tree(resume)
        context.log(f"resuming from the checkpoint {resume.name}")
    call = UserCall(
        name=context.job,
        entry=settings.call.run,
        parameters=settings.call.parameters,
        seed=settings.call.seed,
        inputs=named_inputs(context),
        outputs=made,
        checkpoints=folder / "new",
        resume=resume,
    )
    with checkpoints.watched(settings.checkpoint_interval_seconds) if checkpoints else nullcontext():
        return context.python().call(call, cwd=context.workspace)


def _judge(report: UserReport, made: Mapping[str, Path]) -> StageResult:
    """The outcome: a figure that is not finite says more than the exception that follows from it."""
    failed = user_failure(report)
    broken = diverged(report.curves, report.metrics)
    if broken is not None:
        after = f"; then {failed.reason}" if failed else ""
        return StageResult(Outcome.FAILED, broken + after, Category.MODEL, facts={"cause": broken})
    if failed is not None:
        return failed
    if missing := missing_output(made):
        return StageResult(Outcome.FAILED, missing, Category.MODEL)
    figures = ", ".join(f"{name} {value:.4g}" for name, value in list(report.metrics.items())[:4])
    return StageResult(Outcome.PASSED, f"trained{': ' if figures else ''}{figures}")


def _settle(checkpoints: Checkpoints, report: UserReport, result: StageResult, *, resumed: bool) -> None:
    """Leaves the next run its checkpoint if there is one; a store that fails now changes no outcome.

    What a killed process wrote last may be half a file, so it counts only if a look before saw it as it is. A resumed
    run that raised before it wrote anything would do so again: the next one starts afresh.
    """
    killed = report.completed.timed_out or report.completed.exit_code < 0
    stuck = resumed and report.exception is not None and newest(checkpoints.folder) is None
    try:
        if result.outcome is Outcome.PASSED or result.category is Category.MODEL or stuck:
            checkpoints.forget()
        elif killed:
            checkpoints.look()
        else:
            checkpoints.finish()
    except (KitError, OSError) as error:
        checkpoints.log(f"the checkpoints in the store could not be brought up to date: {error}")


def _collect(
    context: StageContext, result: StageResult, report: UserReport, made: Mapping[str, Path], facts: dict[str, Value]
) -> StageResult:
    """The result with everything that is there: curves in any case, the model where it passed."""
    paths = {name: context.outputs.get(name, context.out / path) for name, path in OWN_OUTPUTS.items()}
    paths["curves"].write_text(as_json(report.curves), encoding="utf-8")
    paths["curves_table"].write_text(as_csv(report.curves), encoding="utf-8")
    kinds = {name: Output(path.relative_to(context.out).as_posix(), "report") for name, path in paths.items()}
    measurements = {**finite(report.metrics), "steps": len(report.curves)}
    if result.outcome is Outcome.PASSED:
        facts["model_digest"] = digest_tree(made[MODEL])
        for name, path in made.items():
            kind = "model" if name == MODEL else "data"
            kinds[name] = Output(path.relative_to(context.out).as_posix(), kind)
    return replace(result, measurements=measurements, outputs=kinds, facts={**facts, **result.facts})
