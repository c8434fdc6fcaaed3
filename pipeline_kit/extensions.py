"""Extension tables: the built-in extensions of a kind, and those of packages that the descriptor lists under `plugins`.

Entry points are code from outside. So only listed packages are searched, and a package is imported only when one of its
extensions is used. `pipeline-kit doctor` lists all others.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from pipeline_kit.errors import UsageError
from pipeline_kit.frozen import frozen

if TYPE_CHECKING:
    from importlib.metadata import Distribution

GROUP_PREFIX = "pipeline_kit."
"""The prefix of the kit's entry point groups."""
NAME = re.compile("[a-z][a-z0-9_]{0,40}")
"""The form of an extension's name, which occurs in descriptors, records and CI files."""

T = TypeVar("T")


@frozen
class Plugins:
    """The packages whose extensions a project may use, by distribution name."""

    packages: tuple[str, ...] = ()

    def entry_points(self, group: str) -> dict[str, str]:
        """The extensions of a group by name, each as `module` or `module:attribute`; nothing is imported.

        Raises UsageError where a package is not installed, a name is malformed, or two packages use the same name.
        """
        values: dict[str, str] = {}
        owners: dict[str, str] = {}
        for package in self.packages:
            for point in distribution(package).entry_points.select(group=group):
                if not NAME.fullmatch(point.name):
                    message = f"plugins: {package} has an extension with the invalid name {point.name[:60]!r} ({group})"
                    raise UsageError(
                        message, hint="a name has lower-case letters, digits and _, and begins with a letter"
                    )
                if point.name in owners:
                    message = f"plugins: {owners[point.name]} and {package} both provide `{point.name}` ({group})"
                    raise UsageError(message, hint="remove one of them from `plugins`")
                values[point.name], owners[point.name] = point.value, package
        return values

    def versions(self) -> dict[str, str]:
        """The installed version of each package. Raises UsageError where one is not installed."""
        return {package: distribution(package).version for package in self.packages}


NO_PLUGINS = Plugins()


class Table(Generic[T]):
    """The extensions of one kind, by name. Built-in ones are written as `module:attribute`, like entry points.

    `noun` names the kind in messages, such as `strategy`.
    """

    def __init__(self, group: str, noun: str, built_in: Mapping[str, str]) -> None:
        self.group = group
        self.noun = noun
        self.built_in = dict(built_in)

    def values(self, plugins: Plugins = NO_PLUGINS) -> dict[str, str]:
        """Every extension's `module:attribute` by name, built-in ones first; no plugin is imported.

        Raises UsageError where a plugin uses a built-in name, or a package is not installed.
        """
        if not plugins.packages:
            return self.built_in
        added = plugins.entry_points(self.group)
        taken = sorted(set(added) & set(self.built_in))
        if taken:
            message = f"plugins: {added[taken[0]]} uses the name of the built-in {self.noun} `{taken[0]}`"
            raise UsageError(message, hint="rename it in the package")
        return {**self.built_in, **added}

    def names(self, plugins: Plugins = NO_PLUGINS) -> tuple[str, ...]:
        """The names, built-in ones first."""
        return tuple(self.values(plugins))

    def load(self, name: str, plugins: Plugins = NO_PLUGINS) -> T:
        """The extension of that name, imported. Raises UsageError where it is unknown or cannot be imported."""
        values = self.values(plugins)
        if name not in values:
            from pipeline_kit.suggest import did_you_mean

            raise UsageError(f"unknown {self.noun} {name!r}", hint=did_you_mean(name, values, "known"))
        if name in self.built_in:
            return cast(T, imported(values[name]))
        with importing(f"the {self.noun} `{name}`", values[name]):
            return cast(T, imported(values[name]))

    def all(self, plugins: Plugins = NO_PLUGINS) -> dict[str, T]:
        """Every extension by name, imported."""
        return {name: self.load(name, plugins) for name in self.values(plugins)}


@contextmanager
def importing(what: str, source: str) -> Iterator[None]:
    """Raises UsageError for any exception of the block, which imports code from outside."""
    try:
        yield
    except (Exception, SystemExit) as error:
        reason = str(error) if isinstance(error, ImportError | AttributeError) else f"{type(error).__name__}: {error}"
        message = f"{what} cannot be imported from {source}: {reason}"
        raise UsageError(message, hint="install the package again, or remove it from `plugins`") from error


def imported(source: str) -> Any:
    """The object at `module:attribute`, or the module without an attribute."""
    module, _, attribute = source.partition(":")
    value: Any = importlib.import_module(module)
    for part in attribute.split(".") if attribute else ():
        value = getattr(value, part)
    return value


def distribution(package: str) -> Distribution:
    """An installed distribution. Raises UsageError where it is not installed."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import distribution as installed

    try:
        return installed(package)
    except PackageNotFoundError as error:
        hint = f"install it into the kit's environment: pip install {package}"
        raise UsageError(f"plugins: the package {package} is not installed", hint=hint) from error


def installed_extensions() -> dict[str, tuple[str, ...]]:
    """The installed packages with extensions of the kit, by name: each extension as `group name`; nothing is imported.

    Reads the metadata of all installed packages, which is slow: only `doctor` calls it.
    """
    from importlib.metadata import distributions

    listed: dict[str, tuple[str, ...]] = {}
    for package in distributions():
        points = [
            f"{point.group.removeprefix(GROUP_PREFIX)} {point.name}"
            for point in package.entry_points
            if point.group.startswith(GROUP_PREFIX)
        ]
        if points:
            listed[normalised(package.metadata["Name"])] = tuple(points)
    return listed


def normalised(name: str) -> str:
    """A distribution's normalised name. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()
