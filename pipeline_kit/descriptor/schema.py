"""The JSON Schema of the descriptor, for editors: made of the same parameters and grammars as the checks.

What a schema cannot say (unknown names, cycles, cron fields that never meet) the checks alone find.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline_kit.descriptor.command import ENTRY
from pipeline_kit.descriptor.duration import DURATION
from pipeline_kit.descriptor.parameter import Kind, Parameter, Value
from pipeline_kit.descriptor.sections import JOB, root_keys
from pipeline_kit.descriptor.store import store_forms, store_record
from pipeline_kit.descriptor.vocabulary import Vocabulary, grammars_of, reserved_names

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Value]
Stages = Mapping[str, tuple[Parameter, ...]]


def json_schema(vocabulary: Vocabulary) -> Schema:
    """The schema of a descriptor that uses these stages and servers.

    A descriptor that builds on an organisation's file may leave out required keys, which that file may have.
    """
    return {
        "$schema": DIALECT,
        "title": "pipeline-kit.yml",
        "description": "How an AI model is built, trained, tested, judged, packaged, released and watched.",
        "type": "object",
        "if": {"required": ["organisation"]},
        "then": {"$ref": "#/$defs/layer"},
        "else": {"$ref": "#/$defs/whole"},
        "$defs": {
            "layer": _Writer("layer", vocabulary, whole=False).root(),
            "whole": _Writer("whole", vocabulary, whole=True).root(),
        },
    }


class _Writer:
    """Writes schemas; `whole` says whether required keys are demanded."""

    def __init__(self, place: str, vocabulary: Vocabulary, *, whole: bool) -> None:
        self.place = place
        self.whole = whole
        self.stages = vocabulary.stages
        self.servers = tuple(vocabulary.servers.values())
        self.stores = vocabulary.stores
        self.grammars = {**grammars_of(self.servers), **store_forms(self.stores)}

    def root(self) -> Schema:
        """The schema of the whole file."""
        keys, stages = root_keys(self.servers), self.stages
        sections: Schema = {key.name: self.section(key, stages) for key in keys}
        return {**self.record("", keys), "properties": sections, "$defs": self.stage_definitions(stages)}

    def section(self, parameter: Parameter, stages: Stages) -> Schema:
        """The schema of one of the root's keys."""
        match parameter.name:
            case "version":
                return {"const": 1, "description": parameter.help}
            case "kit":
                return {"anyOf": [self.value(parameter.fields[0]), self.value(parameter)]}
            case "store":
                records = [self.value(store_record(name, words)) for name, words in self.stores.items()]
                return {**self.value(parameter), "anyOf": [self.text("store"), *records]}
            case "jobs":
                return {**self.value(parameter), **self.jobs(stages)}
            case _:
                return self.value(parameter)

    def jobs(self, stages: Stages) -> Schema:
        """The schema of `jobs`: a job that names no stage uses the one of its own name."""
        named: Schema = {
            name: {
                "if": {"required": ["stage"]},
                "then": self.reference("job"),
                "else": self.reference(f"stage_{name}"),
            }
            for name in stages
        }
        return {
            "properties": named,
            "additionalProperties": self.reference("job"),
            **({"minProperties": 1} if self.whole else {}),
        }

    def stage_definitions(self, stages: Stages) -> Schema:
        """A definition for each stage's jobs, and one for a job that names its stage."""
        by_stage: list[Value] = [
            {
                "if": {"properties": {"stage": {"const": name}}, "required": ["stage"]},
                "then": self.reference(f"stage_{name}"),
            }
            for name in stages
        ]
        job: Schema = {
            "type": "object",
            "properties": {"stage": {"enum": list(stages)}},
            **({"required": ["stage"]} if self.whole else {}),
            "allOf": by_stage,
        }
        return {"job": job, **{f"stage_{name}": self.record("", (*JOB, *stage)) for name, stage in stages.items()}}

    def reference(self, name: str) -> Schema:
        """A reference to one of this writer's definitions."""
        return {"$ref": f"#/$defs/{self.place}/$defs/{name}"}

    def record(self, help_: str, fields: Sequence[Parameter]) -> Schema:
        """The schema of a mapping with these fields and no others."""
        properties: Schema = {}
        for field in fields:
            properties[field.name] = self.value(field)
            for old in field.deprecated_names:
                properties[old] = {**self.value(field), "deprecated": True}
        required: list[Value] = [field.name for field in fields if field.required and not field.deprecated_names]
        either: list[Value] = [
            {"anyOf": [{"required": [name]} for name in (field.name, *field.deprecated_names)]}
            for field in fields
            if field.required and field.deprecated_names
        ]
        return {
            "type": "object",
            **({"description": help_} if help_ else {}),
            "properties": properties,
            "additionalProperties": False,
            **({"required": required} if required and self.whole else {}),
            **({"allOf": either} if either and self.whole else {}),
        }

    def value(self, parameter: Parameter) -> Schema:
        """The schema of a parameter's value."""
        schema = self.shape(parameter)
        unit = f" In {parameter.unit}." if parameter.unit else ""
        schema["description"] = parameter.help + unit
        if parameter.default is not None:
            schema["default"] = parameter.default
        if parameter.kind is not Kind.DURATION:
            if parameter.minimum is not None:
                schema["minimum"] = parameter.minimum
            if parameter.maximum is not None:
                schema["maximum"] = parameter.maximum
        return schema

    def shape(self, parameter: Parameter) -> Schema:
        """The schema of a parameter's type alone."""
        match parameter.kind:
            case Kind.INTEGER | Kind.NUMBER | Kind.BOOLEAN:
                return {"type": parameter.kind.value}
            case Kind.STRING:
                return self.text(parameter.grammar)
            case Kind.PATH:
                return self.text("path")
            case Kind.DURATION:
                return {"type": "string", "pattern": f"^(?:{DURATION})$"}
            case Kind.CHOICE:
                return {"enum": list(parameter.choices)}
            case Kind.COMMAND:
                argv: Schema = {"type": "array", "items": self.text(""), "minItems": 1}
                return {"anyOf": [{"type": "string", "pattern": f"^(?:{ENTRY})$"}, argv]}
            case Kind.LIST:
                return self.list(parameter)
            case Kind.MAP:
                items = self.value(parameter.items) if parameter.items else True
                names: Schema = {"pattern": f"^(?:{self.grammars[parameter.grammar or 'label'].pattern})$"}
                if parameter.grammar == "job_name":
                    names["not"] = {"enum": sorted(reserved_names(self.servers))}
                return {"type": "object", "propertyNames": names, "additionalProperties": items}
            case Kind.RECORD:
                return self.record(parameter.help, parameter.fields)
            case Kind.ANY:
                return {}

    def list(self, parameter: Parameter) -> Schema:
        """The schema of a list; one of words with a grammar names each once."""
        items = parameter.items
        unique: Schema = {"uniqueItems": True} if items and items.grammar else {}
        return {"type": "array", **({"items": self.value(items)} if items else {}), **unique}

    def text(self, grammar: str) -> Schema:
        """The schema of a text in a form; without one of any text that is not empty."""
        if not grammar:
            return {"type": "string", "minLength": 1}
        return {"type": "string", "pattern": f"^(?:{self.grammars[grammar].pattern})$"}
