"""The command: one call of the project's code, and its declared outputs collected."""

from __future__ import annotations

from pipeline_kit.contract.call_inputs import collected, missing_output, named_inputs, user_failure
from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.ports import UserCall
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.errors import Category

from .settings import settings_of


def run(context: StageContext) -> StageResult:
    """Passed when the code ended well and left every declared output."""
    settings = settings_of(context.settings)
    call = UserCall(
        entry=settings.call.run,
        parameters=settings.call.parameters,
        seed=settings.call.seed,
        inputs=named_inputs(context),
        outputs=context.outputs,
        name=context.job,
    )
    report = context.python().call(call, cwd=context.workspace)
    failed = user_failure(report)
    if failed is not None:
        return failed
    if missing := missing_output(context.outputs):
        return StageResult(Outcome.FAILED, missing, Category.PROJECT)
    outputs = collected(context, call.outputs)
    reason = f"the command ended well after {report.completed.seconds:.1f} s"
    return StageResult(Outcome.PASSED, reason, None, dict(report.metrics), outputs)
