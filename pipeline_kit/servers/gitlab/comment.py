"""The report as a comment of GitLab's merge request: one, which each pipeline replaces."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.errors import InfrastructureError, UsageError

MARK = "<!-- the report of pipeline-kit -->"
"""The comment's first line, by which it is found again. GitLab shows no HTML comment."""
NEEDED = ("CI_SERVER_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID")
SECONDS = 60
TRIES = 3


def comment(markdown: str, variables: Mapping[str, str], token: str) -> bool:
    """Writes the report into the merge request that this pipeline is of; false where it is of none.

    `variables` are the job's, `token` the name of the one with an access token (scope `api`). Raises UsageError where
    that is empty, InfrastructureError where GitLab does not take it.
    """
    if not all(variables.get(name) for name in NEEDED):
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
            request = api.projects.get(project, lazy=True).mergerequests.get(number, lazy=True)
            notes = request.notes.list(iterator=True, retry_transient_errors=True, max_retries=TRIES)
            note = next((note for note in notes if str(note.body).startswith(MARK)), None)
            if note is None:
                request.notes.create({"body": body})
            elif note.body != body:
                request.notes.update(note.get_id(), {"body": body})
    except (gitlab.exceptions.GitlabError, OSError) as error:
        hint = f"the token in {token} needs the scope `api`, and its user the right to comment"
        raise InfrastructureError(f"{server} does not take the report as a comment: {error}", hint=hint) from error
    return True
