"""Stories of releases that are told at the same time, each in a namespace of its own: most of each is waiting."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pipeline_kit.deploy.record import Content
from tests.deploy import parts
from tests.deploy.real_release import Ground, deploy
from tests.deploy.whole import not_whole

AT_ONCE = 12
CRASHED = r"container serve of pod fraud-\S+ (ended with exit code 1|crashes again and again)"


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a story takes place: a namespace with nothing in it, and a folder for its files."""

    ground: Ground
    folder: Path


Story = Callable[[Scene], None]


def tell_all(stories: Mapping[str, Story], ground: Ground, folder: Path) -> dict[str, str]:
    """What went wrong in each story, with its traceback; nothing where all went well."""

    def tell(name: str) -> str:
        own = folder / name.replace(" ", "-")
        own.mkdir(parents=True)
        with parts.namespace(ground.cluster, "story") as namespace:
            try:
                stories[name](Scene(replace(ground, namespace=namespace), own))
            except (Exception, pytest.fail.Exception):
                return traceback.format_exc()
        return ""

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return dict(zip(stories, threads.map(tell, stories), strict=True))


def old_of(scene: Scene) -> Content:
    """The first version, live."""
    old = scene.ground.content("v1", 1, {})
    deploy(scene.ground, old)
    assert not_whole(scene.ground, old) == []
    return old


def new_of(scene: Scene, behaviour: str = "") -> Content:
    """The second version, whose pods behave so."""
    return scene.ground.content("v2", 2, {"BEHAVIOUR": behaviour} if behaviour else {})
