"""Parameters as tables: of a stage, and of the descriptor's own keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generator.markdown import code, escaped, table, value_code
from pipeline_kit.adapters.stores import STORES
from pipeline_kit.catalog import Servers
from pipeline_kit.descriptor.parameter import Kind, Parameter
from pipeline_kit.descriptor.store import store_forms
from pipeline_kit.descriptor.vocabulary import grammars_of

HEAD = ("key", "type", "default", "meaning")
PLURAL = {"whole number": "whole numbers", "number": "numbers", "text": "texts", "path": "paths"}
WORDS = {
    Kind.STRING: "text",
    Kind.INTEGER: "whole number",
    Kind.NUMBER: "number",
    Kind.BOOLEAN: "true or false",
    Kind.DURATION: "duration, such as `90s`, `30m`, `6h`, `2d`",
    Kind.COMMAND: "`module:function`, or a list of words",
    Kind.PATH: "path inside the project",
    Kind.ANY: "any value",
}


SERVERS = tuple(Servers().values())
FORMS = {**grammars_of(SERVERS), **store_forms(STORES.all())}


def parameter_table(parameters: Sequence[Parameter], prefix: str = "") -> str:
    """All parameters with the nested ones; `prefix` comes before each key."""
    return table(HEAD, [row for parameter in parameters for row in rows(parameter, prefix)])


def rows(parameter: Parameter, prefix: str) -> Iterator[tuple[str, str, str, str]]:
    """A parameter's row and those of what nests in it: `rules[].metric`, `runners.NAME.image`."""
    name = prefix + parameter.name
    yield code(name), type_of(parameter), default_of(parameter), meaning_of(parameter)
    for field in parameter.fields:
        yield from rows(field, f"{name}.")
    if parameter.items and parameter.items.fields:
        inner = f"{name}[]." if parameter.kind is Kind.LIST else f"{name}.NAME."
        for field in parameter.items.fields:
            yield from rows(field, inner)


def type_of(parameter: Parameter) -> str:
    """A parameter's type as text, with its limits and its unit."""
    words = kind_of(parameter)
    unit = f", in {parameter.unit}" if parameter.unit else ""
    return words + limits(parameter) + unit


def kind_of(parameter: Parameter) -> str:
    """The type alone."""
    items = parameter.items
    match parameter.kind:
        case Kind.CHOICE:
            return ", ".join(code(choice) for choice in parameter.choices)
        case Kind.LIST:
            return f"list of: {kind_of(items)}" if items and not items.fields else "list of mappings"
        case Kind.MAP:
            return f"mapping of names to: {kind_of(items)}" if items and not items.fields else "mapping of names"
        case Kind.RECORD:
            return "mapping"
        case Kind.STRING if parameter.grammar:
            return escaped(FORMS[parameter.grammar].says)
        case kind:
            return WORDS[kind]


def limits(parameter: Parameter) -> str:
    """The smallest and the largest value, if declared; a duration's help has them."""
    if parameter.kind is Kind.DURATION:
        return ""
    least, most = parameter.minimum, parameter.maximum
    if least is not None and most is not None:
        return f", {least:g} to {most:g}"
    return f", from {least:g}" if least is not None else f", at most {most:g}" if most is not None else ""


def default_of(parameter: Parameter) -> str:
    """The default, or that there must be a value."""
    if parameter.required:
        return "**required**"
    return "" if parameter.default is None else value_code(parameter.default)


def meaning_of(parameter: Parameter) -> str:
    """The help, with names that are no longer used."""
    old = ", ".join(code(name) for name in parameter.deprecated_names)
    return escaped(parameter.help) + (f" Before: {old}." if old else "")
