"""Small plans made by hand: what rendering is tested on, apart from the descriptor and the planner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from pipeline_kit.contract.spec import OutputSpec, StageSpec
from pipeline_kit.descriptor.events import ROOT_EVENTS
from pipeline_kit.descriptor.model import (
    Descriptor,
    Environment,
    EventKind,
    EventPattern,
    Kit,
    Project,
    Runner,
    Schedule,
    Secret,
    SecretType,
    When,
)
from pipeline_kit.plan.model import Plan, PlannedJob

IMAGE_KIT = Kit("0.1.0", image="registry.example/kit@sha256:" + "ab" * 32)
MAIN = EventPattern(EventKind.PUSH, "main")
NIGHTLY = EventPattern(EventKind.SCHEDULE, "nightly")
MERGE_REQUEST = EventPattern(EventKind.MERGE_REQUEST)
GPU = Runner(
    "gpu",
    image="registry.example/cuda@sha256:" + "cd" * 32,
    servers={"gitlab": ("a100", "linux"), "jenkins": "gpu && linux"},
)
CPU = Runner("cpu", servers={"gitlab": ("docker",), "jenkins": "linux"})
TOKEN = Secret("token", SecretType.TEXT, servers={"gitlab": "API_TOKEN", "jenkins": "api-token"})
REGISTRY = Secret("registry", SecretType.USERNAME_PASSWORD, servers={"gitlab": "REGISTRY", "jenkins": "registry-robot"})
KUBECONFIG = Secret("kubeconfig", SecretType.FILE, servers={"gitlab": "KUBECONFIG", "jenkins": "kube"})
STAGING = Environment("staging", 0, refs=("main",))
PRODUCTION = Environment("production", 1, refs=("main",), approval=When.MANUAL)


def job(name: str, *needs: str, level: int = 0, **more: Any) -> PlannedJob:
    """A job with defaults; `takes` are its needs where nothing else is said."""
    plain = PlannedJob(
        name=name,
        stage=name,
        level=level,
        needs=needs,
        takes=needs,
        events=ROOT_EVENTS,
        changes=(),
        when=When.AUTO,
        spec=StageSpec(name, help="A stage.", digest="sha256:" + "0" * 64),
        settings={},
        inputs=None,
        datasets=(),
        outputs={},
        timeout_seconds=3600,
    )
    return replace(plain, **more)


def plan(*jobs: PlannedJob) -> Plan:
    """A plan of those jobs, in that order."""
    return Plan("fraud", tuple(sorted(jobs, key=lambda each: each.level)))


def descriptor(
    *,
    kit: Kit = IMAGE_KIT,
    schedules: Iterable[Schedule] = (),
    environments: Iterable[Environment] = (),
    store: str | None = None,
) -> Descriptor:
    """A descriptor that holds what rendering reads of it."""
    return Descriptor(
        project=Project("fraud", lock=PurePosixPath("requirements.lock")),
        kit=kit,
        jobs={},
        schedules={each.name: each for each in schedules},
        environments={each.name: each for each in environments},
        store=store,
    )


MODEL = {"model": OutputSpec("model", "model.onnx", "model")}


def full() -> tuple[Plan, Descriptor]:
    """A whole release pipeline: every feature that the two files have."""
    late = {"events": (MAIN,), "interruptible": False, "forks": False}
    made = plan(
        job("check", runner=CPU),
        job("test"),
        job(
            "train",
            "check",
            level=1,
            runner=GPU,
            changes=("src/**", "data"),
            outputs=MODEL,
            timeout_seconds=6 * 3600,
            secrets=(TOKEN,),
            forks=False,
            events=(MERGE_REQUEST, MAIN, NIGHTLY),
        ),
        job("evaluate", "train", level=2, changes=("src/**", "data"), forks=False, events=(MERGE_REQUEST, MAIN)),
        job(
            "gate",
            "test",
            "evaluate",
            level=3,
            takes=("test", "train", "evaluate"),
            forks=False,
            changes=("src/**", "data"),
            events=(MERGE_REQUEST, MAIN),
        ),
        job("deploy_staging", "gate", level=4, environment=STAGING, secrets=(KUBECONFIG, REGISTRY), **late),
        job("deploy_production", "deploy_staging", level=5, environment=PRODUCTION, secrets=(KUBECONFIG,), **late),
    )
    made_for = descriptor(
        kit=Kit("0.1.0", index="https://pypi.example/simple"),
        schedules=(Schedule("nightly", "0 2 * * *"),),
        environments=(STAGING, PRODUCTION),
        store="s3://ml/fraud",
    )
    return made, made_for
