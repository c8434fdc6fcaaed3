"""All CI files of a project from its plan, and what no file can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.plan.model import Plan
from pipeline_kit.render.header import headed
from pipeline_kit.render.settings import settings_needed

if TYPE_CHECKING:
    from pipeline_kit.render.server import Server


@dataclass(frozen=True, slots=True)
class RenderedProject:
    """The files by path, the server of each, what must be set on the servers by hand, and the order that they add."""

    files: Mapping[str, str]
    servers: Mapping[str, Server]
    plan: Plan
    descriptor: Descriptor
    settings_needed: tuple[str, ...] = field(default=())
    barriers: tuple[str, ...] = field(default=())


def render_for(plan: Plan, descriptor: Descriptor, servers: Sequence[Server]) -> RenderedProject:
    """The project's CI files for these servers. The same plan gives the same bytes, whatever the machine or the hour.

    Raises UsageError where a value that a server reads itself holds what the server would expand.
    """
    extras = report_extras(descriptor, servers)
    return RenderedProject(
        files={
            server.words.file: headed(server.render(plan, descriptor, extras), server.words.comment)
            for server in servers
        },
        servers={server.words.file: server for server in servers},
        plan=plan,
        descriptor=descriptor,
        settings_needed=settings_needed(plan, descriptor, servers),
        barriers=tuple(sentence for server in servers for sentence in server.added_order(plan)),
    )


def report_extras(descriptor: Descriptor, servers: Sequence[Server]) -> tuple[str, ...]:
    """The kit's extras that the report's comment needs, on whichever server; the same in every file."""
    if descriptor.report is None or descriptor.report.comment is None:
        return ()
    return tuple(sorted({extra for server in servers for extra in server.comment_extras}))
