"""Changes of a content before it is released."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.record import Content
from tests.deploy.real_release import changed, with_container, with_pod

Edit = Callable[[Content], Content]


def unchanged(content: Content) -> Content:
    """As it is."""
    return content


def of_container(**fields: Any) -> Edit:
    """Other fields of the container."""
    return lambda content: changed(content, "Deployment", lambda each: with_container(each, lambda c: c.update(fields)))


def of_pod(**fields: Any) -> Edit:
    """Other fields of the pods."""
    return lambda content: changed(content, "Deployment", lambda each: with_pod(each, lambda pod: pod.update(fields)))


def of_deployment(**fields: Any) -> Edit:
    """Other fields of the Deployment."""

    def change(found: Object) -> Object:
        return {**found, "spec": {**found["spec"], **fields}}

    return lambda content: changed(content, "Deployment", change)


def with_image(image: str) -> Edit:
    """Another image; HOST stands for the registry's."""

    def edit(content: Content) -> Content:
        name = image.replace("HOST", content.image.partition("/")[0])
        return replace(of_container(image=name)(content), image=name)

    return edit
