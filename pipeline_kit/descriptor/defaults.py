"""The default of a parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline_kit.descriptor.duration import seconds_of
from pipeline_kit.descriptor.parameter import Kind, Parameter, Value


def default_of(parameter: Parameter) -> Value:
    """The default of a parameter: durations in seconds, records with all their fields."""
    return _filled(parameter.default, parameter)


def _filled(value: Value, parameter: Parameter) -> Value:
    if parameter.kind is Kind.DURATION and isinstance(value, str):
        return seconds_of(value)
    if parameter.kind is Kind.RECORD and isinstance(value, Mapping):
        return {
            field.name: _filled(value[field.name], field) if field.name in value else default_of(field)
            for field in parameter.fields
        }
    if parameter.kind is Kind.LIST and parameter.items and isinstance(value, Sequence) and not isinstance(value, str):
        return [_filled(item, parameter.items) for item in value]
    if parameter.kind is Kind.MAP and parameter.items and isinstance(value, Mapping):
        return {key: _filled(item, parameter.items) for key, item in value.items()}
    return value
