"""The words that extensions add to a descriptor: of stages, of CI servers, and of stores."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Protocol

from pipeline_kit.descriptor.cron import cron_complaint
from pipeline_kit.descriptor.grammar import GRAMMARS, Complaint, Grammar
from pipeline_kit.descriptor.model import NeedsLimit
from pipeline_kit.descriptor.parameter import Parameter
from pipeline_kit.descriptor.reserved import RESERVED
from pipeline_kit.descriptor.server_words import ServerWords
from pipeline_kit.extensions import Plugins

_OWN_VARIABLES = ("PATH", "HOME", "SHELL", "USER", "IFS", "BASH_ENV", "ENV", "(?:PIPELINE_KIT|PYTHON|LD)_.*")


class StoreWords(Protocol):
    """What the descriptor must know of a kind of store: the form of its address, and its settings."""

    @property
    def grammar(self) -> Grammar:
        """The form of an address."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its settings."""


class Vocabulary(Protocol):
    """What a descriptor may say beside the kit's own keys."""

    @property
    def stages(self) -> Mapping[str, tuple[Parameter, ...]]:
        """The parameters of every stage."""

    @property
    def servers(self) -> Mapping[str, ServerWords]:
        """The CI servers by name."""

    @property
    def stores(self) -> Mapping[str, StoreWords]:
        """The kinds of store by name; read only where a descriptor declares a store."""

    def with_plugins(self, plugins: Plugins) -> Vocabulary:
        """The same with the extensions of these packages. Raises UsageError where one is not installed."""


def needs_limit(servers: Iterable[ServerWords]) -> NeedsLimit | None:
    """The smallest limit of needs of the servers, or None where no server has one."""
    limits = [NeedsLimit(words.most_needs, words.title) for words in servers if words.most_needs is not None]
    return min(limits, key=lambda limit: limit.count, default=None)


def reserved_names(servers: Iterable[ServerWords]) -> dict[str, str]:
    """Each name that no job may have, with its owner; of two owners the server that comes first counts."""
    names = dict(RESERVED)
    for words in reversed(list(servers)):
        for owner, reserved in words.reserved.items():
            names.update(dict.fromkeys(reserved, owner))
    return names


def grammars_of(servers: Iterable[ServerWords]) -> dict[str, Grammar]:
    """Every form that a word may have: the kit's, those that depend on the servers, and the servers' own."""
    listed = list(servers)
    taken = "|".join((*_OWN_VARIABLES, *(variable for words in listed for variable in words.variables)))
    tokens = "|".join(token for words in listed for token in words.tokens)
    dependent = {
        "job_name": partial(_reserved, reserved_names(listed)),
        "variable": partial(_variable, taken),
        "secret_variable": partial(_variable, f"(?!(?:{tokens})$)(?:{taken})"),
        "cron": partial(cron_complaint, dialects={words.title: words.cron_days for words in listed}),
    }
    grammars = {
        name: Grammar(grammar.pattern, grammar.says, grammar.example, dependent[name]) if name in dependent else grammar
        for name, grammar in GRAMMARS.items()
    }
    for words in listed:
        grammars.update({name: grammar for name, grammar in words.grammars.items() if name not in GRAMMARS})
    return grammars


def _reserved(names: Mapping[str, str], text: str) -> Complaint | None:
    owner = names.get(text)
    return (f"is a word of {owner}'s own", f"call the job otherwise, for example `{text}_job`") if owner else None


def _variable(pattern: str, text: str) -> Complaint | None:
    if re.fullmatch(pattern, text):
        return "belongs to the server, the shell or the kit", f"choose another name, for example MY_{text}"
    return None
