"""The plan as a shell script that runs the jobs one after the other."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.contract.ci_file import CiFile, CiJob, Place
from pipeline_kit.descriptor.model import Descriptor, EventPattern, Secret, SecretType
from pipeline_kit.descriptor.origin import Setting
from pipeline_kit.descriptor.secret_variables import secret_variable
from pipeline_kit.lint.finding import Finding, Findings, Level, Rule
from pipeline_kit.plan.model import Plan, PlannedJob
from pipeline_kit.render import value_sources
from pipeline_kit.render.install import install_command
from pipeline_kit.render.job_facts import JobFacts
from pipeline_kit.render.keys import KeyFinder
from pipeline_kit.render.plain_server import PlainServer
from pipeline_kit.render.server import Server
from pipeline_kit.render.settings import used_secrets

UNSET = Rule("SH001", Level.ERROR, "a script goes on with variables that are not set", "echo $A", "add `set -u`")
JOB = re.compile(r"# job (\w+)\nif starts .*? && have_passed ?([\w ]*?)(?: && answered (\w+))?; then\n")


@dataclass(frozen=True)
class JobView:
    """A job, each field ready to print."""

    name: str
    events: str
    needs: str
    question: str
    secrets: tuple[str, ...]
    script: str
    outcome: str


SOURCES = {
    **value_sources.SOURCES,
    "job.events": value_sources.EVENTS,
    "job.question": value_sources.APPROVAL,
    "job.outcome": value_sources.SOURCES["job.name"],
}


class ShellKeys(KeyFinder):
    """What the template's own values come from."""

    sources = SOURCES


class Shell(PlainServer):
    """A shell script in the repository."""

    template_file = "pipeline.sh.j2"

    def values(self, plan: Plan, descriptor: Descriptor, extras: Sequence[str]) -> Mapping[str, object]:
        """What the template prints."""
        install = install_command(descriptor, plan, extras)
        return {"install": install or "", "jobs": tuple(view(job) for job in plan.jobs)}

    def finder(self, plan: Plan, descriptor: Descriptor, settings: Setting) -> KeyFinder:
        """What finds the keys behind a line."""
        return ShellKeys(plan, descriptor, settings)

    def settings_needed(self, plan: Plan, descriptor: Descriptor) -> Iterable[str]:
        """The variables of the secrets."""
        names = [secret.servers.get("shell") for secret in used_secrets(plan)]
        return [f"the shell: export {name}" for name in names if name]

    def facts(self, text: str) -> Mapping[str, JobFacts]:
        """The jobs that the script starts."""
        return {
            name: JobFacts(needs=set(needs.split()), manual=bool(question))
            for name, needs, question in JOB.findall(text)
        }

    def lint(self, name: str, text: str) -> Iterable[Finding]:
        """Whether the script notices variables that are not set."""
        findings = Findings([UNSET])
        if "set -u" not in text.splitlines():
            findings.add("SH001", 1, 1, "the script goes on with variables that are not set")
        return findings

    def lint_rules(self) -> Sequence[Rule]:
        """The one rule."""
        return (UNSET,)

    def read(self, text: str) -> CiFile | None:
        """Every line of an old script, as one job."""
        lines = tuple((line, at) for at, line in enumerate(text.splitlines(), 1) if line and not line.startswith("#"))
        return CiFile(self.words.file, (CiJob("script", Place(self.words.file), lines),))


def view(job: PlannedJob) -> JobView:
    """The job as the template prints it."""
    prefix = job.runner.servers.get("shell") if job.runner else None
    command = f"pipeline-kit job {job.name}"
    return JobView(
        name=job.name,
        events=" ".join(shlex.quote(pattern(event)) for event in job.events),
        needs=" ".join(job.needs),
        question=job.name if job.waits_for_a_person else "",
        secrets=tuple(export for secret in job.secrets for export in exports(secret)),
        script=f"{prefix} {command}" if prefix else command,
        outcome=job.name,
    )


def pattern(event: EventPattern) -> str:
    """An event as a pattern of `case`."""
    return f"{event.kind.value}:{event.pattern}"


def exports(secret: Secret) -> Sequence[str]:
    """What hands a secret to the job."""
    name, source = secret_variable(secret.name), secret.servers.get("shell")
    if source is None:
        return ()
    parts = ("_USERNAME", "_PASSWORD") if secret.type is SecretType.USERNAME_PASSWORD else ("",)
    return [f'{name}{part}="${source}{part}"' for part in parts]


SERVER: Server = Shell("shell", Path(__file__).parent)
