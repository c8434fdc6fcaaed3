"""A job's cache key, and a description of what changed between two keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from pipeline_kit import __version__
from pipeline_kit.contract.digest import digest_json
from pipeline_kit.descriptor.model import Dataset
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.extensions import NO_PLUGINS, Plugins
from pipeline_kit.plan.model import PlannedJob
from pipeline_kit.runner.inputs import Inputs

MOST_NAMED = 3


def key_parts(
    job: PlannedJob, inputs: Inputs, environment: str | None, plugins: Plugins = NO_PLUGINS
) -> dict[str, Value]:
    """Everything that decides a job's result, as JSON: its name, stage, settings, environment, input digests."""
    return {
        "kit": __version__,
        **({"plugins": dict(plugins.versions())} if plugins.packages else {}),
        "job": job.name,  # the stage and the project's code see it
        "stage": {"name": job.stage, "digest": job.spec.digest},
        "settings": dict(job.settings),
        "variables": dict(job.variables),
        "outputs": {name: output.path for name, output in job.outputs.items()},
        "environment": environment,
        "inputs": inputs.digests(),
        "programs": list(inputs.programs),
        "data": {name: declared(spec) for name, (spec, _) in inputs.datasets.items()},
    }


def declared(spec: Dataset) -> Value:
    """A dataset's declaration as JSON: stages check the data against it."""
    columns = [{**asdict(column), "type": column.type.value, "values": list(column.values)} for column in spec.columns]
    return {**asdict(spec), "path": spec.path.as_posix(), "columns": columns}


def key_of(parts: Mapping[str, Value]) -> str:
    """The cache key."""
    return digest_json(parts)


def changed(before: Mapping[str, Value], now: Mapping[str, Value]) -> tuple[str, ...]:
    """The differences between the parts of two keys, each as a short phrase."""
    phrases: list[str] = []
    for name in ("kit", "stage", "environment"):
        if before.get(name) != now.get(name):
            phrases.append(
                {"kit": "the kit's version", "stage": "the stage's own code"}.get(name, "the locked environment")
            )
    for name in ("settings", "variables", "outputs", "plugins"):
        keys = differing(before.get(name), now.get(name))
        if keys:
            phrases.append(f"{name}: {shortened(keys)}")
    keys = differing(before.get("data"), now.get("data"))
    if keys:
        phrases.append(f"the declaration of data: {shortened(keys)}")
    keys = differing(before.get("inputs"), now.get("inputs"))
    if keys:
        phrases.append(f"inputs: {shortened(keys)}")
    return tuple(phrases)


def differing(before: Value, now: Value) -> list[str]:
    """The keys whose values differ between two mappings, sorted."""
    old = before if isinstance(before, Mapping) else {}
    new = now if isinstance(now, Mapping) else {}
    return sorted(key for key in {*old, *new} if old.get(key) != new.get(key))


def shortened(names: list[str]) -> str:
    """The first few names, and how many more."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
