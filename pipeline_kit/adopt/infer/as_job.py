"""Existing scripts as jobs: the command that hands their files over, without a change to the scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import PurePosixPath

from pipeline_kit.adopt.infer.draft import DraftJob, Key
from pipeline_kit.adopt.read.datasets import FoundData
from pipeline_kit.adopt.read.python_source import Option, Script, Touched
from pipeline_kit.adopt.read.tree import is_plain
from pipeline_kit.contract.ci_file import Place

DEFAULT_FILE = "ci/as_job.py"
OTHER_FILE = "ci/pipeline_kit_as_job.py"
HYDRA_FOLDER = "outputs/pipeline_kit"
_ENDINGS = {"joblib.dump": "joblib", "dump": "joblib", "pickle.dump": "pkl", "torch.save": "pt", "onnx.save": "onnx"}
_INPUT_WORDS = ("train", "data", "dataset", "input", "csv")


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What goes into a script's workspace before it runs, and what is taken out after."""

    takes: Mapping[str, str] = field(default_factory=dict)
    gives: Mapping[str, str] = field(default_factory=dict)
    metrics: str | None = None
    folder: str | None = None


def bridge_text() -> str:
    """The script that does it, a file of the standard library that is added to the repository."""
    return resources.files("pipeline_kit.templates").joinpath("adopt", "as_job.py.j2").read_text(encoding="utf-8")


def wrapped(bridge: str, wrapping: Wrapping, words: Sequence[str]) -> list[str]:
    """The command that runs `words` so."""
    options: list[str] = ["--in", wrapping.folder] if wrapping.folder else []
    for name, path in wrapping.takes.items():
        options += ["--take", f"{name}={path}"]
    for name, path in wrapping.gives.items():
        options += ["--give", f"{name}={path}"]
    options += ["--metrics", wrapping.metrics] if wrapping.metrics else []
    return ["python", bridge, *options, "--", *words] if options else list(words)


@dataclass(frozen=True, slots=True)
class Training:
    """How a training script is run: its command, where it leaves the model, and what is assumed or missing."""

    words: tuple[str, ...]
    model: str
    why: tuple[str, ...]
    metrics: str | None = None
    unknown: tuple[str, ...] = ()


def training(
    script: Script, words: Sequence[str], data: Sequence[FoundData], *, is_written: bool, kept: Sequence[str] = ()
) -> Training:
    """The training job of a script, called with `words`; `is_written` if a file has that command."""
    command = list(words)
    why: list[str] = []
    unknown: list[str] = []
    if script.hydra_line is not None:
        why.append(f"{Place(script.file, script.hydra_line)}: Hydra makes a folder a run; here it is a fixed one")
        if not any(word.startswith("hydra.run.dir=") for word in command):
            command.append(f"hydra.run.dir={HYDRA_FOLDER}")
        return Training(tuple(command), HYDRA_FOLDER, tuple(why), _path(script.metrics))
    model = _model(script, command, why)
    if model is None and kept:
        model = _before_glob(kept[0])
        if model is not None:
            why.append(f"the model is taken from {model}, which the old CI file keeps")
    if model is None:
        model = "models"
        unknown.append(f"{script.file} shows no path that it writes the model to: correct `model=models`")
    if not is_written:
        _required(script, command, data, why, unknown)
    return Training(tuple(command), model, tuple(why), _path(script.metrics), tuple(unknown))


def _before_glob(path: str) -> str | None:
    """The folder or file that a pattern of artifacts names."""
    parts = []
    for part in PurePosixPath(path).parts:
        if set("*?[") & set(part):
            break
        parts.append(part)
    result = "/".join(parts)
    return result if is_plain(result) else None


def _path(touched: Sequence[Touched]) -> str | None:
    return next((file.path for file in touched if file.path), None)


def _model(script: Script, command: list[str], why: list[str]) -> str | None:
    """Where the model is written; an option without a default is given a value."""
    for model in script.models:
        given = _given(command, model.option) if model.option else None
        if given is not None:
            why.append(f"the command's {model.option} says where the model goes")
            return given
        if model.path is not None:
            why.append(f"{Place(script.file, model.line)}: {model.call}() writes the model there")
            return model.path
        if model.option is not None:
            ending = _ENDINGS.get(model.call)
            is_folder = "dir" in model.option or "folder" in model.option
            path = "models" if is_folder or ending is None else f"models/model.{ending}"
            command += [model.option, path]
            why.append(f"{Place(script.file, model.line)}: {model.option} says where the model goes")
            return path
    return None


def _given(command: Sequence[str], option: str) -> str | None:
    """The value that a command gives an option."""
    for word, following in zip(command, [*command[1:], ""], strict=True):
        if word == option and following:
            return following
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None


def _required(
    script: Script, command: list[str], data: Sequence[FoundData], why: list[str], unknown: list[str]
) -> None:
    """Gives the options that must be given a value: of a dataset where the option's name says so."""
    for option in script.options:
        if not option.required or _given(command, option.flag) is not None:
            continue
        dataset = _dataset(option, data)
        place = Place(script.file, option.line)
        if dataset is None:
            unknown.append(f"{place}: {option.flag} must be given: add it to `run`")
        else:
            command += [option.flag, dataset.file]
            why.append(f"{place}: {option.flag} must be given, and {dataset.file} is the nearest")


def _dataset(option: Option, data: Sequence[FoundData]) -> FoundData | None:
    """The dataset that an option asks for, by its words."""
    words = option.flag.lstrip("-").replace("_", "-").split("-")
    named = next((dataset for dataset in data if dataset.name in words), None)
    if named is not None or not set(words) & set(_INPUT_WORDS):
        return named
    return next((dataset for dataset in data if dataset.name == "train"), data[0] if len(data) == 1 else None)


def train_job(name: str, plan: Training, bridge: str, *, folder: str | None = None) -> DraftJob:
    """The job that trains so; its output named model is what the script wrote."""
    model = plan.model if not folder else f"{folder}/{plan.model}"
    wrapping = Wrapping(gives={"model": model}, metrics=_within(folder, plan.metrics), folder=folder)
    output = PurePosixPath(plan.model).name or "model"
    output = output if output not in ("result.json", "junit.xml", "log.txt") else "model"
    job = DraftJob(name, "train", [*plan.why, *plan.unknown])
    job.put(Key("run", [*wrapped(bridge, wrapping, plan.words)]))
    job.put(Key("outputs", {"model": output}))
    return job


def _within(folder: str | None, path: str | None) -> str | None:
    return f"{folder}/{path}" if folder and path else path


def hand_over(jobs: Sequence[DraftJob], bridge: str) -> None:
    """Gives plain commands after a training the model that they name, where the training left it."""
    models = {job.name: _given_model(job) for job in jobs if job.stage == "train"}
    for job in jobs:
        run = job.value("run")
        if job.stage != "command" or not isinstance(run, list) or bridge in run:
            continue
        words = [str(entry) for entry in run]
        for train in _before(job, jobs):
            model = models.get(train)
            if model and any(_names(word, model) for word in words):
                job.put(Key("run", [*wrapped(bridge, Wrapping(takes={f"{train}.model": model}), words)]))
                job.why.append(f"names {model}, which {train} leaves")
                job.needs = list(dict.fromkeys([*job.needs, train]))
                break


def _given_model(job: DraftJob) -> str | None:
    """The path that a training's model is taken from."""
    run = job.value("run")
    words = [str(entry) for entry in run] if isinstance(run, list) else []
    return next((word.partition("=")[2] for word in words if word.startswith("model=")), None)


def _names(word: str, model: str) -> bool:
    """Whether a word, or a line of shell, names the model or its folder."""
    folder = PurePosixPath(model).parts[0]
    return re.search(rf"(?<![\w./-]){re.escape(folder)}(?![\w.-])", word) is not None


def _before(job: DraftJob, jobs: Sequence[DraftJob]) -> list[str]:
    """The names of all jobs before a job, the nearest first."""
    by_name = {job.name: job for job in jobs}
    names: list[str] = []
    waiting = list(job.needs)
    while waiting:
        name = waiting.pop(0)
        if name not in names and name in by_name:
            names.append(name)
            waiting.extend(by_name[name].needs)
    return names
