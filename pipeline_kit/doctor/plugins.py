"""Checks of the packages whose extensions the project uses, and of those that it does not use."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline_kit.doctor.facts import PluginFacts
from pipeline_kit.doctor.finding import Finding, note, ok


def check_plugins(facts: PluginFacts) -> Iterator[Finding]:
    """What each package adds; one that the descriptor does not name is installed and not used."""
    for package, extensions in sorted(facts.installed.items()):
        listed = ", ".join(extensions)
        if package in facts.named:
            yield ok(package, f"its extensions can be used: {listed}")
        else:
            message = f"it is installed, and the descriptor does not name it: {listed} cannot be used"
            yield note(package, message, f"to use it: plugins: [{package}] in pipeline-kit.yml, pinned in kit.lock")
