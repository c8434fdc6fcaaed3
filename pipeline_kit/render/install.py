"""How a job on a CI server gets the kit."""

from __future__ import annotations

import shlex

from pipeline_kit.descriptor.model import Descriptor, Kit
from pipeline_kit.plan.model import Plan, PlannedJob


def install_command(descriptor: Descriptor, plan: Plan) -> str | None:
    """The shell line that installs the pinned kit with what the plan's stages need, or none where the image has it."""
    kit = descriptor.kit
    if kit.image is not None:
        return None
    if kit.lock is not None:
        return f"pip install --require-hashes -r {shlex.quote(kit.lock.as_posix())}"
    index = f"--index-url {shlex.quote(kit.index)} " if kit.index is not None else ""
    comments = ["gitlab"] if descriptor.report is not None and descriptor.report.comment else []
    extras = sorted({*comments, *(extra for job in plan.jobs for extra in job.spec.extras)})
    name = f"pipeline-kit[{','.join(extras)}]" if extras else "pipeline-kit"
    return f"pip install {index}{shlex.quote(f'{name}=={kit.version}')}"


def image_of(job: PlannedJob, kit: Kit) -> str | None:
    """The image a job runs in: its runner class's, else the kit's own, else none."""
    own = job.runner.image if job.runner is not None else None
    return own or kit.image
