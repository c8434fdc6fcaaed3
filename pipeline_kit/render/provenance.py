"""What each value of the templates comes from: keys of the descriptor, and a sentence on how."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """What a line means, and the keys that its value is made from.

    Each of `keys` is one or more keys with spaces between; the first of them that the descriptor sets is the one that
    counts. `{job}` stands for the job, `{before}` for every job before it, `{any}` for every job, `{settled}` for the
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
LABEL = Source("The label of its runner class.", ("runners.{runner}.jenkins jobs.{job}.runner",))
AGENT = Source("The agent of its runner class; any agent where the job names none.", ("jobs.{job}.runner", "kit.image"))
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
SETTLED = Source(
    "A stage that changes the world: neither it nor what follows it is interrupted by a newer push.",
    ("jobs.{settled}.stage",),
)
SCHEDULES = Source(
    "What starts by the clock, and how a build learns which it is.", ("schedules.{schedule}", "schedules")
)
LEVEL = Source(
    "Jenkins has no graph of jobs: a level's jobs run side by side, after all of the level before.", ("jobs",)
)
EARLY = Source(
    "The conditions are weighed before an agent is asked for, and before a person is.", ("jobs.{job}.needs",)
)

REPORT = Source("A last job gathers what all jobs left into one report, whatever their end.", ("report",))

SOURCES = {
    "workflow": Source("The pipeline starts on every event that starts one of its jobs.", ("jobs.{any}.events",)),
    "push_beside": Source(
        "A push with an open merge request runs the merge request's pipeline only.", ("jobs.{any}.events",)
    ),
    "stages": Source("A stage for each level: the longest path of needs from a job without any.", ("jobs",)),
    "lock": Source("pip's downloads are kept as long as the lock file stays the same.", ("project.lock",)),
    "install": INSTALL,
    "by_schedule": SCHEDULES,
    "triggers": SCHEDULES,
    "newest": SETTLED,
    "settles": SETTLED,
    "level.settled": SETTLED,
    "levels.name": LEVEL,
    "level.jobs": LEVEL,
    "report": REPORT,
    **{f"report.{name}": REPORT for name in ("image", "tags", "needs", "variables", "script", "agent", "unstash")},
    "job.told": REPORT,
    "job.name": Source("The job.", ("jobs.{job}",)),
    "job.stage": Source("Its level: the longest path of needs before it.", ("jobs.{job}.needs",)),
    "job.image": IMAGE,
    "job.tags": Source("The tags that a runner must have.", ("runners.{runner}.gitlab jobs.{job}.runner",)),
    "job.needs": TAKEN,
    "job.unstash": TAKEN,
    "job.conditions": Source("When the job starts; all of it must hold.", ("jobs.{job}.needs jobs.{job}.events",)),
    "job.conditions.needs": Source("The job starts only where this need has passed.", ("jobs.{job}.needs",)),
    "job.conditions.events": EVENTS,
    "job.conditions.changes": CHANGES,
    "job.conditions.forks": Source(
        "A merge request from a fork gets no secrets and deploys nothing.",
        ("jobs.{job}.secrets environments.{environment}.secrets jobs.{job}.environment", "jobs.{job}.needs"),
    ),
    "job.early": EARLY,
    "job.agent": AGENT,
    "job.agent.image": IMAGE,
    "job.agent.label": LABEL,
    "job.question": APPROVAL,
    "job.rules.condition": EVENTS,
    "job.rules.changes": CHANGES,
    "job.rules.when": EVENTS,
    "job.rules.when.manual": APPROVAL,
    "job.manual": APPROVAL,
    "job.timeout": TIMEOUT,
    "job.timeout_minutes": TIMEOUT,
    "job.interruptible": SETTLED,
    "job.environment": Source("The environment that the job acts on.", ("jobs.{job}.environment",)),
    "job.resource_group": LOCK,
    "job.lock": LOCK,
    "job.variables": SECRETS,
    "job.secrets": SECRETS,
    "job.script": SCRIPT,
    "job.out": OUT,
    "job.outcome": Source("The job has passed: what the jobs that need it ask for.", ("jobs.{job}",)),
    "job.exclude": Source(
        "Models and checkpoints go to the store, and so not into the server's artifacts.",
        ("store jobs.{job}.outputs",),
    ),
}
"""By the name of a value in the templates; `job` is a job's view, whichever level it stands in."""

CONSTANTS = (
    (r"$", "An empty line, for the eye."),
    (
        r"auto_cancel:|on_new_commit:",
        "A newer push cancels older pipelines, up to the first job that changes the world.",
    ),
    (r"interruptible:", "A newer push may cancel a job, unless the job says otherwise."),
    (
        r"retry:|max:|exit_codes:|when: \[",
        "A job runs once more where the infrastructure failed, and for no other reason.",
    ),
    (
        r"cache:|key:|paths: \[\.pipeline-kit/cache|variables:|PIP_CACHE_DIR:",
        "pip's downloads are kept between pipelines.",
    ),
    (r"artifacts:|when: always|expire_in:|post \{|always \{", "Whatever its end, a job's results are kept."),
    (r"retry\(", "A stage runs once more where its agent was lost."),
    (r"catchError|script \{", "A failed job stops what needs it, and nothing else."),
    (r"disableConcurrentBuilds", "A newer push cancels older builds."),
    (r"parallel \{", LEVEL.says),
    (r"agent none", "No agent is held while nothing runs: each job asks for its own."),
)
"""What lines mean that are the same in every file, by how they begin."""


def value_name(path: str) -> str:
    """The name in `SOURCES` of a value's path, such as `job.rules.when` for `jobs.3.rules.0.when`."""
    name = ".".join(part for part in path.split(".") if not part.isdigit())
    name = re.sub(r"^(?:levels\.)?jobs\.", "job.", name)
    return re.sub(r"^rule\.", "job.rules.", name)


def constant_meaning(text: str) -> str:
    """What a line without any value means."""
    said = (meaning for pattern, meaning in CONSTANTS if re.match(pattern, text.strip()))
    return next(said, "The same in every file that this version of the kit renders.")
