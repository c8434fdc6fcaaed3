"""`pipeline-kit init` in a project: prints the summary, shows the diff, and writes once confirmed."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from pipeline_kit.adapters.files import write_atomically
from pipeline_kit.adopt.infer.propose import Choices
from pipeline_kit.adopt.write.changes import changes
from pipeline_kit.adopt.write.proposed import present_servers, propose_project
from pipeline_kit.cli.asking import asks, choose, confirm
from pipeline_kit.cli.output import say
from pipeline_kit.cli.servers import chosen, files, named_plugins, plugins_in
from pipeline_kit.descriptor.organisation import DESCRIPTOR
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import Plugins
from pipeline_kit.project.open import open_project
from pipeline_kit.servers.project import render_project


def adopt(root: Path, names: Sequence[str], arguments: argparse.Namespace) -> int:
    """Proposes a descriptor and CI files; writes them where a person or `--defaults` agrees."""
    forced = list(arguments.force or [])
    plugins = named_plugins(arguments, root)
    if (root / DESCRIPTOR).exists() and DESCRIPTOR not in forced:
        proposed, plugins = existing_files(root, forced), plugins_in(root)
    else:
        proposed = proposed_files(root, names, arguments, plugins)
    result = changes(root, proposed, forced, files(plugins).values())
    say(result.text(whole=arguments.dry_run), end="")
    if arguments.dry_run:
        return 0
    if not result.written():
        say("nothing to write")
        return 0
    if not arguments.defaults:
        if not asks(arguments):
            raise UsageError("nothing was written: no terminal to ask on", hint="--defaults writes it as shown")
        if not confirm(f"write {len(result.written())} files?"):
            say("nothing was written")
            return 0
    say(f"wrote {result.write(root, write_atomically)} files")
    say(f"next: {next_command(root)}")
    return 0


def proposed_files(root: Path, names: Sequence[str], arguments: argparse.Namespace, plugins: Plugins) -> dict[str, str]:
    """All files of a proposal; prints its summary, and asks which script trains."""

    def ask_training(scripts: Sequence[str]) -> str | None:
        return choose("which of them trains", scripts) if asks(arguments) else None

    choices = Choices(arguments.name, arguments.train, arguments.kit_lock)
    proposed = propose_project(root, names, plugins, choices, ask_training)
    say("\n".join(proposed.summary()), end="\n\n")
    known = files(plugins)
    servers = present_servers(root, known) if arguments.ci is None else chosen(arguments.ci, known)
    return proposed.files([known[server] for server in servers])


def existing_files(root: Path, forced: Sequence[str]) -> dict[str, str]:
    """The CI files of the existing descriptor. Raises UsageError if none is requested."""
    if not forced:
        hint = f"`pipeline-kit render` writes its CI files; `init --force {DESCRIPTOR}` proposes it anew"
        raise UsageError(f"{root} already has a {DESCRIPTOR}; nothing was written", hint=hint)
    project = open_project(root)
    rendered = render_project(project.plan, project.descriptor).files
    return {name: text for name, text in rendered.items() if name in forced}


def next_command(root: Path) -> str:
    """What to type after the files were written."""
    here = "" if root == Path.cwd() else f"cd {shlex.quote(str(root))} && "
    has_git = any((folder / ".git").exists() for folder in (root, *root.parents))
    return f"{here}{'' if has_git else 'git init && '}pipeline-kit plan, then pipeline-kit run"
