"""The CI files of a project, for every server that it may use: the built-in ones, and those of its plugins."""

from __future__ import annotations

from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.descriptor.origin import Setting
from pipeline_kit.plan.model import Plan
from pipeline_kit.render.project import RenderedProject, render_for, report_extras
from pipeline_kit.render.server import Server
from pipeline_kit.render.sources import LineSource
from pipeline_kit.servers import SERVERS


def servers_of(descriptor: Descriptor) -> tuple[Server, ...]:
    """The servers that a project may use, in the table's order."""
    return tuple(SERVERS.all(descriptor.plugins).values())


def render_project(plan: Plan, descriptor: Descriptor) -> RenderedProject:
    """The project's CI files, one for each server.

    Raises UsageError where a value that a server reads itself holds what the server would expand.
    """
    return render_for(plan, descriptor, servers_of(descriptor))


def line_sources(plan: Plan, descriptor: Descriptor, settings: Setting) -> dict[str, tuple[LineSource, ...]]:
    """The source of every line of the CI files, by file."""
    servers = servers_of(descriptor)
    extras = report_extras(descriptor, servers)
    return {server.words.file: tuple(server.explain(plan, descriptor, settings, extras)) for server in servers}
