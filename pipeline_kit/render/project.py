"""All CI files of a project from its plan, and what no file can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline_kit import __version__
from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.plan.model import Plan
from pipeline_kit.render.settings import settings_needed
from pipeline_kit.servers.gitlab.render import render_gitlab
from pipeline_kit.servers.jenkins.barriers import added_order
from pipeline_kit.servers.jenkins.render import render_jenkins

GITLAB_FILE = ".gitlab-ci.yml"
JENKINS_FILE = "Jenkinsfile"


@dataclass(frozen=True, slots=True)
class RenderedProject:
    """The files by path, what must be set on the servers by hand, and the order that an executor adds."""

    files: Mapping[str, str]
    settings_needed: tuple[str, ...] = field(default=())
    barriers: tuple[str, ...] = field(default=())


def render_project(plan: Plan, descriptor: Descriptor) -> RenderedProject:
    """The project's CI files. The same plan gives the same bytes, whatever the machine or the hour.

    Raises UsageError where a value that a server reads itself holds what the server would expand.
    """
    return RenderedProject(
        files={
            GITLAB_FILE: headed(render_gitlab(plan, descriptor), "#"),
            JENKINS_FILE: headed(render_jenkins(plan, descriptor), "//"),
        },
        settings_needed=settings_needed(plan, descriptor),
        barriers=added_order(plan),
    )


def headed(body: str, comment: str) -> str:
    """The body under its two lines of header. The digest is of the body, so that an edit by hand shows."""
    digest = digest_bytes(body.encode())
    return (
        f"{comment} Rendered by pipeline-kit {__version__} from pipeline-kit.yml, {digest}.\n"
        f"{comment} Do not edit: change pipeline-kit.yml and run `pipeline-kit render`.\n{body}"
    )


def edited_by_hand(text: str) -> bool:
    """Whether a file that the kit rendered has been changed since; false for a file without the kit's header."""
    first, _, rest = text.partition("\n")
    _, _, body = rest.partition("\n")
    _, found, digest = first.partition("from pipeline-kit.yml, ")
    return bool(found) and digest.removesuffix(".") != digest_bytes(body.encode())
