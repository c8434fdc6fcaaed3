"""All checks of a project's directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline_kit.doctor.finding import Finding
from pipeline_kit.doctor.machine import check_machine
from pipeline_kit.doctor.plugins import check_plugins
from pipeline_kit.doctor.probe import probe_machine, probe_plugins, probe_project, probe_servers, read_project
from pipeline_kit.doctor.project import check_project
from pipeline_kit.doctor.servers import check_servers


def examine(root: Path) -> Mapping[str, tuple[Finding, ...]]:
    """The findings by what they are about: this machine, this project, its CI files."""
    read = read_project(root)
    machine = probe_machine(root, read)
    plugins = tuple(check_plugins(probe_plugins(read)))
    return {
        "this machine": tuple(check_machine(machine)),
        "this project": tuple(check_project(probe_project(root, read), machine)),
        **({"its plugins": plugins} if plugins else {}),
        "its CI files": tuple(check_servers(probe_servers(root, read))),
    }
