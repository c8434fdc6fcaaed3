"""The page of the descriptor's keys, from the parameters that check them."""

from __future__ import annotations

from generator.markdown import code, escaped, fenced, page, table
from generator.parameters import FORMS, SERVERS, parameter_table
from pipeline_kit.descriptor.parameter import Kind, Parameter
from pipeline_kit.descriptor.sections import JOB, LOCKED, root_keys
from pipeline_kit.descriptor.vocabulary import reserved_names

EXAMPLE = """
version: 1
kit: 0.1.0
project: {name: fraud, python: "3.11", lock: requirements.lock}
data:
  train: {path: data/train.csv, target: fraud}
  test: {path: data/test.csv, target: fraud}
jobs:
  check: {inputs: [data.train, data.test]}
  test: {}
  train:
    needs: [check]
    run: "fraud.train:main"
    inputs: ["fraud/**", data.train]
    outputs: {model: model.json}
"""


def descriptor_page() -> str:
    """All keys of `pipeline-kit.yml`."""
    return page(
        "The descriptor",
        "`pipeline-kit.yml` is in the project's root. A key that is not listed here is refused, with the nearest "
        "one that is. The same as a JSON Schema, for editors: `pipeline-kit schema`.",
        "<!-- descriptor -->\n" + fenced("yaml", EXAMPLE),
        table(
            ("key", "meaning"),
            [(f"[`{root_key.name}`](#{root_key.name})", escaped(root_key.help)) for root_key in root_keys(SERVERS)],
        ),
        *(part for root_key in root_keys(SERVERS) for part in section(root_key)),
        "## locked",
        f"{escaped(LOCKED.help)} Only an [organisation's file](../how-to/organisation.md) has it: a list of paths, "
        "such as `[runners, environments.production.approval]`.",
        "## The forms of words",
        "What a server, a shell or a file system will read has a form of its own. None admits `$`, quotes, backticks "
        "or line ends: a value is never a piece of code.",
        table(("what", "its form", "for example"), grammars()),
        "## Names that no job may have",
        "A CI server, its language or YAML reads them as its own.",
        table(("whose", "names"), reserved()),
    )


def section(parameter: Parameter) -> list[str]:
    """A root key's section: its fields, or those of what it holds by name."""
    parts = [f"## {parameter.name}", escaped(parameter.help)]
    if parameter.name == "jobs":
        parts += [
            "The keys of every job. The parameters of its [stage](stages.md) come beside them.",
            parameter_table(JOB),
        ]
    elif parameter.kind is Kind.RECORD:
        parts.append(parameter_table(parameter.fields))
    elif parameter.items and parameter.items.fields:
        parts += [f"For each name: {escaped(parameter.items.help)}", parameter_table(parameter.items.fields)]
    else:
        parts.append(parameter_table([parameter]))
    return parts


def grammars() -> list[tuple[str, str, str]]:
    """Each form that a word may have."""
    return [
        (name.replace("_", " "), escaped(grammar.says), escaped(grammar.example))
        for name, grammar in FORMS.items()
        if name != "text"
    ]


def reserved() -> list[tuple[str, str]]:
    """The reserved names by whose they are."""
    owners: dict[str, list[str]] = {}
    for name, owner in reserved_names(SERVERS).items():
        owners.setdefault(owner, []).append(code(name))
    return [(owner, " ".join(names)) for owner, names in owners.items()]
