"""The key `store`: an address, or a mapping of a kind of store to its address, its settings and its secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pipeline_kit.descriptor.grammar import Grammar
from pipeline_kit.descriptor.model import StoreAddress
from pipeline_kit.descriptor.parameter import Kind, Parameter, Value
from pipeline_kit.descriptor.problem import Problems, shown
from pipeline_kit.descriptor.sections import STORE
from pipeline_kit.descriptor.tree import MapNode, Node
from pipeline_kit.descriptor.vocabulary import StoreWords

SECRETS = Parameter(
    "secrets", Kind.LIST, "The secrets it needs.", items=Parameter("", Kind.STRING, "A secret.", grammar="name")
)

Stores = Mapping[str, StoreWords]


def store_forms(stores: Stores) -> dict[str, Grammar]:
    """The form of an address of any kind (`store`), and those of each kind (`store_KIND`)."""
    words = list(stores.values())
    every = Grammar(
        pattern="|".join(f"(?:{word.grammar.pattern})" for word in words),
        says=", or ".join(word.grammar.says for word in words),
        example=", or ".join(word.grammar.example for word in words),
        explain=lambda text: _explained(text, stores),
    )
    return {"store": every, **{f"store_{name}": store.grammar for name, store in stores.items()}}


def store_record(name: str, words: StoreWords) -> Parameter:
    """The mapping form of one kind of store."""
    help_ = f"Its address: {words.grammar.says}."
    address = Parameter(name, Kind.STRING, help_, required=True, grammar=f"store_{name}")
    return Parameter("store", Kind.RECORD, STORE.help, fields=(address, *words.parameters, SECRETS))


def store_parameter(node: Node | None, stores: Stores, problems: Problems) -> Parameter:
    """The parameter by which the key is read; reports a mapping that names no kind of store, or several."""
    if not isinstance(node, MapNode):
        return STORE
    named = [name for name in stores if name in node.entries]
    if len(named) == 1:
        return store_record(named[0], stores[named[0]])
    hint = f"write store: {{{next(iter(stores))}: ADDRESS}}; the kinds of store are: {', '.join(stores)}"
    problems.add(node.position, "store must name one kind of store with its address", hint)
    return Parameter("store", Kind.ANY, STORE.help)


def store_address(value: Value, stores: Stores) -> StoreAddress | None:
    """The value of the key, where it is right."""
    if isinstance(value, str):
        fitting = (name for name, words in stores.items() if words.grammar.complaint(value) is None)
        kind = next(fitting, None)
        return StoreAddress(kind, value) if kind else None
    if not isinstance(value, Mapping):
        return None
    kind = next((name for name in stores if name in value), None)
    address = value.get(kind) if kind else None
    if kind is None or not isinstance(address, str):
        return None
    settings = {parameter.name: value[parameter.name] for parameter in stores[kind].parameters}
    secrets = value.get("secrets")
    names = tuple(str(name) for name in secrets) if isinstance(secrets, Sequence) else ()
    return StoreAddress(kind, address, settings, names)


def _explained(text: str, stores: Stores) -> str:
    """The next step for an address whose scheme no store has."""
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://[^$]*$", text)
    if scheme is None:
        return ""
    return f"no store has the scheme {shown(scheme[1] + '://')}; the kinds of store are: {', '.join(stores)}"
