"""Reading `stage.yml`: a stage's folder as a StageSpec."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pipeline_kit.contract.digest import digest_bytes, digest_file, digest_json
from pipeline_kit.contract.report_file import reports
from pipeline_kit.contract.spec import OutputSpec, StageSpec
from pipeline_kit.descriptor.grammar import GRAMMARS
from pipeline_kit.descriptor.parameter import Kind, Parameter
from pipeline_kit.errors import UsageError
from pipeline_kit.yaml.plain import read_plain_yaml

STAGE_KEYS = {
    "help", "parameters", "outputs", "consumes", "requires", "inputs", "data_from", "reads", "cacheable",
    "project_code", "changes_world", "extras", "uses_store", "reports",
}  # fmt: skip
FORMS = tuple(GRAMMARS)
PARAMETER_KEYS = {
    "type", "help", "default", "required", "unit", "minimum", "maximum", "choices", "items", "fields", "deprecated",
    "grammar", "from",
}  # fmt: skip


def read_spec(folder: Path) -> StageSpec:
    """The specification of the stage in a folder; its name is the folder's.

    Raises UsageError naming the file and key when `stage.yml` is not what a stage must say.
    """
    path = folder / "stage.yml"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="a stage is a folder with stage.yml and run.py") from error
    document = read_plain_yaml(path, content)
    refuse_unknown(path, "the stage", document, STAGE_KEYS)
    try:
        return spec(path, folder_digest(folder, content), document)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: a key is missing or has another type: {error}") from error


def spec(path: Path, digest: str, document: Mapping[str, Any]) -> StageSpec:
    """The specification in the document of a `stage.yml`."""
    outputs = tuple(output(path, name, item) for name, item in document.get("outputs", {}).items())
    return StageSpec(
        name=path.parent.name,
        help=required_text(path, "the stage", document),
        digest=digest,
        parameters=tuple(parameter(path, name, item) for name, item in document.get("parameters", {}).items()),
        outputs=outputs,
        reports=reports(path, document.get("reports"), outputs),
        consumes=tuple(dict.fromkeys((*document.get("requires", ()), *document.get("consumes", ())))),
        requires=tuple(document.get("requires", ())),
        data_from=document.get("data_from"),
        reads=tuple(document.get("reads", ())),
        default_inputs=tuple(document["inputs"]) if "inputs" in document else None,
        cacheable=flag(path, "the stage", document, "cacheable", default=True),
        project_code=flag(path, "the stage", document, "project_code"),
        uses_store=flag(path, "the stage", document, "uses_store"),
        changes_world=flag(path, "the stage", document, "changes_world"),
        extras=tuple(document.get("extras", ())),
    )


def folder_digest(folder: Path, stage_yml: bytes) -> str:
    """The digest of a stage's own files, in folders too: what it says, what it does, and what it reads beside that."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    values = {name: digest_file(path) for name, path in files.items() if "__pycache__" not in path.parts}
    return digest_json({**values, "stage.yml": digest_bytes(stage_yml)})


def parameter(path: Path, name: str, document: Mapping[str, Any], grammars: Collection[str] = FORMS) -> Parameter:
    """One parameter of `stage.yml`, its items and fields nested."""
    refuse_unknown(path, f"parameter {name}", document, PARAMETER_KEYS)
    try:
        kind = Kind(document.get("type"))
    except ValueError as error:
        kinds = ", ".join(kind.value for kind in Kind)
        raise UsageError(f"{path}: parameter {name}: type must be one of {kinds}") from error
    grammar = document.get("grammar", "")
    if grammar and grammar not in grammars:
        raise UsageError(f"{path}: parameter {name}: unknown grammar {grammar!r}", hint=", ".join(grammars))
    items = document.get("items")
    return Parameter(
        name=name,
        kind=kind,
        help=required_text(path, f"parameter {name}", document),
        default=document.get("default"),
        required=flag(path, f"parameter {name}", document, "required"),
        unit=document.get("unit"),
        minimum=document.get("minimum"),
        maximum=document.get("maximum"),
        choices=tuple(document.get("choices", ())),
        items=parameter(path, f"{name}[]", {"help": document["help"], **items}, grammars) if items else None,
        fields=tuple(parameter(path, entry, field, grammars) for entry, field in document.get("fields", {}).items()),
        deprecated_names=tuple(document.get("deprecated", ())),
        grammar=grammar,
        source=str(document.get("from", "")),
    )


def output(path: Path, name: str, document: Mapping[str, Any]) -> OutputSpec:
    """One output of `stage.yml`."""
    refuse_unknown(path, f"output {name}", document, {"path", "kind", "help"})
    return OutputSpec(name, document["path"], document["kind"], document.get("help", ""))


def flag(path: Path, where: str, document: Mapping[str, Any], key: str, *, default: bool = False) -> bool:
    """Whether a key is true. Raises UsageError where it is neither true nor false."""
    value = document.get(key, default)
    if not isinstance(value, bool):
        raise UsageError(f"{path}: {where}: {key} is {value!r}", hint="write true or false, without quotes")
    return value


def refuse_unknown(path: Path, where: str, document: Mapping[str, Any], known: set[str]) -> None:
    """Raises UsageError for a key that does not belong there."""
    unknown = sorted(set(document) - known)
    if unknown:
        hint = f"known: {', '.join(sorted(known))}"
        raise UsageError(f"{path}: {where} has the unknown key {unknown[0]!r}", hint=hint)


def required_text(path: Path, where: str, document: Mapping[str, Any]) -> str:
    """The help text, which everything must have."""
    text = document.get("help")
    if not isinstance(text, str) or not text.strip():
        raise UsageError(f"{path}: {where} has no help")
    return " ".join(text.split())
