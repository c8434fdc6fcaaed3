"""`pipeline-kit init` in a project: prints the summary, shows the diff, and writes once confirmed."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline_kit.adapters.files import write_atomically
from pipeline_kit.adopt.infer.propose import Choices, Proposal, propose
from pipeline_kit.adopt.infer.train_jobs import trainings
from pipeline_kit.adopt.read.survey import Facts, survey
from pipeline_kit.adopt.read.tree import list_tree
from pipeline_kit.adopt.write.changes import Changes, Fate, changes
from pipeline_kit.adopt.write.document import DESCRIPTOR, Planned, ignore_text, planned
from pipeline_kit.adopt.write.summary import summary_lines
from pipeline_kit.cli.asking import asks, choose, confirm
from pipeline_kit.cli.project import open_project
from pipeline_kit.cli.servers import chosen, files, named_plugins, plugins_in
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import Plugins
from pipeline_kit.servers.project import render_project


def adopt(root: Path, names: Sequence[str], arguments: argparse.Namespace) -> int:
    """Proposes a descriptor and CI files; writes them where a person or `--defaults` agrees."""
    forced = list(arguments.force or [])
    plugins = named_plugins(arguments, root)
    if (root / DESCRIPTOR).exists() and DESCRIPTOR not in forced:
        proposed, plugins = existing_files(root, forced), plugins_in(root)
    else:
        proposed = proposed_files(root, names, arguments, plugins)
    refuse_unknown(forced, proposed)
    result = changes(root, proposed, forced, files(plugins).values())
    tell(result, whole=arguments.dry_run)
    if arguments.dry_run:
        return 0
    if not result.written():
        print("nothing to write")
        return 0
    if not arguments.defaults:
        if not asks(arguments):
            raise UsageError("nothing was written: no terminal to ask on", hint="--defaults writes it as shown")
        if not confirm(f"write {len(result.written())} files?"):
            print("nothing was written")
            return 0
    write(root, result)
    where = "" if root == Path.cwd() else f"cd {shlex.quote(str(root))} && "
    git = (
        "" if (root / ".git").exists() or any((parent / ".git").exists() for parent in root.parents) else "git init && "
    )
    print(f"next: {where}{git}pipeline-kit plan, then pipeline-kit run")
    return 0


def existing_files(root: Path, forced: Sequence[str]) -> dict[str, str]:
    """The CI files of the existing descriptor. Raises UsageError if none is requested."""
    if not forced:
        hint = f"`pipeline-kit render` writes its CI files; `init --force {DESCRIPTOR}` proposes it anew"
        raise UsageError(f"{root} already has a {DESCRIPTOR}; nothing was written", hint=hint)
    project = open_project(root)
    rendered = render_project(project.plan, project.descriptor).files
    return {name: text for name, text in rendered.items() if name in forced}


def proposed_files(root: Path, names: Sequence[str], arguments: argparse.Namespace, plugins: Plugins) -> dict[str, str]:
    """All files of a proposal; prints its summary."""
    facts = survey(list_tree(root, names), plugins)
    proposal = propose(facts, Choices(arguments.name, training(facts, arguments), arguments.kit_lock))
    result = planned(proposal, root)
    print("\n".join(summary_lines(proposal)))
    print()
    known = files(plugins)
    return files_of(root, proposal, result, [known[server] for server in servers(root, arguments.ci, known)])


def training(facts: Facts, arguments: argparse.Namespace) -> str | None:
    """The script that trains: the one that is named, or chosen where there are several. Raises UsageError."""
    files = [training.file for training in trainings(facts)]
    if arguments.train is not None:
        if arguments.train not in facts.scripts:
            hint = f"scripts that may train: {', '.join(files[:8]) or 'none'}"
            raise UsageError(f"--train: {arguments.train!r} is not a Python file of this directory", hint=hint)
        return str(arguments.train)
    has_its_own = facts.parts or facts.dvc or facts.ci_files
    return choose("which of them trains", files) if asks(arguments) and len(files) > 1 and not has_its_own else None


def servers(root: Path, named: str | None, known: Mapping[str, str]) -> tuple[str, ...]:
    """The servers to render for: those that are named, else those whose files are here, else all."""
    here = tuple(server for server, file in known.items() if (root / file).exists())
    return chosen(named, known) if named is not None or not here else here


def files_of(root: Path, proposal: Proposal, result: Planned, ci_files: Sequence[str]) -> dict[str, str]:
    """The files of a proposal in the order they are shown: the descriptor, what it needs, CI files, `.gitignore`."""
    rendered = render_project(result.plan, result.descriptor).files
    ignored = ignore_text(
        (root / ".gitignore").read_text(encoding="utf-8", errors="replace") if (root / ".gitignore").is_file() else ""
    )
    return {
        DESCRIPTOR: result.text,
        **proposal.files,
        **({".gitignore": ignored} if ignored is not None else {}),
        **{file: rendered[file] for file in ci_files},
    }


def refuse_unknown(forced: Sequence[str], files: Mapping[str, str]) -> None:
    """Raises UsageError if a forced file is not part of the proposal."""
    for name in forced:
        if name not in files:
            raise UsageError(f"--force: init does not write {name}", hint=f"these: {', '.join(files)}")


def tell(found: Changes, *, whole: bool) -> None:
    """Shows the difference, what stays as it is, and how to change that."""
    for change in found.written():
        sys.stdout.write(change.diff(whole=whole or change.file == DESCRIPTOR))
    for item in found.written():
        kept = f", the old one kept as {found.backups[item.file]}" if item.file in found.backups else ""
        print(f"{item.fate.value:9} {item.file}{kept}")
    for entry in found.kept():
        print(f"{Fate.KEPT.value:9} {entry.file}: it is not touched; --force {shlex.quote(entry.file)} replaces it")


def write(root: Path, found: Changes) -> None:
    """Writes the backups, then the files; what a symbolic link points to is never written."""
    for file, backup in found.backups.items():
        write_atomically(root / backup, (root / file).read_bytes())
    for change in found.written():
        write_atomically(root / change.file, change.text)
    print(f"wrote {len(found.written()) + len(found.backups)} files")
