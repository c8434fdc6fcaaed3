"""GitLab as the kit's port for CI servers; each method imports what it needs when it is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING

from pipeline_kit.render.plain_server import PlainServer

if TYPE_CHECKING:
    from pipeline_kit.contract.ci_file import CiFile
    from pipeline_kit.contract.login import Login
    from pipeline_kit.descriptor.model import Descriptor
    from pipeline_kit.descriptor.origin import Setting
    from pipeline_kit.lint.finding import Finding, Rule
    from pipeline_kit.plan.model import Plan
    from pipeline_kit.render.client import Client
    from pipeline_kit.render.job_facts import JobFacts
    from pipeline_kit.render.keys import KeyFinder
    from pipeline_kit.render.server import Server
    from pipeline_kit.render.sources import LineSource

WHOLE_FILES = (".gitlab-ci.yml", ".gitlab-ci.yaml")
"""The names of a pipeline's own file; a file of another name is one that such a file includes."""


class Gitlab(PlainServer):
    """GitLab."""

    template_file = "gitlab-ci.yml.j2"
    artifact_limit = "GitLab.com takes 1 GB a job"
    secret_advice = (
        "In GitLab a protected variable; for a masked one, which takes one line only, the output of "
        "`base64 -w 0 {file}`."
    )
    comment_extras = ("gitlab",)
    client_options = MappingProxyType({"project": "GROUP/NAME of a project made for this"})

    def values(self, plan: Plan, descriptor: Descriptor, extras: Sequence[str]) -> Mapping[str, object]:
        """What the template prints."""
        from pipeline_kit.servers.gitlab.render import template_values

        return template_values(plan, descriptor, extras)

    def finder(self, plan: Plan, descriptor: Descriptor, settings: Setting) -> KeyFinder:
        """What finds the keys behind a line."""
        from pipeline_kit.servers.gitlab.sources import GitlabKeys

        return GitlabKeys(plan, descriptor, settings)

    def explain(
        self, plan: Plan, descriptor: Descriptor, settings: Setting, extras: Sequence[str] = ()
    ) -> Sequence[LineSource]:
        """The lines of the template; a key with nothing behind it is explained by the line under it."""
        from pipeline_kit.servers.gitlab.sources import with_headers

        return with_headers(super().explain(plan, descriptor, settings, extras))

    def settings_needed(self, plan: Plan, descriptor: Descriptor) -> Iterable[str]:
        """What must be set on GitLab."""
        from pipeline_kit.servers.gitlab.settings import gitlab_settings

        return gitlab_settings(plan, descriptor)

    def facts(self, text: str) -> Mapping[str, JobFacts]:
        """The jobs of a `.gitlab-ci.yml`."""
        from pipeline_kit.servers.gitlab.facts import gitlab_facts

        return gitlab_facts(text)

    def planned(self, plan: Plan, descriptor: Descriptor) -> Mapping[str, JobFacts]:
        """The jobs of the rendered file."""
        from pipeline_kit.servers.gitlab.planned import planned_facts

        return planned_facts(plan, descriptor)

    def is_its_file(self, name: str, text: str) -> bool:
        """Whether it is YAML."""
        return PurePath(name).suffix in (".yml", ".yaml")

    def lint(self, name: str, text: str) -> Iterable[Finding]:
        """What is wrong in a file of GitLab's, or in one that another includes."""
        from pipeline_kit.servers.gitlab.lint.lint import lint_gitlab

        return lint_gitlab(text, fragment=PurePath(name).name not in WHOLE_FILES)

    def lint_rules(self) -> Sequence[Rule]:
        """The rules of the lint."""
        from pipeline_kit.servers.gitlab.lint.rules import RULES

        return RULES

    def read(self, text: str) -> CiFile | None:
        """The jobs of an existing `.gitlab-ci.yml`."""
        from pipeline_kit.servers.gitlab.read import read_gitlab

        return read_gitlab(text, self.words)

    def comment(self, markdown: str, variables: Mapping[str, str], token: str) -> bool:
        """Writes the report into the merge request of this pipeline."""
        from pipeline_kit.servers.gitlab.comment import comment

        return comment(markdown, variables, token)

    def registry_login(self, host: str, variables: Mapping[str, str]) -> Login | None:
        """The job's login at GitLab's own registry."""
        from pipeline_kit.servers.gitlab.login import registry_login

        return registry_login(host, variables)

    def client(self, options: Mapping[str, str], seconds: float) -> Client:
        """A project on a GitLab: `url`, `project` and `token`."""
        from pipeline_kit.servers.gitlab.client import connect

        return connect(options, seconds)


SERVER: Server = Gitlab("gitlab", Path(__file__).parent)
