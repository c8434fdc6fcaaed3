"""`pipeline-kit init`: a new project whose pipeline passes at once, or a descriptor for a project that is there."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline_kit.adapters.files import write_atomically
from pipeline_kit.adapters.git.repository import project_files
from pipeline_kit.cli.asking import ask, asks
from pipeline_kit.cli.output import say
from pipeline_kit.cli.servers import chosen, files, named_plugins
from pipeline_kit.errors import UsageError
from pipeline_kit.project.open import open_project
from pipeline_kit.render.scaffold import profiles, scaffold, suggested_name
from pipeline_kit.servers.project import render_project


def execute(arguments: argparse.Namespace) -> int:
    """Adopts the project in the directory; without a project, or with a profile, makes a new one."""
    target = (arguments.directory / arguments.target).resolve()
    if arguments.profile is None and target.is_dir():
        from pipeline_kit.adopt.read.survey import is_project

        names = project_files(target)
        if (target / "pipeline-kit.yml").exists() or is_project(names, named_plugins(arguments, target)):
            from pipeline_kit.cli.adoption import adopt

            return adopt(target, names, arguments)
    for option in ("dry_run", "force", "train"):
        if getattr(arguments, option):
            why = f"--profile {arguments.profile} makes a new one" if arguments.profile else f"{target} holds none"
            message = f"--{option.replace('_', '-')} is for a project that is there, and {why}"
            raise UsageError(message, hint="leave it out, or name the project's directory")
    return make(target, arguments)


def make(target: Path, arguments: argparse.Namespace) -> int:
    """Writes the new project's files, then its CI files; overwrites nothing."""
    asked = asks(arguments)
    profile = arguments.profile or (ask_profile() if asked else profiles()[0].name)
    name = arguments.name or (ask("name", suggested_name(target.name)) if asked else suggested_name(target.name))
    plugins = named_plugins(arguments, target)
    known = files(plugins)
    ci_files = list(dict.fromkeys(known[server] for server in chosen(arguments.ci, known)))
    made = scaffold(profile, name, ci_files, plugins, arguments.kit_lock)
    refuse_existing(target, [*made, *ci_files])
    if same := sorted(set(made) & set(ci_files)):
        raise UsageError(f"--ci: a CI server's file is {same[0]}, which the project has already")
    write_all(target, made)
    project = open_project(target)
    rendered = render_project(project.plan, project.descriptor)
    write_all(target, {file: rendered.files[file] for file in ci_files})
    say(f"made {name} ({profile}) in {target}: {len(made) + len(ci_files)} files")
    say(f"next: cd {shlex.quote(str(target))} && git init && pipeline-kit run")
    return 0


def ask_profile() -> str:
    """The profile that a person chooses."""
    for profile in profiles():
        say(f"  {profile.name:10} {profile.help}")
    return ask("profile", profiles()[0].name)


def refuse_existing(target: Path, names: Sequence[str]) -> None:
    """Raises UsageError where a file would be overwritten."""
    existing = [name for name in names if (target / name).exists()]
    if existing:
        more = f" and {len(existing) - 3} more" if len(existing) > 3 else ""
        message = f"{target} already has {', '.join(existing[:3])}{more}; nothing was written"
        raise UsageError(message, hint="init begins a new project: name an empty directory")


def write_all(target: Path, files: Mapping[str, str]) -> None:
    """Writes the files."""
    for name, text in files.items():
        write_atomically(target / name, text)
