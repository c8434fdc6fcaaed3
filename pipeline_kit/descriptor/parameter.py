"""What a stage says about one of its settings: the single source of its check, help, schema and reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from pipeline_kit.frozen import frozen

Value = None | bool | int | float | str | Sequence["Value"] | Mapping[str, "Value"]
"""A value as the descriptor may hold it: JSON's types, finite numbers only."""


class Kind(Enum):
    """The type of a setting, as `stage.yml` and the reference name it."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DURATION = "duration"  # "90s", "30m", "6h", "2d"; held as whole seconds
    COMMAND = "command"  # "module:function", or an argv list; never a shell line
    PATH = "path"  # relative, inside the project
    CHOICE = "choice"  # one of `choices`
    LIST = "list"  # of `items`
    MAP = "map"  # of `items` by free names
    RECORD = "record"  # of named `fields`
    ANY = "any"  # any JSON value: handed to the project's code untouched


@frozen
class Parameter:
    """One setting: type, default, unit and help; `fields` and `items` nest for records, lists and maps.

    `grammar` names the form (`grammar.GRAMMARS`, and those of servers) that a string, or each name of a map, must
    follow; a list of such strings names each once. `source` names a table of extensions: a choice is one of their
    names, and a record has their parameters as further fields.
    """

    name: str
    kind: Kind
    help: str
    default: Value = None
    required: bool = False
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    items: Parameter | None = None
    fields: tuple[Parameter, ...] = ()
    deprecated_names: tuple[str, ...] = ()
    grammar: str = ""
    source: str = ""
