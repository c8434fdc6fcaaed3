"""A project's descriptor with the origin of each value, as `config` and `explain` show it."""

from __future__ import annotations

from pathlib import Path

from pipeline_kit.catalog import BUILT_IN
from pipeline_kit.contract.stage_places import parameter_places
from pipeline_kit.descriptor.load import read_layers
from pipeline_kit.descriptor.model import Position
from pipeline_kit.descriptor.origin import Setting, settle
from pipeline_kit.descriptor.problem import Problems
from pipeline_kit.project.open import OpenProject


def settled(project: OpenProject) -> Setting:
    """The settings of a project that was read and checked."""
    layers = read_layers(project.folders.root, Problems())
    return settle(layers, project.catalog, default_places(project))


def default_places(project: OpenProject) -> dict[tuple[str, str], Position]:
    """The lines of the stages that the plan uses, by stage and parameter."""
    places: dict[tuple[str, str], Position] = {}
    for stage in dict.fromkeys(job.stage for job in project.plan.jobs):
        folder = project.specs.folder(stage)
        if folder is not None:
            result = parameter_places(folder, shown_file(stage, folder, project.folders.root))
            places.update({(stage, name): position for name, position in result.items()})
    return places


def shown_file(stage: str, folder: Path, root: Path) -> str:
    """The name of a stage's file: the kit's own without the way to the installation, a project's from its root."""
    if stage in BUILT_IN:
        return f"stages/{stage}/stage.yml"
    return (folder.relative_to(root) if folder.is_relative_to(root) else folder).joinpath("stage.yml").as_posix()
