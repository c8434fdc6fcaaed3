"""Where releases run: the ports that each folder of `targets/` implements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline_kit.contract.cluster import Object
from pipeline_kit.contract.serving import Answer
from pipeline_kit.contract.world import World
from pipeline_kit.deploy.changes import ObjectChange
from pipeline_kit.deploy.clock import Clock
from pipeline_kit.deploy.destination import Destination
from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.record import Content
from pipeline_kit.deploy.steps import Action
from pipeline_kit.deploy.storage import LeaseStorage, RecordStorage
from pipeline_kit.deploy.workload import Workload
from pipeline_kit.frozen import frozen

Log = Callable[[str], None]


@frozen
class SecretFile:
    """A secret of the type file: its name, and the value of its variable, which must be a path."""

    name: str
    path: str


@frozen
class Access:
    """By what a job reaches its target: its secrets that are files, which of them it names, and a context in it."""

    files: tuple[SecretFile, ...] = ()
    named: str | None = None
    context: str | None = None


class Instance(Protocol):
    """One running instance of a revision, such as a pod or a process. As text it is named as in `pod fraud-1`."""

    @property
    def name(self) -> str:
        """Its name, without a noun."""

    def ask(self, port: int, method: str, path: str, body: bytes | None = None) -> Answer | None:
        """Its answer to an HTTP request, or None while nothing listens there."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The instances that serve a revision, and why they alone do not prove the release, where they do not."""

    instances: tuple[Instance, ...]
    problem: str | None = None


class Rollout(Protocol):
    """Carries out the actions of steps. Each action may be repeated, and ends when it is done.

    Every method raises InfrastructureError where the target does not answer, or the lease is no longer held.
    """

    def replicas(self, content: Content) -> int:
        """How many instances the revision has when it is whole."""

    def unable(self, action: Action, content: Content) -> str | None:
        """Why the target cannot do this, or None where it can; `content` is of the side that the action is about."""

    def refuse_other(self, live: Content | None, content: Content | None) -> None:
        """Raises ProjectError where what is live belongs to another environment, or to another project than content."""

    def refuse(self, content: Content, live: Content | None) -> None:
        """Raises ProjectError for what the target would not take, or has no room for. Nothing is changed."""

    def start(self, content: Content, replicas: int, *, in_place: bool) -> None:
        """Starts so many instances of the revision in the place of all others, or beside them, as `Start` says."""

    def wait(self, content: Content, *, patient: bool = False) -> None:
        """Returns when the revision is ready. Raises ReleaseError where it fails, or is not ready in time.

        A patient wait takes no fault as final before the time is over.
        """

    def set_shares(self, new: Content, live: Content | None, new_percent: int) -> None:
        """Sends so many percent of the requests to the new revision."""

    def serving(self, content: Content, *, ready_only: bool = False) -> Serving:
        """The instances of the revision that get requests."""

    def fault(self, content: Content) -> ReleaseError | None:
        """Why the revision has failed by the target's own report, or None."""

    def retire(self, content: Content, keep: Content | None) -> None:
        """Removes what belongs to the revision, and not to the one that is kept."""

    def changes(self, content: Content, live: Content | None) -> tuple[ObjectChange, ...]:
        """What a release of the content would change, found without changing anything; what stays has no verb."""


class Site(Protocol):
    """A target that was opened for one release."""

    def name(self) -> str:
        """What people call it, such as the cluster's name in the kubeconfig."""

    @property
    def records(self) -> RecordStorage:
        """Where the record is kept."""

    @property
    def leases(self) -> LeaseStorage:
        """Where the lease is kept."""

    def rollout(self, clock: Clock, allowed: Callable[[], None], log: Log) -> Rollout:
        """Carries out actions; `allowed` is called before each change and raises where the lease is lost."""


class Target(Protocol):
    """One kind of place that releases go to."""

    def release_name(self, project: str) -> str:
        """The name of a project's release: one that the target's objects may have."""

    def manifests(self, workload: Workload, files: Sequence[tuple[str, str]]) -> tuple[Object, ...]:
        """All that a revision consists of, as JSON documents, from the project's own files where there are some.

        The files are pairs of name and text. Raises ProjectError for files that no release may hold.
        """

    def names(self, manifests: Sequence[Object]) -> tuple[str, ...]:
        """What people call these documents, such as `Deployment fraud`."""

    def open(self, world: World, access: Access, destination: Destination) -> Site:
        """The place of one release. Raises UsageError where the job does not say which one is meant."""
