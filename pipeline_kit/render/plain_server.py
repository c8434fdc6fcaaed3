"""A CI server whose file is a template: what one without lint, adoption, comments or an API answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING

from pipeline_kit.contract.server_file import read_server
from pipeline_kit.errors import UsageError
from pipeline_kit.render.templating import Template, fill

if TYPE_CHECKING:
    from pipeline_kit.contract.ci_file import CiFile
    from pipeline_kit.contract.login import Login
    from pipeline_kit.descriptor.model import Descriptor
    from pipeline_kit.descriptor.origin import Setting
    from pipeline_kit.descriptor.server_words import ServerWords
    from pipeline_kit.lint.finding import Finding, Rule
    from pipeline_kit.plan.model import Plan
    from pipeline_kit.render.client import Client
    from pipeline_kit.render.job_facts import JobFacts
    from pipeline_kit.render.keys import KeyFinder
    from pipeline_kit.render.sources import LineSource


class PlainServer:
    """A server in a folder with `server.yml` and a template; a subclass gives the template its values."""

    template_file = ""
    """The template's name in the folder."""
    artifact_limit = ""
    secret_advice = ""
    comment_extras: tuple[str, ...] = ()
    client_options: Mapping[str, str] = MappingProxyType({})

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder

    @cached_property
    def words(self) -> ServerWords:
        """What `server.yml` says."""
        return read_server(self.name, self.folder)

    @property
    def template(self) -> Template:
        """The template of the CI file."""
        return Template(self.folder / self.template_file, f"{self.name}/{self.template_file}")

    def values(self, plan: Plan, descriptor: Descriptor, extras: Sequence[str]) -> Mapping[str, object]:
        """What the template prints, by the template's names, each value quoted for the file's language."""
        raise NotImplementedError

    def render(self, plan: Plan, descriptor: Descriptor, extras: Sequence[str] = ()) -> str:
        """The template filled with the values."""
        return fill(self.template, **self.values(plan, descriptor, extras))

    def finder(self, plan: Plan, descriptor: Descriptor, settings: Setting) -> KeyFinder:
        """What finds the keys behind a line."""
        from pipeline_kit.render.keys import KeyFinder

        return KeyFinder(plan, descriptor, settings)

    def explain(
        self, plan: Plan, descriptor: Descriptor, settings: Setting, extras: Sequence[str] = ()
    ) -> Sequence[LineSource]:
        """The lines of the template with the keys of the values in them."""
        from pipeline_kit.render.sources import file_sources

        values = self.values(plan, descriptor, extras)
        finder = self.finder(plan, descriptor, settings)
        return file_sources(self.template, values, self.words.comment, finder)

    def settings_needed(self, plan: Plan, descriptor: Descriptor) -> Iterable[str]:
        """Nothing."""
        return ()

    def added_order(self, plan: Plan) -> Iterable[str]:
        """Nothing: the file keeps the plan's own order."""
        return ()

    def facts(self, text: str) -> Mapping[str, JobFacts]:
        """Nothing: a difference is shown as a diff only."""
        return {}

    def planned(self, plan: Plan, descriptor: Descriptor) -> Mapping[str, JobFacts]:
        """What `facts` reads from the rendered text: a server that reads much of it overrides this."""
        return self.facts(self.render(plan, descriptor))

    def is_its_file(self, name: str, text: str) -> bool:
        """Whether it has the CI file's own name."""
        return PurePath(name).name == PurePath(self.words.file).name

    def lint(self, name: str, text: str) -> Iterable[Finding]:
        """Nothing."""
        return ()

    def lint_rules(self) -> Sequence[Rule]:
        """Nothing."""
        return ()

    def read(self, text: str) -> CiFile | None:
        """Nothing."""
        return None

    def comment(self, markdown: str, variables: Mapping[str, str], token: str) -> bool:
        """Nothing is written."""
        return False

    def registry_login(self, host: str, variables: Mapping[str, str]) -> Login | None:
        """Nothing: the server has no registry of its own."""
        return None

    def client(self, options: Mapping[str, str], seconds: float) -> Client:
        """Raises UsageError: the server has no client."""
        raise UsageError(f"{self.words.title}: the kit has no client of its API")
