"""The image that is live in an environment, and a pod there that answers for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.contract.serving import Answer
from pipeline_kit.deploy.record import Content
from pipeline_kit.deploy.target import Instance, Log
from pipeline_kit.errors import ProjectError, UsageError
from pipeline_kit.project.release import OpenRelease, open_release


@dataclass(frozen=True, slots=True)
class Pod:
    """One instance of what is live, and the port on which it serves."""

    instance: Instance
    port: int

    @property
    def name(self) -> str:
        """The instance's name."""
        return self.instance.name

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer | None:
        """The instance's answer, or None while nothing listens there."""
        return self.instance.ask(self.port, method, path, body)


@dataclass(frozen=True, slots=True)
class LiveImage:
    """What is live by the record of an environment."""

    release: OpenRelease
    content: Content

    @classmethod
    def find(cls, directory: Path, environment: str, log: Log) -> LiveImage:
        """What is live there. Raises UsageError where nothing is."""
        with open_release(directory, environment, log) as release:
            live = release.record().live
        if live is None:
            raise UsageError(
                f"nothing is live in {environment}", hint="`pipeline-kit releases list` shows its revisions"
            )
        return cls(release, live.content)

    @property
    def image(self) -> str:
        """The image by digest."""
        return self.content.image

    def pod(self) -> Pod:
        """The first pod that serves it. Raises ProjectError where none does."""
        serving = self.release.rollout().serving(self.content, ready_only=True)
        instances = sorted(serving.instances, key=lambda instance: instance.name)
        if not instances:
            hint = "`pipeline-kit releases list` shows the state of the release"
            raise ProjectError(f"no pod that is ready serves {self.image}", hint=hint)
        return Pod(instances[0], self.content.port)
