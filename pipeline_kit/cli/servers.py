"""The CI servers by the names that the command line takes."""

from __future__ import annotations

from pipeline_kit.errors import UsageError
from pipeline_kit.render.project import GITLAB_FILE, JENKINS_FILE

FILES = {"gitlab": GITLAB_FILE, "jenkins": JENKINS_FILE}


def chosen(text: str | None) -> tuple[str, ...]:
    """The servers that `--ci` names, or all. Raises UsageError for another name, or none."""
    servers = tuple(FILES) if text is None else tuple(part.strip() for part in text.split(",") if part.strip())
    for server in servers:
        if server not in FILES:
            raise UsageError(f"--ci: there is no CI server {server!r}", hint=f"one of: {', '.join(FILES)}")
    if not servers:
        raise UsageError("--ci names no CI server", hint=f"one or more of: {','.join(FILES)}")
    return servers
