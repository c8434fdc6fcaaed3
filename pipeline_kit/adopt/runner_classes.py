"""Images and tags of an old CI file as runner classes."""

from __future__ import annotations

import re

from pipeline_kit.adopt.draft import DraftRunner
from pipeline_kit.contract.ci_file import CiJob, Lost
from pipeline_kit.contract.wording import fresh, job_name, readable
from pipeline_kit.descriptor.grammar import GRAMMARS

OLDEST = 11  # the minor version of Python that the kit itself runs on


class Runners:
    """The runner classes so far; jobs that ask for the same share one."""

    def __init__(self) -> None:
        self.found: list[DraftRunner] = []
        self.told: set[str] = set()

    def of(self, job: CiJob, lost: list[Lost]) -> str | None:
        """The name of the job's runner class, made where it is new; none where it asks for nothing that is kept."""
        image = self.image(job, lost)
        tags = tuple(tag for tag in dict.fromkeys(job.tags) if not GRAMMARS["gitlab_tag"].complaint(tag))
        label = job.label if job.label and not GRAMMARS["jenkins_label"].complaint(job.label) else ""
        if not (image or tags or label):
            return None
        for each in self.found:
            if (each.image, each.gitlab, each.jenkins) == (image, tags, label):
                return each.name
        word = "_".join(tags) or label or (image or "").rpartition("/")[2].partition("@")[0]
        name = fresh(job_name(word, "runner")[:36], [each.name for each in self.found])
        self.found.append(DraftRunner(name, image, tags, label, f"{job.place}: of the job {readable(job.name, 40)}"))
        return name

    def image(self, job: CiJob, lost: list[Lost]) -> str | None:
        """The job's image, where the kit can run in it; otherwise that is told, once for each image."""
        if job.image is None:
            return None
        why = _unfit(job.image)
        if why is None:
            return job.image
        if job.image not in self.told:
            self.told.add(job.image)
            lost.append(Lost(job.place, f"image {readable(job.image, 60)}: {why}"))
        return None


def _unfit(image: str) -> str | None:
    """Why a job of the kit cannot run in an image, as far as its name tells."""
    complaint = GRAMMARS["image"].complaint(image)
    if complaint:
        return f"it {complaint[0]}; {complaint[1]}"
    found = re.search(r"python[:-]?(?:[a-z-]*)3\.([0-9]+)", image)
    if found and int(found.group(1)) < OLDEST:
        return f"the kit itself needs Python 3.{OLDEST} or newer in the image, beside the project's own"
    if "python" not in image and "conda" not in image and "uv" not in image and "cuda" not in image:
        return (
            f"its name does not say that it has the Python 3.{OLDEST} that the kit needs: add a runner class if it has"
        )
    return None
