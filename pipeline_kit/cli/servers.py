"""The CI servers by the names that the command line takes."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from pipeline_kit.catalog import Servers
from pipeline_kit.descriptor.grammar import GRAMMARS
from pipeline_kit.descriptor.problem import DescriptorError
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import NO_PLUGINS, Plugins, normalised
from pipeline_kit.project.open import catalog_of


def files(plugins: Plugins = NO_PLUGINS) -> dict[str, str]:
    """Each server's CI file, by the server's name."""
    return {name: words.file for name, words in Servers(plugins).items()}


def named_plugins(arguments: argparse.Namespace, root: Path) -> Plugins:
    """The packages that `--plugin` names, for a project in that directory.

    Raises UsageError where one is not installed, or `--kit-lock` does not name a lock file that pins them for CI.
    """
    packages, lock = arguments.plugin or (), arguments.kit_lock
    plugins = Plugins(tuple({normalised(name): name for name in reversed(packages)}.values())[::-1])
    for package in packages:
        if complaint := GRAMMARS["distribution"].complaint(package):
            raise UsageError(f"--plugin: {package!r} {complaint[0]}", hint=complaint[1])
    plugins.versions()
    if plugins.packages and lock is None:
        hint = "--kit-lock takes a lock file with hashes that holds the kit and its plugins"
        raise UsageError(f"--plugin: nothing pins {', '.join(plugins.packages)} for CI", hint=hint)
    if lock is not None and (GRAMMARS["path"].complaint(lock) or not (root / lock).is_file()):
        raise UsageError(f"--kit-lock: {root} has no file {lock}", hint="its path is relative to the project")
    return plugins


def plugins_in(directory: Path) -> Plugins:
    """The plugins of the project in a directory, as far as its descriptor can be read."""
    try:
        return catalog_of(directory).plugins
    except DescriptorError:
        return NO_PLUGINS


def files_in(directory: Path) -> dict[str, str]:
    """Each server's CI file, with the servers of the plugins of the project in a directory."""
    return files(plugins_in(directory))


def chosen(text: str | None, known: Mapping[str, str]) -> tuple[str, ...]:
    """The servers that `--ci` names, or all. Raises UsageError for another name, or none."""
    servers = tuple(known) if text is None else tuple(part.strip() for part in text.split(",") if part.strip())
    for server in servers:
        if server not in known:
            raise UsageError(f"--ci: unknown CI server {server!r}", hint=f"one of: {', '.join(known)}")
    if not servers:
        raise UsageError("--ci names no CI server", hint=f"one or more of: {','.join(known)}")
    return servers
