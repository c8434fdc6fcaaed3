"""Reads a tree by the parameters that describe it: types, ranges, grammars, defaults, old names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import PurePosixPath

from pipeline_kit.descriptor.command import entry_hint, is_entry
from pipeline_kit.descriptor.defaults import default_of
from pipeline_kit.descriptor.duration import DURATION, duration_of, seconds_of
from pipeline_kit.descriptor.grammar import GRAMMARS, Grammar
from pipeline_kit.descriptor.model import Position
from pipeline_kit.descriptor.parameter import Kind, Parameter, Value
from pipeline_kit.descriptor.problem import Problems, shown
from pipeline_kit.descriptor.tree import ListNode, MapNode, Node, ScalarNode, kind_of, plain
from pipeline_kit.yaml.scalar import resolve

_WANTED = {
    Kind.STRING: "text",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.DURATION: "a duration such as 30m",
    Kind.COMMAND: "module:function, or a list of words",
    Kind.PATH: "a path inside the project",
    Kind.LIST: "a list",
    Kind.MAP: "a mapping",
    Kind.RECORD: "a mapping",
}
# Words of other tools, for hints.
_HABITS = {
    "on": "events",
    "only": "events",
    "except": "events",
    "if": "events",
    "triggers": "events",
    "depends_on": "needs",
    "dependencies": "needs",
    "script": "run",
    "command": "run",
    "artifacts": "outputs",
    "env": "variables",
    "tags": "runner",
    "agent": "runner",
    "image": "runner",
    "type": "stage",
    "uses": "stage",
    "params": "parameters",
    "resource_group": "lock",
}


class _Bad(Enum):
    """The placeholder for a reported value, where None would be a value."""

    BAD = 0


BAD = _Bad.BAD


class Reader:
    """Reads values; errors go to `problems`, and the default replaces the value."""

    def __init__(self, problems: Problems, grammars: Mapping[str, Grammar] = GRAMMARS) -> None:
        self.problems = problems
        self.grammars = grammars

    def value(self, node: Node, parameter: Parameter, path: str) -> Value:
        """The value of a node, or the parameter's default where it is wrong."""
        read = self._read(node, parameter, path)
        return default_of(parameter) if read is BAD else read

    def record(self, node: MapNode, fields: Sequence[Parameter], path: str, *, closed: bool = True) -> dict[str, Value]:
        """Every field by its name, defaults applied; `closed` makes other keys a problem."""
        known = {name for field in fields for name in (field.name, *field.deprecated_names)}
        if closed:
            self._unknown_keys(node, known, [field.name for field in fields], path)
        values: dict[str, Value] = {}
        for field in fields:
            name = self._given_name(node, field, path)
            if name is not None:
                values[field.name] = self.value(node.entries[name].node, field, _under(path, name))
                continue
            values[field.name] = default_of(field)
            if field.required:
                where = f"{path} has no `{field.name}`" if path else f"`{field.name}` is missing"
                self.problems.add(node.position, where, f"add it: {_clause(field.help)}")
        return values

    def missing(self, position: Position, path: str, parameter: Parameter | None = None) -> None:
        """Reports a key without a value."""
        expected = f": {_WANTED[parameter.kind]} is due" if parameter and parameter.kind in _WANTED else ""
        empty = {Kind.MAP: "{}", Kind.RECORD: "{}", Kind.LIST: "[]"}.get(parameter.kind, "") if parameter else ""
        hint = f"write {empty} for an empty one" if empty else "give it one, or remove the key"
        hint = hint if parameter else "write null where nothing is meant"
        self.problems.add(position, f"{path} has no value{expected}", hint)

    def _unknown_keys(self, node: MapNode, known: set[str], names: Sequence[str], path: str) -> None:
        for key, entry in node.entries.items():
            if key not in known:
                habit = _HABITS.get(key)
                hint = self.problems.choice_hint("" if habit else key, names, "keys here")
                hint = f"the key for that is `{habit}`" if habit in names else hint
                where = f" in {path}" if path else ""
                self.problems.add(entry.position, f"the key {_key_shown(key)}{where} is not known", hint)

    def _given_name(self, node: MapNode, parameter: Parameter, path: str) -> str | None:
        """The name, current or old, under which a field is given."""
        given = [name for name in (parameter.name, *parameter.deprecated_names) if name in node.entries]
        for other in given[1:]:
            message = f"{_under(path, other)} is the old name of `{parameter.name}`, and both are given"
            hint = f"remove it, and keep `{given[0]}` of {node.entries[given[0]].position}"
            self.problems.add(node.entries[other].position, message, hint)
        return given[0] if given else None

    def _read(self, node: Node, parameter: Parameter, path: str) -> Value | _Bad:
        if isinstance(node, ScalarNode):
            if node.refused:
                return BAD
            if node.value is None and (parameter.kind is not Kind.ANY or not node.written):
                self.missing(node.position, path, None if parameter.kind is Kind.ANY else parameter)
                return BAD
        match parameter.kind:
            case Kind.ANY:
                return self._any(node, path)
            case Kind.RECORD:
                return self._record(node, parameter, path)
            case Kind.MAP:
                return self._map(node, parameter, path)
            case Kind.LIST:
                return self._list(node, parameter, path)
            case Kind.COMMAND if isinstance(node, ListNode):
                return self._argv(node, path)
            case _:
                return self._scalar(node, parameter, path)

    def _any(self, node: Node, path: str) -> Value | _Bad:
        """Any JSON value; a key without a value inside is a slip, not a null."""
        children: list[tuple[str, Node]] = []
        if isinstance(node, MapNode):
            children = [(_under(path, key), entry.node) for key, entry in node.entries.items()]
        elif isinstance(node, ListNode):
            children = [(f"{path}[{number}]", item) for number, item in enumerate(node.items)]
        for inner_path, inner in children:
            if isinstance(inner, ScalarNode) and inner.value is None and not inner.written and not inner.refused:
                self.missing(inner.position, inner_path)
            else:
                self._any(inner, inner_path)
        return plain(node)

    def _record(self, node: Node, parameter: Parameter, path: str) -> Value | _Bad:
        if not isinstance(node, MapNode):
            names = ", ".join(field.name for field in parameter.fields)
            return self._wrong(node, parameter, path, f"its keys: {names}")
        return self.record(node, parameter.fields, path)

    def _map(self, node: Node, parameter: Parameter, path: str) -> Value | _Bad:
        if not isinstance(node, MapNode):
            return self._wrong(node, parameter, path, "write each entry as `name: value`")
        values: dict[str, Value] = {}
        for key, entry in node.entries.items():
            complaint = self.grammars[parameter.grammar or "label"].complaint(key)
            if complaint:
                self.problems.add(entry.position, f"{path}: the name {shown(key)} {complaint[0]}", complaint[1])
            items = parameter.items or Parameter(key, Kind.ANY, parameter.help)
            value = self._read(entry.node, items, _under(path, key))
            if value is not BAD and not complaint:
                values[key] = value
        return values

    def _list(self, node: Node, parameter: Parameter, path: str) -> Value | _Bad:
        if not isinstance(node, ListNode):
            hint = f"write [{node.written}]" if isinstance(node, ScalarNode) and len(node.written) < 40 else ""
            return self._wrong(node, parameter, path, hint)
        items = parameter.items or Parameter("", Kind.ANY, parameter.help)
        values: list[Value] = []
        for number, item in enumerate(node.items):
            value = self._read(item, items, f"{path}[{number}]")
            if value is BAD:
                continue
            if items.grammar and value in values:
                self.problems.add(item.position, f"{path} names {shown(value)} twice", "remove one of them")
                continue
            values.append(value)
        return values

    def _argv(self, node: ListNode, path: str) -> Value | _Bad:
        values: list[Value] = []
        word = Parameter("", Kind.STRING, "A word of the command.")
        for number, item in enumerate(node.items):
            value = self._read(item, word, f"{path}[{number}]")
            if value is not BAD:
                values.append(value)
        if not node.items:
            self.problems.add(node.position, f"{path} is an empty list", "begin with the program: [python, train.py]")
        return values

    def _scalar(self, node: Node, parameter: Parameter, path: str) -> Value | _Bad:
        """A value of one of the single kinds."""
        if not isinstance(node, ScalarNode):
            return self._wrong(node, parameter, path)
        value = node.value
        match parameter.kind:
            case Kind.BOOLEAN if isinstance(value, bool):
                return value
            case Kind.INTEGER if isinstance(value, int) and not isinstance(value, bool):
                return self._within(node, value, parameter, path)
            case Kind.NUMBER if isinstance(value, int | float) and not isinstance(value, bool):
                return self._within(node, value, parameter, path)
            case Kind.DURATION if isinstance(value, str) and re.fullmatch(DURATION, value):
                return self._within(node, seconds_of(value), parameter, path)
            case Kind.CHOICE if isinstance(value, str):
                return self._choice(node, value, parameter, path)
            case Kind.COMMAND if isinstance(value, str):
                return self._entry(node, value, path)
            case Kind.STRING | Kind.PATH if isinstance(value, str):
                return self._text(node, value, parameter, path)
            case _:
                return self._wrong(node, parameter, path, _retyped(node, parameter))

    def _within(self, node: ScalarNode, value: int | float, parameter: Parameter, path: str) -> Value | _Bad:
        def limit_text(bound: float) -> str:
            text = duration_of(bound) if parameter.kind is Kind.DURATION else f"{bound:g}"
            return f"{text} {parameter.unit}" if parameter.unit and parameter.kind is not Kind.DURATION else text

        outside = ""
        if parameter.minimum is not None and value < parameter.minimum:
            outside = f"below {limit_text(parameter.minimum)}"
        elif parameter.maximum is not None and value > parameter.maximum:
            outside = f"above {limit_text(parameter.maximum)}"
        if outside:
            self.problems.add(node.position, f"{path} is {node.written}, {outside}", _clause(parameter.help))
            return BAD
        return value

    def _choice(self, node: ScalarNode, value: str, parameter: Parameter, path: str) -> Value | _Bad:
        if value in parameter.choices:
            return value
        hint = self.problems.choice_hint(value, parameter.choices, "choices")
        self.problems.add(node.position, f"{path} cannot be {shown(value)}", hint)
        return BAD

    def _entry(self, node: ScalarNode, value: str, path: str) -> Value | _Bad:
        if is_entry(value):
            return value
        self.problems.add(node.position, f"{path}: {shown(value)} is not module:function", entry_hint(value))
        return BAD

    def _text(self, node: ScalarNode, value: str, parameter: Parameter, path: str) -> Value | _Bad:
        grammar = "path" if parameter.kind is Kind.PATH else parameter.grammar
        if not value and grammar != "text":
            self.problems.add(node.position, f"{path} is empty", _clause(parameter.help))
            return BAD
        complaint = self.grammars[grammar].complaint(value) if grammar else None
        if complaint:
            self.problems.add(node.position, f"{path}: {shown(value)} {complaint[0]}", complaint[1])
            return BAD
        return str(PurePosixPath(value)) if parameter.kind is Kind.PATH else value

    def _wrong(self, node: Node, parameter: Parameter, path: str, hint: str = "") -> _Bad:
        """Reports a value of another type than the one that is due."""
        expected = (
            f"one of {', '.join(parameter.choices)}" if parameter.kind is Kind.CHOICE else _WANTED[parameter.kind]
        )
        value = f": {shown(node.value)}" if isinstance(node, ScalarNode) and isinstance(node.value, str) else ""
        if isinstance(node, ScalarNode) and not isinstance(node.value, str):
            value = f" ({node.written[:40]})"
        message = f"{path or 'the file'} must be {expected}, and is {kind_of(node)}{value}"
        self.problems.add(node.position, message, hint or _clause(parameter.help))
        return BAD


def _retyped(node: ScalarNode, parameter: Parameter) -> str:
    """The next step where a scalar has another type than the one that is due."""
    value, kind = node.value, parameter.kind
    if kind is Kind.DURATION:
        return f"say the unit: {value}m" if type(value) is int else "one number and s, m, h or d: 90m, not 1h30m"
    if kind in (Kind.STRING, Kind.PATH, Kind.CHOICE):
        return f'quote it: "{node.written}"'
    if isinstance(value, str) and isinstance(resolve(value), int | float):
        return f"remove the quotes: {value}"
    if kind is Kind.INTEGER and isinstance(value, float) and value.is_integer():
        return f"write {value:.0f}"
    return _clause(parameter.help)


def _under(path: str, key: str) -> str:
    plain_key = key if key.isascii() and key.isidentifier() and len(key) <= 60 else _key_shown(key).strip("`")
    return f"{path}.{plain_key}" if path else key


def _key_shown(key: str) -> str:
    return f"`{key}`" if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", key) else shown(key)


def _clause(text: str) -> str:
    """The first sentence of a help text as a clause, such as follows `add it: `."""
    first = text.partition(". ")[0].removesuffix(".")
    return first if first[1:2].isupper() else first[:1].lower() + first[1:]
