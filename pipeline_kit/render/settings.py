"""What the rendered files cannot hold and must be set on the servers by hand, as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline_kit.contract.spec import STORED_KINDS
from pipeline_kit.descriptor.model import Descriptor, Secret
from pipeline_kit.plan.model import Plan

if TYPE_CHECKING:
    from pipeline_kit.render.server import Server


def settings_needed(plan: Plan, descriptor: Descriptor, servers: Sequence[Server]) -> tuple[str, ...]:
    """Sentences, each of them one setting: each server's own, then what concerns all of them."""
    own_names = [sentence for server in servers for sentence in server.settings_needed(plan, descriptor)]
    return (*own_names, *common_settings(plan, descriptor, servers))


def common_settings(plan: Plan, descriptor: Descriptor, servers: Sequence[Server]) -> Iterator[str]:
    """What concerns every server."""
    every = {1: servers[0].words.title, 2: "both"}.get(len(servers), "all")
    kinds = {output.kind for job in plan.jobs for output in job.outputs.values()}
    if descriptor.store is None and kinds & STORED_KINDS:
        limits = ", ".join(server.artifact_limit for server in servers if server.artifact_limit)
        detail = f" ({limits})" if limits else ""
        yield f"{every}: no `store` is declared: models travel as CI artifacts and must be small{detail}"
    for secret in used_secrets(plan):
        yield from unnamed(secret, servers)
    kit = descriptor.kit
    if not (kit.image or kit.lock or kit.index):
        yield (
            f"{every}: an index of your own that serves pipeline-kit {kit.version}: on the public one the name belongs "
            "to another project, so set kit.lock (by hash), kit.index or kit.image"
        )
    if kit.image is None:
        yield f"{every}: the runner or image of each job has Python 3.11 or later, whose `pip install` its user may run"


def unnamed(secret: Secret, servers: Sequence[Server]) -> Iterator[str]:
    """The servers that a secret gives no name for, although they hold secrets."""
    for server in servers:
        words = server.words
        if words.secret is not None and words.name not in secret.servers:
            yield f"{words.title}: secret {secret.name} names nothing there, so jobs with it fail on it"


def used_secrets(plan: Plan) -> tuple[Secret, ...]:
    """The secrets that any job gets, each once."""
    return tuple({secret.name: secret for job in plan.jobs for secret in job.secrets}.values())
