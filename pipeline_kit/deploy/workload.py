"""What a release runs in the cluster: the image, how many pods of it, and what each of them may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from pipeline_kit.deploy.strategy import Replacement
from pipeline_kit.frozen import frozen
from pipeline_kit.images.names import PORT

CONTAINER = "serve"
"""The name of the container that serves, in the kit's own manifests."""
GRACE_SECONDS = 30
CPU, MEMORY = "500m", "512Mi"
GPU_RESOURCE = "nvidia.com/gpu"


@frozen
class Identity:
    """Which model the pods serve: of which project, package and commit, built by which version of the kit."""

    project: str
    model_digest: str
    package: str
    """The digest of the package's manifest.json."""
    commit: str
    kit: str


@frozen
class Workload:
    """One release, as its manifests need it."""

    release: str
    """What the objects are called: the project's name, or anything alike; manifests make a valid name of it."""
    namespace: str
    environment: str
    image: str
    """By digest: `host/path@sha256:...`."""
    identity: Identity
    replacement: Replacement
    """What the release's strategy lets the target do while it replaces instances."""
    port: int = PORT
    replicas: int = 2
    cpu: str = CPU
    memory: str = MEMORY
    gpu: int = 0
    gpu_resource: str = GPU_RESOURCE
    variables: Mapping[str, str] = field(default_factory=dict)
    grace_seconds: int = GRACE_SECONDS
    pull_secret: str | None = None
    """The Secret of the namespace by which nodes log in to the image's registry; none where it needs no login."""
