"""A CI server as the rest of the kit sees it. Each is a folder below `servers/`, or comes from a plugin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from pipeline_kit.contract.ci_file import CiFile
from pipeline_kit.contract.login import Login
from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.descriptor.origin import Setting
from pipeline_kit.descriptor.server_words import ServerWords
from pipeline_kit.lint.finding import Finding, Rule
from pipeline_kit.plan.model import Plan
from pipeline_kit.render.client import Client
from pipeline_kit.render.job_facts import JobFacts
from pipeline_kit.render.sources import LineSource


class Server(Protocol):
    """A CI server. `PlainServer` has an answer for each of these but `values`, for a server without the feature."""

    @property
    def words(self) -> ServerWords:
        """What its `server.yml` says: name, title, CI file, grammars and limits."""

    @property
    def artifact_limit(self) -> str:
        """How large artifacts may be there, such as `example.com takes 1 GB a job`; empty where it has no limit."""

    @property
    def secret_advice(self) -> str:
        """Where a secret of several lines belongs there, as a sentence; empty where there is nothing to advise."""

    @property
    def comment_extras(self) -> tuple[str, ...]:
        """The kit's extras that `comment` needs: every job installs them where the descriptor asks for comments."""

    def render(self, plan: Plan, descriptor: Descriptor, extras: Sequence[str] = ()) -> str:
        """The body of its CI file, without the header; jobs install the kit with `extras` of it.

        Raises UsageError where a value holds what the server would expand.
        """

    def explain(
        self, plan: Plan, descriptor: Descriptor, settings: Setting, extras: Sequence[str] = ()
    ) -> Sequence[LineSource]:
        """Where each line of its CI file comes from, the header's lines included."""

    def settings_needed(self, plan: Plan, descriptor: Descriptor) -> Iterable[str]:
        """What must be set on the server by hand, a sentence each."""

    def added_order(self, plan: Plan) -> Iterable[str]:
        """A sentence for each job that waits there for jobs which it does not need."""

    def facts(self, text: str) -> Mapping[str, JobFacts]:
        """The jobs of a CI file by name; empty where it is not understood. Raises nothing, whatever the text."""

    def planned(self, plan: Plan, descriptor: Descriptor) -> Mapping[str, JobFacts]:
        """The jobs of the CI file that `render` writes: what `facts` reads from it, but from the plan."""

    def is_its_file(self, name: str, text: str) -> bool:
        """Whether `lint` takes a file for one of this server's: by its name, or by its text."""

    def lint(self, name: str, text: str) -> Iterable[Finding]:
        """What is wrong in a CI file, in its order."""

    def lint_rules(self) -> Sequence[Rule]:
        """The rules of its findings."""

    def read(self, text: str) -> CiFile | None:
        """The jobs of an existing CI file, for adoption; `None` where there is nothing to read."""

    def comment(self, markdown: str, variables: Mapping[str, str], token: str) -> bool:
        """Writes the report into the merge request of this pipeline; false where it belongs to none.

        `variables` are the job's, `token` the name of the one with an access token. Raises UsageError where that is
        empty, InfrastructureError where the server refuses the comment.
        """

    def registry_login(self, host: str, variables: Mapping[str, str]) -> Login | None:
        """The login that the server hands to its jobs for its own registry; `None` for every other host."""

    @property
    def client_options(self) -> Mapping[str, str]:
        """What `client` must know beside the server's `url` and a `token`: each option's name, and what it is."""

    def client(self, options: Mapping[str, str], seconds: float) -> Client:
        """A client of a running server. Raises InfrastructureError where it cannot be reached."""
