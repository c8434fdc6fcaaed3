"""The report as a comment of GitLab's merge request: one, which each pipeline replaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline_kit.errors import InfrastructureError, UsageError

MARK = "<!-- the report of pipeline-kit -->"
"""The comment's first line, by which it is found again. GitLab shows no HTML comment."""
NEEDED = ("CI_SERVER_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID")
SECONDS = 60
TRIES = 3


def comment(markdown: str, variables: Mapping[str, str], token: str) -> bool:
    """Writes the report into the merge request that this pipeline is of; false where it is of none, or of a fork.

    `variables` are the job's, `token` the name of the one with an access token (scope `api`). Raises UsageError where
    that is empty, InfrastructureError where GitLab does not take it.
    """
    if not all(variables.get(name) for name in NEEDED) or is_fork(variables):
        return False
    if not variables.get(token):
        raise UsageError(f"the variable {token} is not set", hint="`report.comment` names the secret that sets it")
    try:
        import gitlab
    except ImportError as error:
        hint = 'pip install "pipeline-kit[gitlab]"'
        raise UsageError("a comment needs python-gitlab, which is not installed", hint=hint) from error
    server, project, number = (variables[name] for name in NEEDED)
    body = f"{MARK}\n{markdown}"
    try:
        with gitlab.Gitlab(server, private_token=variables[token], timeout=SECONDS) as api:
            api.auth()
            request = api.projects.get(project, lazy=True).mergerequests.get(number, lazy=True)
            notes = request.notes.list(iterator=True, retry_transient_errors=True, max_retries=TRIES)
            note = next((note for note in notes if str(note.body).startswith(MARK) and is_by(note, api.user)), None)
            if note is None:
                request.notes.create({"body": body})
            elif note.body != body:
                request.notes.update(note.get_id(), {"body": body})
    except (gitlab.exceptions.GitlabError, OSError) as error:
        hint = f"the token in {token} needs the scope `api`, and its user the right to comment"
        raise InfrastructureError(f"{server} does not take the report as a comment: {error}", hint=hint) from error
    return True


def is_fork(variables: Mapping[str, str]) -> bool:
    """Whether the merge request is of another project, whose pipeline gets no token."""
    source = variables.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID")
    return bool(source) and source != variables.get("CI_MERGE_REQUEST_PROJECT_ID", variables["CI_PROJECT_ID"])


def is_by(note: Any, user: Any) -> bool:
    """Whether the token's own user wrote a note: another person's would stay theirs to edit."""
    author = getattr(note, "author", None)
    return isinstance(author, Mapping) and user is not None and author.get("id") == user.id
