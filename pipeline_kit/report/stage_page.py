"""A stage's specification as text for a terminal, and for a machine."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from pipeline_kit.contract.spec import StageSpec
from pipeline_kit.descriptor.parameter import Kind, Parameter, Value

INDENT = "  "


def summary_lines(stages: Sequence[tuple[StageSpec, str]], width: int) -> list[str]:
    """One entry a stage: its name, the first sentence of its help, and where it comes from if not from the kit."""
    name_width = max((len(spec.name) for spec, _ in stages), default=0)
    lines = []
    for spec, source in stages:
        text = first_sentence(spec.help) + ("" if source == "pipeline-kit" else f" ({source})")
        lines += filled(f"{spec.name:<{name_width}}  ", text, width)
    return [*lines, "", "pipeline-kit stages NAME says what one of them takes and leaves"]


def stage_lines(spec: StageSpec, source: str, width: int) -> list[str]:
    """Everything about one stage."""
    lines = [f"{spec.name} ({source})", "", *filled("", spec.help, width), "", "parameters:"]
    for parameter in spec.parameters:
        lines += parameter_lines(parameter, INDENT, width)
    if not spec.parameters:
        lines.append(f"{INDENT}none")
    lines += ["", "outputs:"]
    for output in spec.outputs:
        lines += filled(f"{INDENT}{output.name}  ", f"{output.path} ({output.kind}). {output.help}", width, hang=6)
    if not spec.outputs:
        lines.append(f"{INDENT}none but its result and report")
    return [*lines, "", *(line for text in facts(spec) for line in filled("", text, width))]


def facts(spec: StageSpec) -> Iterator[str]:
    """What else is to be known, a line each."""
    if spec.default_inputs is None:
        yield "inputs, where a job names none: every file that git does not ignore, and all declared data"
    else:
        yield f"inputs, where a job names none: {', '.join(spec.default_inputs) or 'nothing'}"
    if spec.consumes:
        yield f"consumes: {', '.join(spec.consumes)}, each from the nearest job before it that makes one"
    if spec.requires:
        yield f"of these it cannot do without: {', '.join(spec.requires)}"
    if spec.data_from:
        yield f"also reads: the datasets of the job that makes its {spec.data_from}"
    yield "runs the project's code: " + ("yes, in its locked environment" if spec.project_code else "no")
    yield "cacheable: " + ("yes" if spec.cacheable else "no")
    yield "changes the world: " + ("yes, so a newer push does not interrupt it" if spec.changes_world else "no")
    if spec.extras:
        yield f"needs the kit installed as pipeline-kit[{','.join(spec.extras)}]"


def parameter_lines(parameter: Parameter, lead: str, width: int) -> Iterator[str]:
    """A parameter: its name and type, its help, and what is in it."""
    yield from filled(f"{lead}{parameter.name}: ", type_of(parameter), width, hang=len(lead) + 4)
    yield from filled(f"{lead}{INDENT * 2}", parameter.help, width)
    inner = parameter.fields or (parameter.items.fields if parameter.items else ())
    for item in inner:
        yield from parameter_lines(item, f"{lead}{INDENT * 2}", width)


def type_of(parameter: Parameter) -> str:
    """Its type, whether it must be given, its default, its range and its unit, as text."""
    parts = [type_name(parameter)]
    if parameter.required:
        parts.append("required")
    if parameter.default is not None:
        parts.append(f"default {shown(parameter.default)}")
    bounds = [(parameter.minimum, "from"), (parameter.maximum, "to")]
    parts += [" ".join(f"{word} {bound:g}" for bound, word in bounds if bound is not None)]
    if parameter.unit:
        parts.append(f"in {parameter.unit}")
    if parameter.deprecated_names:
        parts.append(f"once called {', '.join(parameter.deprecated_names)}")
    return ", ".join(part for part in parts if part)


def type_name(parameter: Parameter) -> str:
    """The name of a type: `list of record`, or a choice's words."""
    if parameter.kind is Kind.CHOICE:
        return f"choice of {', '.join(parameter.choices)}"
    if parameter.items is not None and parameter.kind in (Kind.LIST, Kind.MAP):
        return f"{parameter.kind.value} of {type_name(parameter.items)}"
    return str(parameter.kind.value)


def shown(value: Value) -> str:
    """A default: a word as it is, everything else as in JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def first_sentence(text: str) -> str:
    """The first sentence of a help text: up to a full stop or a colon before a space."""
    for number, letter in enumerate(text):
        if letter in ".:" and text[number + 1 : number + 2] in ("", " "):
            return f"{text[:number]}."
    return text


def filled(lead: str, text: str, width: int, hang: int | None = None) -> list[str]:
    """A text in lines of at most that width, the first after a lead, the others below its end."""
    hanging = " " * (len(lead) if hang is None else hang)
    return textwrap.wrap(
        text, width, initial_indent=lead, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
    )


def stage_as_json(spec: StageSpec, source: str) -> Mapping[str, Value]:
    """Everything about one stage, for a machine."""
    return {
        "name": spec.name,
        "source": source,
        "help": spec.help,
        "parameters": [parameter_as_json(parameter) for parameter in spec.parameters],
        "outputs": [{"name": o.name, "path": o.path, "kind": o.kind, "help": o.help} for o in spec.outputs],
        "inputs": list(spec.default_inputs) if spec.default_inputs is not None else None,
        "consumes": list(spec.consumes),
        "requires": list(spec.requires),
        "data_from": spec.data_from,
        "project_code": spec.project_code,
        "cacheable": spec.cacheable,
        "changes_world": spec.changes_world,
        "extras": list(spec.extras),
    }


def parameter_as_json(parameter: Parameter) -> Mapping[str, Value]:
    """A parameter, for a machine; what it has not is left out."""
    values: dict[str, Value] = {
        "name": parameter.name,
        "type": parameter.kind.value,
        "help": parameter.help,
        "required": parameter.required,
        "default": parameter.default,
        "unit": parameter.unit,
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "choices": list(parameter.choices) or None,
        "items": parameter_as_json(parameter.items) if parameter.items else None,
        "fields": [parameter_as_json(field) for field in parameter.fields] or None,
        "deprecated": list(parameter.deprecated_names) or None,
    }
    return {name: value for name, value in values.items() if value is not None}
