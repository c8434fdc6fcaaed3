"""Whether earlier results are of what is here now: what their jobs read must not have changed since."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.digest import digest_file
from pipeline_kit.errors import DataError

DECISIONS = "pipeline-kit.decisions.json"
"""A person writes it after the jobs it is about have run, so it makes none of them stale."""


def refuse_stale(context: StageContext) -> None:
    """Raises DataError naming the first job before this one that read something else than there is now.

    Compared are the files and datasets that this job has too, and the results that one earlier job read of another.
    """
    for job, upstream in context.upstream.items():
        for name, digest in sorted(upstream.record.inputs.items()):
            if name != DECISIONS and any(now != digest for now in _now(context, name)):
                raise DataError(
                    f"the results of {job} are stale: {name} has changed since",
                    hint=f"run it again: pipeline-kit run {context.job}",
                )


def _now(context: StageContext, name: str) -> Iterator[str]:
    """The digest that an input has now, if this job has it too."""
    before, _, after = name.partition(".")
    if before == "data" and after in context.datasets:
        yield context.datasets[after].digest
    elif before in context.upstream and after in context.upstream[before].record.outputs:
        yield context.upstream[before].record.outputs[after].digest
    elif (context.workspace / name).is_file():
        yield digest_file(context.workspace / name)
