"""A GitLab project through its API, version 4 (docs.gitlab.com/api/rest), by python-gitlab."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline_kit.errors import InfrastructureError
from pipeline_kit.render.client import FIRST_PAUSE_SECONDS, wait_for

BRANCH = "main"
ENDED = {"success", "failed", "canceled", "skipped", "manual"}
OUTCOMES = {"success": "passed", "skipped": "skipped", "manual": "waiting", "created": "waiting"}


@dataclass(frozen=True, slots=True)
class GitlabClient:
    """A project on GitLab; `project` is python-gitlab's."""

    project: Any
    seconds: float
    pause: float = FIRST_PAUSE_SECONDS

    def run(self, title: str, files: Mapping[str, str]) -> Mapping[str, str]:
        """Commits the files through the API, waits for the commit's pipeline, reads its jobs."""
        from gitlab.exceptions import GitlabError

        try:
            commit = self.project.commits.create(
                {"branch": BRANCH, "commit_message": title, "actions": actions(self.paths(), files)}
            )
            pipeline = wait_for("a pipeline of the commit", lambda: self.pipeline(commit.id), self.seconds, self.pause)
            wait_for("the pipeline's end", lambda: self.ended(pipeline), self.seconds, self.pause)
            return {job.name: self.outcome(job) for job in pipeline.jobs.list(get_all=True)}
        except (GitlabError, OSError) as error:
            raise InfrastructureError(f"GitLab: {error}") from error

    def paths(self) -> set[str]:
        """The files that the branch has now; none in an empty repository."""
        from gitlab.exceptions import GitlabGetError

        try:
            tree = self.project.repository_tree(ref=BRANCH, recursive=True, get_all=True)
        except GitlabGetError as error:
            if error.response_code == 404:
                return set()
            raise
        return {entry["path"] for entry in tree if entry["type"] == "blob"}

    def pipeline(self, sha: str) -> Any:
        """The pipeline of a commit, or none yet."""
        pipelines = self.project.pipelines.list(sha=sha, ref=BRANCH, get_all=False)
        return self.project.pipelines.get(pipelines[0].id) if pipelines else None

    def ended(self, pipeline: Any) -> bool | None:
        """True once the pipeline has ended or waits for a person."""
        pipeline.refresh()
        return True if pipeline.status in ENDED else None

    def outcome(self, job: Any) -> str:
        """A job's outcome; of a failed one what its own record says."""
        from gitlab.exceptions import GitlabError

        if job.status != "failed":
            return OUTCOMES.get(job.status, "failed")
        try:
            record = self.project.jobs.get(job.id).artifact(f".pipeline-kit/out/{job.name}/result.json")
            outcome = json.loads(record)["outcome"]
        except (GitlabError, ValueError, KeyError):
            return "failed"
        return "undecided" if outcome == "undecided" else "failed"


def actions(there: set[str], files: Mapping[str, str]) -> list[dict[str, str]]:
    """The commit's actions that make a branch with these files out of one with those."""
    written = [
        {"action": "update" if path in there else "create", "file_path": path, "content": text}
        for path, text in files.items()
    ]
    return written + [{"action": "delete", "file_path": path} for path in sorted(there - files.keys())]


def connect(options: Mapping[str, str], seconds: float, pause: float = FIRST_PAUSE_SECONDS) -> GitlabClient:
    """The project on a GitLab. Raises InfrastructureError where it cannot be reached, or refuses the token."""
    import gitlab

    url = options["url"]
    try:
        api = gitlab.Gitlab(url, private_token=options["token"], timeout=30, retry_transient_errors=True)
        return GitlabClient(api.projects.get(options["project"]), seconds, pause)
    except (gitlab.GitlabError, OSError) as error:
        raise InfrastructureError(f"GitLab at {url}: {error}") from error
