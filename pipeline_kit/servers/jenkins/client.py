"""A multibranch job of a Jenkins through its remote API, by python-jenkins.

Source: www.jenkins.io/doc/book/using/remote-access-api
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline_kit.adapters.git.command import failure, git_variables
from pipeline_kit.errors import InfrastructureError
from pipeline_kit.render.client import FIRST_PAUSE_SECONDS, wait_for

BRANCH = "main"
IDENTITY = ["-c", "user.name=pipeline-kit smoke", "-c", "user.email=smoke@example.invalid"]


@dataclass(frozen=True, slots=True)
class JenkinsClient:
    """A multibranch job and the repository that it builds; `api` is python-jenkins's."""

    api: Any
    job: str
    repository: str
    seconds: float
    pause: float = FIRST_PAUSE_SECONDS

    def run(self, title: str, files: Mapping[str, str]) -> Mapping[str, str]:
        """Pushes the files with git, lets Jenkins index the branches, waits for the build, reads its archive."""
        import jenkins

        try:
            before = self.last_build()
            push(self.repository, title, files)
            self.api.build_job(self.job)
            number = wait_for("a build of the commit", lambda: self.newer_than(before), self.seconds, self.pause)
            info = wait_for("the build's end", lambda: self.ended(number), self.seconds, self.pause)
            return self.outcomes(info)
        except (jenkins.JenkinsException, OSError) as error:
            raise InfrastructureError(f"Jenkins: {error}") from error

    def last_build(self) -> int:
        """The number of the branch's last build, 0 without a build."""
        import jenkins

        try:
            last = self.api.get_job_info(f"{self.job}/{BRANCH}")["lastBuild"]
        except jenkins.JenkinsException as error:
            if "does not exist" in str(error):
                return 0
            raise
        return int(last["number"]) if last else 0

    def newer_than(self, number: int) -> int | None:
        """The number of a build after that one, or none yet."""
        last = self.last_build()
        return last if last > number else None

    def ended(self, number: int) -> Any:
        """The build's description once it has ended."""
        info = self.api.get_build_info(f"{self.job}/{BRANCH}", number)
        return info if not info["building"] and info["result"] else None

    def outcomes(self, info: Mapping[str, Any]) -> dict[str, str]:
        """The outcome that each archived record says; a job without one did not start."""
        import requests

        values: dict[str, str] = {}
        for artifact in info["artifacts"]:
            path = Path(artifact["relativePath"])
            if path.name == "result.json" and path.parent.parent.as_posix() == ".pipeline-kit/out":
                request = requests.Request("GET", f"{info['url']}artifact/{artifact['relativePath']}")
                values[path.parent.name] = json.loads(self.api.jenkins_open(request))["outcome"]
        return values


def push(repository: str, title: str, files: Mapping[str, str]) -> None:
    """Makes the files all that the branch has. Raises InfrastructureError with git's last line."""
    with tempfile.TemporaryDirectory(prefix="pipeline-kit-smoke-") as name:
        folder = Path(name)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        for arguments in (
            ["init", "-q", "-b", BRANCH],
            ["add", "--all", "--force"],
            [*IDENTITY, "commit", "-q", "-m", title],
            ["push", "-q", "--force", "--", repository, f"HEAD:refs/heads/{BRANCH}"],
        ):
            with git_variables(folder, fetching=True) as variables:
                command = ["git", *arguments]
                done = subprocess.run(command, cwd=folder, capture_output=True, check=False, env=variables)
            if done.returncode:
                raise InfrastructureError(failure(arguments[0], done.stderr).message)


def connect(options: Mapping[str, str], seconds: float, pause: float = FIRST_PAUSE_SECONDS) -> JenkinsClient:
    """The job on a Jenkins. Raises InfrastructureError where it cannot be reached, or refuses the token."""
    import jenkins

    url, job = options["url"], options["job"]
    try:
        api = jenkins.Jenkins(url, username=options["user"], password=options["token"], timeout=30)
        api.get_job_info(job)
    except (jenkins.JenkinsException, OSError) as error:
        raise InfrastructureError(f"Jenkins at {url}: {error}") from error
    return JenkinsClient(api, job, options["repository"], seconds, pause)
