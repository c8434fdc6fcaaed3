"""The forms of words and the reserved names, with those of the built-in CI servers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pipeline_kit.catalog import Servers
from pipeline_kit.descriptor.grammar import Grammar
from pipeline_kit.descriptor.vocabulary import grammars_of, reserved_names


@cache
def forms() -> Mapping[str, Grammar]:
    """Every form that a word of a descriptor may have."""
    return grammars_of(Servers().values())


@cache
def reserved() -> Mapping[str, str]:
    """Each name that no job may have, with its owner."""
    return reserved_names(Servers().values())
