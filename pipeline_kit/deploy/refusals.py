"""Which releases are refused whatever their target: those of an older commit than what is live."""

from __future__ import annotations

from collections.abc import Callable

from pipeline_kit.deploy.record import Content, Revision
from pipeline_kit.errors import ProjectError

IsBefore = Callable[[str, str], bool]
"""Whether the first commit is known to be an ancestor of the second."""


def unknown_history(older: str, newer: str) -> bool:
    """Nothing is known of any commit but its time."""
    return False


def refuse_older(content: Content, live: Revision | None, is_before: IsBefore) -> None:
    """Raises ProjectError where the content is of an older commit than what is live.

    What the history knows counts more than the commits' times: a clock may be wrong.
    """
    if live is None or live.content.commit is None:
        return
    before = live.content
    commit = content.commit or ""
    if commit == before.commit or is_before(str(before.commit), commit):
        return
    if content.commit_time < before.commit_time or is_before(commit, str(before.commit)):
        named = f"commit {content.commit[:12]}" if content.commit else "no commit that is known"
        message = f"{named} is older than commit {str(before.commit)[:12]}, which is live as revision {live.number}"
        hint = "to go back, say so: pipeline-kit rollback, or `rollback: true` for this job"
        raise ProjectError(message, hint=hint)
