"""Jenkins as the kit's port for CI servers; each method imports what it needs when it is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING

from pipeline_kit.render.plain_server import PlainServer

if TYPE_CHECKING:
    from pipeline_kit.contract.ci_file import CiFile
    from pipeline_kit.descriptor.model import Descriptor
    from pipeline_kit.descriptor.origin import Setting
    from pipeline_kit.lint.finding import Finding, Rule
    from pipeline_kit.plan.model import Plan
    from pipeline_kit.render.client import Client
    from pipeline_kit.render.job_facts import JobFacts
    from pipeline_kit.render.keys import KeyFinder
    from pipeline_kit.render.server import Server
    from pipeline_kit.render.sources import LineSource

SUFFIXES = (".groovy", ".jenkinsfile", ".Jenkinsfile", ".jenkins")
BLOCKS = ("pipeline {", "node {", "node(")


class Jenkins(PlainServer):
    """Jenkins."""

    template_file = "Jenkinsfile.j2"
    secret_advice = "In Jenkins a credential of the type secret file or secret text."
    client_options = MappingProxyType(
        {
            "user": "whose token it is",
            "job": "the multibranch pipeline",
            "repository": "the git address of what it builds",
        }
    )

    def values(self, plan: Plan, descriptor: Descriptor, extras: Sequence[str]) -> Mapping[str, object]:
        """What the template prints."""
        from pipeline_kit.servers.jenkins.render import template_values

        return template_values(plan, descriptor, extras)

    def finder(self, plan: Plan, descriptor: Descriptor, settings: Setting) -> KeyFinder:
        """What finds the keys behind a line."""
        from pipeline_kit.servers.jenkins.sources import JenkinsKeys

        return JenkinsKeys(plan, descriptor, settings)

    def explain(
        self, plan: Plan, descriptor: Descriptor, settings: Setting, extras: Sequence[str] = ()
    ) -> Sequence[LineSource]:
        """The lines of the template; a bracket that closes a block is explained by the line that opens it."""
        from pipeline_kit.servers.jenkins.sources import with_closers

        return with_closers(super().explain(plan, descriptor, settings, extras))

    def settings_needed(self, plan: Plan, descriptor: Descriptor) -> Iterable[str]:
        """What must be set on Jenkins."""
        from pipeline_kit.servers.jenkins.settings import jenkins_settings

        return jenkins_settings(plan, descriptor)

    def added_order(self, plan: Plan) -> Iterable[str]:
        """The jobs that wait for the whole level before theirs."""
        from pipeline_kit.servers.jenkins.barriers import added_order

        return added_order(plan)

    def facts(self, text: str) -> Mapping[str, JobFacts]:
        """The stages of a `Jenkinsfile`."""
        from pipeline_kit.servers.jenkins.facts import jenkins_facts

        return jenkins_facts(text)

    def planned(self, plan: Plan, descriptor: Descriptor) -> Mapping[str, JobFacts]:
        """The jobs of the rendered file."""
        from pipeline_kit.servers.jenkins.planned import planned_facts

        return planned_facts(plan, descriptor)

    def is_its_file(self, name: str, text: str) -> bool:
        """Whether its name says Groovy, or its text has a block of a pipeline."""
        path = PurePath(name)
        if path.name.startswith(self.words.file) or path.suffix in SUFFIXES:
            return True
        return any(block in text for block in BLOCKS)

    def lint(self, name: str, text: str) -> Iterable[Finding]:
        """What is wrong in a `Jenkinsfile`."""
        from pipeline_kit.servers.jenkins.lint.lint import lint_jenkins

        return lint_jenkins(text)

    def lint_rules(self) -> Sequence[Rule]:
        """The rules of the lint."""
        from pipeline_kit.servers.jenkins.lint.rules import RULES

        return RULES

    def read(self, text: str) -> CiFile | None:
        """The stages of an existing `Jenkinsfile`."""
        from pipeline_kit.servers.jenkins.read import read_jenkins

        return read_jenkins(text, self.words)

    def client(self, options: Mapping[str, str], seconds: float) -> Client:
        """A multibranch job on a Jenkins: `url`, `user`, `token`, `job` and `repository`."""
        from pipeline_kit.servers.jenkins.client import connect

        return connect(options, seconds)


SERVER: Server = Jenkins("jenkins", Path(__file__).parent)
