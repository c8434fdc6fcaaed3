"""The pages of the files that jobs leave, from documents that the kit's own code writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from generator.markdown import code, escaped, json_block, page, table
from generator.meanings import MANIFEST, METRICS_FILE, NAMED, NULLABLE, OPAQUE, RESULT, VERDICT
from generator.samples import manifest, metrics, result, verdict
from pipeline_kit.gates.metrics import METRICS

TYPES = {str: "text", bool: "true or false", int: "number", float: "number", type(None): "null", dict: "object"}


def document_pages() -> Iterator[tuple[str, str]]:
    """A page for each file, by path in the reference."""
    yield (
        "result-json.md",
        document_page(
            "`result.json`",
            "What a job ended with: the file that later jobs, servers and people read. It is written last and at "
            "once, so a folder `.pipeline-kit/out/NAME/` without it is of a job that is not done.",
            RESULT,
            json.loads(result()),
        ),
    )
    yield (
        "metrics-json.md",
        document_page(
            "`metrics.json`",
            "What `evaluate` measured, by dataset, overall and by slice. A metric that has no value on these rows is "
            "undefined, with the reason: never a 0 by convention, never a NaN.",
            METRICS_FILE,
            metrics(plugins={"fraud-metrics": "1.2.0"}),
            "## The metrics",
            metric_table(),
        ),
    )
    yield (
        "verdict-json.md",
        document_page(
            "`verdict.json`",
            "What `gate` decided, by which rules, and from what evidence.",
            VERDICT,
            verdict(),
        ),
    )
    yield (
        "manifest-json.md",
        document_page(
            "`manifest.json`",
            "The first file of a package: what is in it, how the model was made and judged, and how it predicts. The "
            "package is a plain tar archive whose files are sorted, without times and owners: the same content gives "
            "the same bytes.",
            MANIFEST,
            json.loads(manifest()),
        ),
    )


def document_page(title: str, about: str, meanings: Mapping[str, str], sample: Mapping[str, Any], *more: str) -> str:
    """One file's page. Raises KeyError where the document has a key without a meaning, or a meaning no key."""
    matches = dict(keys(sample))
    if different := set(matches) ^ set(meanings):
        raise KeyError(f"{title}: {sorted(different)}")
    types = matches | {name: f"{word} or null" for name, word in NULLABLE.get(title.strip("`"), {}).items()}
    rows = [(code(name), types[name], escaped(meaning)) for name, meaning in meanings.items()]
    return page(title, about, table(("key", "type", "meaning"), rows), *more, "## An example", json_block(sample))


def keys(value: Any, path: str = "", named: Set[str] = NAMED) -> Iterator[tuple[str, str]]:
    """Every key of a document by its path with its type; free names are NAME, entries of a list are []."""
    if isinstance(value, Mapping) and path not in OPAQUE:
        for key, item in value.items():
            inner = f"{path}.{'NAME' if path in named else key}".lstrip(".")
            yield inner, type_of(item)
            yield from keys(item, inner, named)
    elif isinstance(value, Sequence) and not isinstance(value, str) and value and path not in OPAQUE:
        yield from keys(value[0], f"{path}[]", named)


def type_of(value: Any) -> str:
    """The type of a value as text."""
    return TYPES.get(type(value), "list")


def metric_table() -> str:
    """Every metric that the kit knows."""
    rows = [
        (
            code(metric.name),
            ", ".join(sorted(task.value for task in metric.tasks)) or "of an image",
            metric.direction.value,
            metric.range_text(),
            escaped(metric.help),
        )
        for metric in METRICS.all().values()
    ]
    return table(("metric", "tasks", "better", "range", "what it is"), rows)
