"""Checks of the CI files, and of what jobs get from a server."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline_kit.doctor.facts import FileState, ServerFacts
from pipeline_kit.doctor.finding import Finding, note, ok, problem


def files(facts: ServerFacts) -> Iterator[Finding]:
    """Some CI file is there, and each that is the kit's is what the descriptor renders."""
    if facts.error:
        message, _, hint = facts.error.partition("\n")
        yield problem("CI files", message, hint or "see `pipeline-kit render`")
        return
    if facts.files and all(state is FileState.MISSING for state in facts.files.values()):
        yield note("CI files", f"missing: {', '.join(facts.files)}", "pipeline-kit render")
        return
    for path, state in facts.files.items():
        if state is FileState.DRIFTED:
            yield problem(path, "it differs from what the descriptor renders", "pipeline-kit render && git add " + path)
        elif state is FileState.RENDERED:
            yield ok(path, "it is what the descriptor renders")
        elif state is FileState.FOREIGN:
            yield ok(path, "it is not the kit's: render leaves it alone, and so does this check")


def secrets(facts: ServerFacts) -> Iterator[Finding]:
    """The variables of the secrets are set here: only jobs that get one need it."""
    for name in facts.unset_secrets:
        message = f"{name} is not set here: jobs that get it cannot run on this machine"
        yield note("secrets", message, f"read -rs {name} && export {name}")
    if facts.secrets and not facts.unset_secrets:
        yield ok("secrets", "the variables of all secrets are set here")


def check_servers(facts: ServerFacts) -> Iterator[Finding]:
    """All findings about CI."""
    yield from files(facts)
    yield from secrets(facts)
