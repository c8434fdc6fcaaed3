"""Images of an old CI file, and what chooses its machines, as runner classes."""

from __future__ import annotations

import re

from pipeline_kit.adopt.infer.draft import DraftRunner
from pipeline_kit.adopt.names import fresh, job_name
from pipeline_kit.contract.ci_file import CiJob, Lost
from pipeline_kit.contract.wording import readable
from pipeline_kit.descriptor.grammar import GRAMMARS
from pipeline_kit.descriptor.parameter import Value

OLDEST = 11  # the minor version of Python that the kit itself runs on


class Runners:
    """The runner classes so far; jobs that ask for the same share one."""

    def __init__(self) -> None:
        self.found: list[DraftRunner] = []
        self.reported: set[str] = set()

    def of(self, job: CiJob, lost: list[Lost]) -> str | None:
        """The name of the job's runner class, made where it is new; none where it asks for nothing that is kept."""
        image = self.image(job, lost)
        chosen = {server: value for server, value in job.runner.items() if value}
        if not (image or chosen):
            return None
        for runner in self.found:
            if (runner.image, runner.servers) == (image, chosen):
                return runner.name
        words = "_".join(words_of(value) for value in chosen.values())
        word = words or (image or "").rpartition("/")[2].partition("@")[0]
        name = fresh(job_name(word, "runner")[:36], [runner.name for runner in self.found])
        self.found.append(DraftRunner(name, image, chosen, f"{job.place}: of the job {readable(job.name, 40)}"))
        return name

    def image(self, job: CiJob, lost: list[Lost]) -> str | None:
        """The job's image, if the kit can run in it; otherwise the image is reported, once."""
        if job.image is None:
            return None
        why = _unfit(job.image)
        if why is None:
            return job.image
        if job.image not in self.reported:
            self.reported.add(job.image)
            lost.append(Lost(job.place, f"image {readable(job.image, 60)}: {why}"))
        return None


def words_of(value: Value) -> str:
    """What chooses a machine, as one word: a list's entries joined."""
    return "_".join(str(entry) for entry in value) if isinstance(value, list | tuple) else str(value)


def _unfit(image: str) -> str | None:
    """Why a job of the kit cannot run in an image, as far as its name shows."""
    complaint = GRAMMARS["image"].complaint(image)
    if complaint:
        return f"it {complaint[0]}; {complaint[1]}"
    match = re.search(r"python[:-]?(?:[a-z-]*)3\.([0-9]+)", image)
    if match and int(match.group(1)) < OLDEST:
        return f"the kit itself needs Python 3.{OLDEST} or newer in the image, beside the project's own"
    if "python" not in image and "conda" not in image and "uv" not in image and "cuda" not in image:
        return (
            f"its name does not say that it has the Python 3.{OLDEST} that the kit needs: add a runner class if it has"
        )
    return None
