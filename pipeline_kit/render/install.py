"""How a job on a CI server gets the kit."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from pipeline_kit.descriptor.model import Descriptor, Kit
from pipeline_kit.plan.model import Plan, PlannedJob


def install_command(descriptor: Descriptor, plan: Plan, extras: Sequence[str] = ()) -> str | None:
    """The shell line that installs the pinned kit, with `extras` and those that the plan's stages need.

    `None` where the image has the kit.
    """
    kit = descriptor.kit
    if kit.image is not None:
        return None
    if kit.lock is not None:
        return f"pip install --require-hashes -r {shlex.quote(kit.lock.as_posix())}"
    index = f"--index-url {shlex.quote(kit.index)} " if kit.index is not None else ""
    needed = sorted({*extras, *(extra for job in plan.jobs for extra in job.spec.extras)})
    name = f"pipeline-kit[{','.join(needed)}]" if needed else "pipeline-kit"
    return f"pip install {index}{shlex.quote(f'{name}=={kit.version}')}"


def image_of(job: PlannedJob, kit: Kit) -> str | None:
    """The image a job runs in: its runner class's, else the kit's own, else none."""
    image = job.runner.image if job.runner is not None else None
    return image or kit.image
