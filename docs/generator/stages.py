"""The stages' pages, from their `stage.yml`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping

from generator.markdown import code, escaped, fenced, page, table
from generator.parameters import parameter_table
from pipeline_kit.catalog import Specs
from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.report_file import REPORT_KEYS
from pipeline_kit.contract.result import StageResult
from pipeline_kit.contract.spec import Shape, StageSpec
from pipeline_kit.contract.stage_file import PARAMETER_KEYS, STAGE_KEYS
from pipeline_kit.descriptor.parameter import Kind

STAGE_MEANINGS = {
    "help": "What the stage does, as sentences. Required.",
    "parameters": "Its parameters by name, each with the keys below.",
    "outputs": "What it leaves: for each name a `path` in the job's folder, a `kind`, and `help`.",
    "reports": "Which outputs the report of a run shows, each as [one of a few shapes](#a-report).",
    "consumes": "Kinds of outputs that it takes from the nearest job before it that makes them, such as `[model]`.",
    "requires": "Kinds that it consumes and cannot do without: a plan in which nothing makes them is refused.",
    "inputs": "What it reads where a job declares no `inputs`; left out, every file that git does not ignore.",
    "data_from": "A kind: the job also reads the datasets of the job that makes its output of this kind.",
    "reads": "Settings that may name a file of the project, which is read whatever the job's inputs are.",
    "cacheable": "Whether its results may come from the local cache (default: true).",
    "project_code": "Whether it runs the project's code, and so needs the locked environment (default: false).",
    "uses_store": "Whether it uses the store itself, so that its jobs get the store's secrets (default: false).",
    "changes_world": "Whether it pushes or deploys: never cached, never interrupted by a newer push (default: false).",
    "extras": "Extras that the kit is installed with for it, such as `[kubernetes]`: CI files ask for them.",
}
PARAMETER_MEANINGS = {
    "type": "One of " + ", ".join(f"`{kind.value}`" for kind in Kind) + ". Required.",
    "help": "What it is for, as a sentence. Required.",
    "default": "Its value where a job says nothing.",
    "required": "Whether a job must say it.",
    "unit": "The unit of a number.",
    "minimum": "The least value of a number.",
    "maximum": "The largest value of a number.",
    "choices": "The values of a `choice`.",
    "items": "What a `list` or a `map` holds: the keys of a parameter.",
    "fields": "What a `record` holds: parameters by name.",
    "grammar": "The [form](descriptor.md#the-forms-of-words) that its text must follow.",
    "from": "A table of extensions (`rules`, `metrics`, `strategies`, `targets`): its names are more choices, or its "
    "entries' parameters more fields.",
    "deprecated": "Names that it had before, still understood.",
}

REPORT_MEANINGS = {
    "output": "The name of an output of the stage, whose `path` ends in `.json`. Required.",
    "as": "The shape of the document, one of the list below. Required.",
}
SHAPES = {
    Shape.VERDICT: ("as in [verdict.json](verdict-json.md)", "its sentence", "its rules", "its rules"),
    Shape.METRICS: (
        "as in [metrics.json](metrics-json.md)", "", "values beside the baseline",
        "values beside the baseline, confusion matrix, curves, slices",
    ),
    Shape.CHECKS: ('`{"datasets": {NAME: {"rows", "digest", "columns"}}, "checks": [...]}`', "", "", "a row a dataset"),
    Shape.CURVES: ('`{"rows": [{"step": 1, "loss": 0.7}]}`, over step, iteration or epoch', "", "", "drawings"),
    Shape.TABLE: ('`{"columns": ["file"], "rows": [{"file": "a.onnx"}]}`', "10 rows", "50 rows", "200 rows"),
    Shape.FINDINGS: (
        '`{"findings": [{"rule", "severity", "path", "line", "message", "blocks", "allowed"}]}`',
        "10 findings", "50 findings", "200 findings",
    ),
}  # fmt: skip
"""Each shape's JSON, and what is shown of it on the terminal, in Markdown and in HTML."""


def stage_pages(specs: Mapping[str, StageSpec]) -> Iterator[tuple[str, str]]:
    """The list of stages, a page for each, and that of the file format, by path in the reference."""
    yield "stages.md", stages_page(specs)
    for name, spec in specs.items():
        yield f"stages/{name}.md", stage_page(spec)
    yield "stage-file.md", stage_file_page()


def stages_page(specs: Mapping[str, StageSpec]) -> str:
    """All stages, one line each."""
    rows = [(f"[`{name}`](stages/{name}.md)", escaped(first_sentence(spec.help))) for name, spec in specs.items()]
    listed = "\n".join(f"stages/{name}" for name in specs)
    return page(
        "Stages",
        "A job uses the stage that its key `stage` names, or else the one of its own name. Beside the keys that "
        "[every job has](descriptor.md#jobs) come the parameters of its stage.",
        table(("stage", "what it does"), rows),
        "A project may [add its own](../how-to/own-stage.md).",
        fenced("{toctree}", f":hidden:\n\n{listed}"),
    )


def stage_page(spec: StageSpec) -> str:
    """One stage: what it does, takes, and leaves."""
    parameters = parameter_table(spec.parameters)
    outputs = [(code(output.name), code(output.path), output.kind, escaped(output.help)) for output in spec.outputs]
    return page(
        f"The stage `{spec.name}`",
        escaped(spec.help),
        facts(spec),
        "## Parameters",
        parameters or "It has none of its own.",
        "## Outputs" if outputs else "",
        table(("output", "file", "kind", "what it is"), outputs),
    )


def facts(spec: StageSpec) -> str:
    """What the runner does for the stage."""
    inputs = "every file that git does not ignore"
    if spec.default_inputs is not None:
        inputs = ", ".join(code(default_declared) for default_declared in spec.default_inputs) or "no files"
    return table(
        ("about the stage", ""),
        [
            ("takes from jobs before it", ", ".join(spec.consumes) or "nothing"),
            ("reads by default", inputs),
            ("runs the project's code", yes(spec.project_code)),
            ("may come from the cache", yes(spec.cacheable)),
            ("changes the world", yes(spec.changes_world)),
            *([("needs the kit with", code(f"pipeline-kit[{','.join(spec.extras)}]"))] if spec.extras else []),
        ],
    )


def stage_file_page() -> str:
    """The format of `stage.yml`. Raises KeyError where a key has no meaning here, or a meaning no key."""
    for keys, meanings in (
        (STAGE_KEYS, STAGE_MEANINGS),
        (PARAMETER_KEYS, PARAMETER_MEANINGS),
        (REPORT_KEYS, REPORT_MEANINGS),
        (set(Shape), SHAPES),
    ):
        if different := keys ^ set(meanings):
            raise KeyError(f"stage.yml: {sorted(map(str, different))}")
    return page(
        "`stage.yml`",
        "What a stage says of itself. A key that is not listed here is refused.",
        table(("key", "meaning"), [(code(key), meaning) for key, meaning in STAGE_MEANINGS.items()]),
        "## A parameter",
        table(("key", "meaning"), [(code(key), meaning) for key, meaning in PARAMETER_MEANINGS.items()]),
        "## A report",
        "Such as `reports: {file_sizes: {output: sizes, as: table}}`, whose heading is *File sizes* and the job. "
        "Where a stage has no key `reports`, its outputs of the kinds `metrics` and `verdict` are shown; `reports: {}` "
        "shows nothing. A document that is missing, damaged or of another shape is left out.",
        table(("key", "meaning"), [(code(key), meaning) for key, meaning in REPORT_MEANINGS.items()]),
        table(
            ("shape", "the JSON", "on the terminal", "in Markdown", "in HTML"),
            [(code(shape.value), *(cell or "–" for cell in cells)) for shape, cells in SHAPES.items()],
        ),
        "## `run.py`",
        "`run(context) -> StageResult`. What the context holds:",
        fenced("python", inspect.getsource(StageContext)),
        "What a stage returns:",
        fenced("python", inspect.getsource(StageResult)),
    )


def first_sentence(text: str) -> str:
    """The first sentence."""
    head, stop, _ = text.partition(". ")
    return head + stop.strip()


def yes(value: bool) -> str:
    """A boolean as a word."""
    return "yes" if value else "no"


def built_in() -> Mapping[str, StageSpec]:
    """The stages that the kit comes with."""
    specs = Specs()
    return {name: specs[name] for name in specs}
