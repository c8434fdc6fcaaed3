"""A project that is read, checked and planned: its folders, stages, descriptor and plan."""

from __future__ import annotations

from pathlib import Path

from pipeline_kit.catalog import Catalog, Specs
from pipeline_kit.descriptor.load import load_descriptor, plugins_of, read_layers
from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.descriptor.organisation import DESCRIPTOR
from pipeline_kit.descriptor.problem import Problems
from pipeline_kit.errors import UsageError
from pipeline_kit.frozen import frozen
from pipeline_kit.plan.build import build_plan
from pipeline_kit.plan.model import Plan, PlannedJob
from pipeline_kit.runner.folders import Folders, folders_of


@frozen
class OpenProject:
    """A project that was read and planned."""

    folders: Folders
    catalog: Catalog
    descriptor: Descriptor
    plan: Plan

    @property
    def specs(self) -> Specs:
        """The stages that it may use."""
        return self.catalog.specs

    def job(self, name: str) -> PlannedJob:
        """The planned job of that name. Raises UsageError with the nearest one."""
        result = self.plan.job(name)
        if result is None:
            raise unknown_job(name, self.plan)
        return result


def catalog_of(directory: Path) -> Catalog:
    """What the project in a directory may name, with its plugins where it has a descriptor that can be read."""
    root = directory.resolve()
    catalog = Catalog(root)
    if not (root / DESCRIPTOR).is_file():
        return catalog
    problems = Problems()
    layers = read_layers(root, problems)
    return catalog.with_plugins(plugins_of(layers.root, catalog, problems))


def unknown_job(name: str, plan: Plan) -> UsageError:
    """The error for a job that the plan does not have."""
    from pipeline_kit.suggest import did_you_mean

    return UsageError(f"unknown job {name!r}", hint=did_you_mean(name, [job.name for job in plan.jobs], "jobs"))


def open_project(directory: Path) -> OpenProject:
    """Reads and plans the project in a directory. Raises KitError with every problem of its descriptor."""
    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory", hint="-C takes the directory that holds pipeline-kit.yml")
    root = directory.resolve()
    catalog = Catalog(root)
    descriptor = load_descriptor(root, catalog)
    catalog = catalog.with_plugins(descriptor.plugins)
    refuse_unpinned(descriptor, root)
    folders = folders_of(root, catalog.servers.values())
    return OpenProject(folders, catalog, descriptor, build_plan(descriptor, catalog.specs))


def refuse_unpinned(descriptor: Descriptor, root: Path) -> None:
    """Raises UsageError where a plugin is not in the kit's lock file: CI would install another, or none."""
    if not descriptor.plugins.packages or descriptor.kit.lock is None:
        return
    from pipeline_kit.contract.lock import read_pins
    from pipeline_kit.extensions import normalised

    path = root / descriptor.kit.lock
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    lock = read_pins(text, {})
    for package in descriptor.plugins.packages:
        if not lock.hashed or normalised(package) not in lock.pins:
            hint = "add it there by version and hash, as `pip-compile --generate-hashes` writes it"
            raise UsageError(f"plugins: {package} is not pinned in {descriptor.kit.lock}", hint=hint)
