"""The descriptor as it counts: layers merged, defaults filled in, each value with the layer and line that set it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from pipeline_kit.descriptor.layers import merge
from pipeline_kit.descriptor.load import Layers
from pipeline_kit.descriptor.model import Position
from pipeline_kit.descriptor.organisation import VENDORED
from pipeline_kit.descriptor.parameter import Kind, Parameter, Value
from pipeline_kit.descriptor.problem import Problems
from pipeline_kit.descriptor.sections import JOB, STORE, root_keys
from pipeline_kit.descriptor.store import store_parameter
from pipeline_kit.descriptor.tree import Entry, ListNode, MapNode, Node, ScalarNode
from pipeline_kit.descriptor.vocabulary import Vocabulary

Path = tuple[str, ...]


class Layer(Enum):
    """Who set a value, the lowest layer first."""

    KIT = "kit"
    ORGANISATION = "organisation"
    REPOSITORY = "repository"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was set; the kit's own defaults have a place where a stage's file has one."""

    layer: Layer
    position: Position | None = None
    environment: str | None = None
    locked: bool = False

    def __str__(self) -> str:
        name = f"environment {self.environment}" if self.environment else self.layer.value
        name = "kit default" if self.layer is Layer.KIT else name
        place = f", {self.position.file}:{self.position.line}" if self.position else ""
        return name + place + (", locked" if self.locked else "")


@dataclass(frozen=True, slots=True)
class Setting:
    """A value with its origin; a mapping's values are in `entries`, a list's in `items`."""

    origin: Origin
    value: Value = None
    entries: Mapping[str, Setting] | None = None
    items: tuple[Setting, ...] | None = None

    def at(self, path: Sequence[str]) -> Setting | None:
        """The setting under the keys of a path, or None."""
        setting: Setting | None = self
        for key in path:
            setting = setting.entries.get(key) if setting and setting.entries is not None else None
        return setting

    def plain(self) -> Value:
        """The value alone."""
        if self.entries is not None:
            return {key: entry.plain() for key, entry in self.entries.items()}
        return [item.plain() for item in self.items] if self.items is not None else self.value

    def leaves(self, path: Path = ()) -> Iterator[tuple[Path, Setting]]:
        """Every value that has none inside, with its path; the items of a list by their number from 0."""
        inner = dict(self.entries or {}) if self.items is None else {str(n): item for n, item in enumerate(self.items)}
        if not inner:
            yield path, self
        for key, setting in inner.items():
            yield from setting.leaves((*path, key))


@dataclass(frozen=True, slots=True)
class Settler:
    """Builds settings from the merged tree. `places` has the lines of the stages' defaults, by stage and parameter."""

    layers: Layers
    vocabulary: Vocabulary
    places: Mapping[tuple[str, str], Position]
    changed: Mapping[Position, str] = field(default_factory=dict)  # the environment by the place of what it changes

    def root(self) -> Setting:
        """The whole descriptor."""
        root = self.layers.root
        entries = dict(self.record(root, self.keys(), (), {}).entries or {})
        jobs = {name: self.job(name, entry) for name, entry in root.child("jobs").entries.items()}
        if "jobs" in root.entries:
            entries["jobs"] = Setting(self.origin(root.entries["jobs"].position, ("jobs",)), entries=jobs)
        return Setting(self.origin(root.position, ()), entries=entries)

    def keys(self) -> tuple[Parameter, ...]:
        """The keys of the root."""
        node, servers = self.layers.root.get("store"), self.vocabulary.servers.values()
        return root_keys(servers, store_parameter(node, self.vocabulary.stores, Problems()) if node else STORE)

    def job(self, name: str, entry: Entry) -> Setting:
        """One job, with what its environment changes in it, its stage's defaults and those of every job."""
        if not isinstance(entry.node, MapNode):
            return self.setting(entry.node, entry.position, None, ("jobs", name))
        node, settler = entry.node, self
        given = node.get("environment")
        environment = given.value if isinstance(given, ScalarNode) and isinstance(given.value, str) else None
        if environment is not None:
            there = self.layers.root.child("environments").child(environment).child("jobs").child(name)
            settler = replace(self, changed=dict.fromkeys(positions(there), environment))
            node = replace(merge(node, there), position=node.position)
        stage = node.get("stage")
        used = stage.value if isinstance(stage, ScalarNode) and isinstance(stage.value, str) else name
        parameters = self.vocabulary.stages.get(used, ())
        places = {parameter.name: self.places.get((used, parameter.name)) for parameter in parameters}
        built = settler.record(node, (*JOB, *parameters), ("jobs", name), places)
        entries = dict(built.entries or {})
        if stage is None:
            entries = {"stage": Setting(Origin(Layer.KIT), name), **entries}
        return Setting(self.origin(entry.position, ("jobs", name)), entries=entries)

    def record(
        self, node: MapNode, fields: Sequence[Parameter], path: Path, places: Mapping[str, Position | None]
    ) -> Setting:
        """A mapping with known keys: those given in the order of the file under their present names, then defaults."""
        known = {name: parameter for parameter in fields for name in (parameter.name, *parameter.deprecated_names)}
        entries: dict[str, Setting] = {}
        for key, entry in node.entries.items():
            named = known.get(key)
            name = named.name if named else key
            entries[name] = self.setting(entry.node, entry.position, named, (*path, name))
        for parameter in fields:
            if parameter.name not in entries and parameter.default is not None:
                entries[parameter.name] = default(parameter.default, Origin(Layer.KIT, places.get(parameter.name)))
        return Setting(self.origin(node.position, path), entries=entries)

    def setting(self, node: Node, position: Position, parameter: Parameter | None, path: Path) -> Setting:
        """A node as a setting; `position` is its key's, or its own in a list."""
        origin = self.origin(position, path)
        if isinstance(node, ListNode):
            items = parameter.items if parameter else None
            return Setting(origin, items=tuple(self.setting(item, item.position, items, path) for item in node.items))
        if isinstance(node, ScalarNode):
            return Setting(origin, node.value)
        if parameter is not None and parameter.kind is Kind.RECORD:
            return replace(self.record(node, parameter.fields, path, {}), origin=origin)
        items = parameter.items if parameter else None
        inner = {
            key: self.setting(entry.node, entry.position, items, (*path, key)) for key, entry in node.entries.items()
        }
        return Setting(origin, entries=inner)

    def origin(self, position: Position, path: Path) -> Origin:
        """The layer of a place; everything at or under a locked path is locked."""
        locked = any(path[:length] in self.layers.locked for length in range(1, len(path) + 1))
        if position in self.changed:
            return Origin(Layer.ENVIRONMENT, position, self.changed[position], locked)
        layer = Layer.ORGANISATION if position.file == VENDORED else Layer.REPOSITORY
        return Origin(layer, position, locked=locked)


def settle(layers: Layers, vocabulary: Vocabulary, places: Mapping[tuple[str, str], Position]) -> Setting:
    """The descriptor of merged layers as settings; it has been checked before."""
    return Settler(layers, vocabulary, places).root()


def default(value: Value, origin: Origin) -> Setting:
    """A default, and all that is in it, as settings."""
    if isinstance(value, Mapping):
        return Setting(origin, entries={key: default(item, origin) for key, item in value.items()})
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Setting(origin, items=tuple(default(item, origin) for item in value))
    return Setting(origin, value)


def positions(node: Node) -> Iterator[Position]:
    """The places of all keys and items of a node."""
    if isinstance(node, MapNode):
        for entry in node.entries.values():
            yield entry.position
            yield from positions(entry.node)
    elif isinstance(node, ListNode):
        for item in node.items:
            yield item.position
            yield from positions(item)
