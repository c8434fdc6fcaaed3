"""The parameters that an extension declares, which nothing has checked in code from outside."""

from __future__ import annotations

from pipeline_kit.descriptor.grammar import GRAMMARS
from pipeline_kit.descriptor.parameter import Parameter
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import NAME


def declared_parameters(what: str, extension: object) -> tuple[Parameter, ...]:
    """An extension's `parameters`. Raises UsageError where one is not a Parameter, or has a wrong name or grammar."""
    declared: object = getattr(extension, "parameters", None)
    if not isinstance(declared, tuple) or not all(isinstance(parameter, Parameter) for parameter in declared):
        raise UsageError(f"plugins: {what} has no tuple of Parameter in `parameters`")
    for parameter in declared:
        if not NAME.fullmatch(parameter.name):
            hint = "a name has small letters, digits and _, and a letter first"
            raise UsageError(f"plugins: {what} calls a field {parameter.name[:60]!r}", hint=hint)
        if parameter.grammar and parameter.grammar not in GRAMMARS:
            message = f"plugins: the field `{parameter.name}` of {what} has the unknown grammar {parameter.grammar!r}"
            raise UsageError(message, hint=", ".join(GRAMMARS))
    return declared
