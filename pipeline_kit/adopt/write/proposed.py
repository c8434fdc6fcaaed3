"""A repository's files to its proposal: the summary, and every file that would be written with its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.adopt.infer.propose import Choices, Proposal, propose
from pipeline_kit.adopt.infer.train_jobs import trainings
from pipeline_kit.adopt.read.survey import Facts, survey
from pipeline_kit.adopt.read.tree import list_tree
from pipeline_kit.adopt.write.changes import APPENDED
from pipeline_kit.adopt.write.document import Planned, ignore_text, planned
from pipeline_kit.adopt.write.summary import summary_lines
from pipeline_kit.descriptor.organisation import DESCRIPTOR
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import Plugins
from pipeline_kit.servers.project import render_project

MOST_SCRIPTS = 8

ChooseTraining = Callable[[Sequence[str]], str | None]
"""The script that trains, of several that may; None leaves it to the survey."""


@dataclass(frozen=True, slots=True)
class ProposedProject:
    """A proposal, and what its descriptor means."""

    root: Path
    proposal: Proposal
    planned: Planned

    def summary(self) -> list[str]:
        """What was found and what is proposed, line by line."""
        return summary_lines(self.proposal)

    def files(self, ci_files: Sequence[str]) -> dict[str, str]:
        """The files in the order they are shown: the descriptor, what it needs, `.gitignore`, these CI files."""
        rendered = render_project(self.planned.plan, self.planned.descriptor).files
        path = self.root / APPENDED
        ignored = ignore_text(path.read_text(encoding="utf-8", errors="replace") if path.is_file() else "")
        return {
            DESCRIPTOR: self.planned.text,
            **self.proposal.files,
            **({APPENDED: ignored} if ignored is not None else {}),
            **{file: rendered[file] for file in ci_files},
        }


def propose_project(
    root: Path, names: Sequence[str], plugins: Plugins, choices: Choices, choose: ChooseTraining
) -> ProposedProject:
    """The proposal for a repository with the files `names`; `choose` is called where several scripts may train.

    Raises UsageError where the script in `choices` is not a Python file of the repository.
    """
    facts = survey(list_tree(root, names), plugins)
    train = training_script(facts, choices.train, choose)
    proposal = propose(facts, Choices(choices.name, train, choices.kit_lock))
    return ProposedProject(root, proposal, planned(proposal, root))


def training_script(facts: Facts, named: str | None, choose: ChooseTraining) -> str | None:
    """The script that trains: the named one, else the chosen one of several. Raises UsageError for an unknown one.

    There is nothing to choose where parts, DVC or old CI files already say what trains.
    """
    scripts = [script.file for script in trainings(facts)]
    if named is not None:
        if named not in facts.scripts:
            hint = f"scripts that may train: {', '.join(scripts[:MOST_SCRIPTS]) or 'none'}"
            raise UsageError(f"--train: {named!r} is not a Python file of this directory", hint=hint)
        return named
    declared = facts.parts or facts.dvc or facts.ci_files
    return choose(scripts) if len(scripts) > 1 and not declared else None


def present_servers(root: Path, ci_files: Mapping[str, str]) -> tuple[str, ...]:
    """The CI servers whose files are in the repository, or all; `ci_files` has each server's file."""
    return tuple(server for server, file in ci_files.items() if (root / file).exists()) or tuple(ci_files)
