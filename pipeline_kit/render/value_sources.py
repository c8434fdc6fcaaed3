"""What the values that templates have in common come from: keys of the descriptor, and a sentence on how."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """What a line means, and the keys that its value is made from.

    Each of `keys` is one or more keys with spaces between; the first of them that the descriptor sets is the one that
    counts. `{job}` is the job, `{before}` every job before it, `{any}` every job, `{first_release}` for the
    first that changes the world, and `{runner}`, `{environment}`, `{secret}` and `{schedule}` for those that the line
    is about. With `value` a key counts only where it is set to that.
    """

    says: str
    keys: tuple[str, ...] = ()
    value: str = ""


EVENTS = Source(
    "What starts the job; one that names no events starts on what starts all its needs, one without needs on all.",
    ("jobs.{job}.events", "jobs.{before}.events"),
)
APPROVAL = Source(
    "A person must start the job: by its own `when`, or by the approval of its environment.",
    ("jobs.{job}.when", "environments.{environment}.approval jobs.{job}.environment"),
    value="manual",
)
CHANGES = Source(
    "A merge request starts the job only where it changes one of these; what narrows a need narrows the job.",
    ("jobs.{job}.changes", "jobs.{before}.changes"),
)
TAKEN = Source(
    "The jobs whose results it reads: its needs, and the nearest ones that make what its stage consumes.",
    ("jobs.{job}.needs jobs.{job}.inputs",),
)
IMAGE = Source(
    "The image of its runner class, else the one that carries the kit.",
    ("runners.{runner}.image jobs.{job}.runner", "kit.image"),
)
TIMEOUT = Source("The server's time limit: the kit's own, and five minutes more to report.", ("jobs.{job}.timeout",))
LOCK = Source(
    "Only one job of this name runs at a time, in all pipelines: by its lock, or for its environment.",
    ("jobs.{job}.lock", "jobs.{job}.environment"),
)
SECRETS = Source(
    "A secret that the server hands to the job; the file holds its name only.",
    ("secrets.{secret} jobs.{job}.secrets environments.{environment}.secrets",),
)
SCRIPT = Source("The job's one line; what it does there is read from the descriptor.", ("jobs.{job}",))
OUT = Source("What the job leaves: its result, its JUnit report and its outputs.", ("jobs.{job}",))
INSTALL = Source("How the job gets the kit.", ("kit.lock", "kit.version kit.index"))
FIRST_RELEASE = Source(
    "A stage that changes the world: neither it nor what follows it is interrupted by a newer push.",
    ("jobs.{first_release}.stage",),
)
SCHEDULES = Source(
    "What starts by the clock, and how a build learns which it is.", ("schedules.{schedule}", "schedules")
)

REPORT = Source("A last job gathers what all jobs left into one report, whatever their end.", ("report",))
KEPT = "Whatever its end, a job's results are kept."
STORED = Source(
    "Models and checkpoints go to the store, and so not into the server's artifacts.",
    ("store jobs.{job}.outputs",),
)

SOURCES = {
    "install": INSTALL,
    "report": REPORT,
    **{f"report.{name}": REPORT for name in ("image", "needs", "script")},
    "job.name": Source("The job.", ("jobs.{job}",)),
    "job.image": IMAGE,
    "job.needs": TAKEN,
    "job.changes": CHANGES,
    "job.manual": APPROVAL,
    "job.timeout": TIMEOUT,
    "job.interruptible": FIRST_RELEASE,
    "job.environment": Source("The environment that the job acts on.", ("jobs.{job}.environment",)),
    "job.lock": LOCK,
    "job.secrets": SECRETS,
    "job.script": SCRIPT,
    "job.out": OUT,
    "job.exclude": STORED,
}
"""By the name of a value in a template; `job` is a job's view, in any level."""

CONSTANTS = ((r"$", "An empty line, for the eye."),)
"""What lines mean that are the same in every file, by how they begin."""
UNCHANGING = "The same in every file that this version of the kit renders."


def value_name(path: str) -> str:
    """The name in `SOURCES` of a value's path, such as `job.rules.when` for `jobs.3.rules.0.when`."""
    name = ".".join(part for part in path.split(".") if not part.isdigit())
    name = re.sub(r"^(?:levels\.)?jobs\.", "job.", name)
    return re.sub(r"^rule\.", "job.rules.", name)
