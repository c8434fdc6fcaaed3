"""The stages of dvc.yaml as jobs, what one leaves handed to those that read it."""

from __future__ import annotations

from pathlib import PurePosixPath

from pipeline_kit.adopt.infer.as_job import Wrapping, wrapped
from pipeline_kit.adopt.infer.classify import bare, is_python
from pipeline_kit.adopt.infer.draft import DraftJob, Key
from pipeline_kit.adopt.names import fresh, job_name
from pipeline_kit.adopt.read.dvc_file import DvcStage, reads
from pipeline_kit.adopt.read.python_source import MODEL_SUFFIXES, Role
from pipeline_kit.adopt.read.shell_line import read_lines
from pipeline_kit.adopt.read.survey import Facts
from pipeline_kit.contract.wording import readable


def dvc_jobs(facts: Facts, jobs: list[DraftJob], bridge: str, notes: list[str]) -> None:
    """Adds the stages of dvc.yaml, what one leaves handed to those that read it."""
    made: dict[str, str] = {}
    for stage in facts.dvc:
        if stage.unclear:
            notes.append(f"{stage.place}: the stage {readable(stage.name, 40)} is left out: {stage.unclear}")
            continue
        name = fresh(job_name(stage.name), [job.name for job in jobs])
        takes = {output: path for path, output in made.items() if reads(stage, path)}
        outputs = _outputs(stage, facts)
        wrapping = Wrapping(takes, {output: path for path, output in outputs.items()}, _metrics(stage))
        is_training = "model" in outputs.values()
        job = DraftJob(
            name, "train" if is_training else "command", [f"{stage.place}: the stage {readable(stage.name, 40)}"]
        )
        job.needs = list(dict.fromkeys(output.partition(".")[0] for output in takes))
        job.put(Key("run", [*wrapped(bridge, wrapping, _words(stage))]))
        if outputs:
            job.put(Key("outputs", {output: _file(output, path) for path, output in outputs.items()}))
        jobs.append(job)
        made.update({path: f"{name}.{output}" for path, output in outputs.items()})


def _words(stage: DvcStage) -> list[str]:
    """The stage's command: plain words, or its lines for bash."""
    lines = read_lines(stage.lines, {})
    words = list(bare(lines[0].words)) if len(lines) == 1 and lines[0].words else []
    if not words:
        return ["bash", "-c", "set -e\n" + "\n".join(line.text for line in lines)]
    return ["python" if is_python(words[0]) else words[0], *words[1:]]


def _metrics(stage: DvcStage) -> str | None:
    return next((metric for metric in stage.metrics if metric.endswith(".json")), None)


def _outputs(stage: DvcStage, facts: Facts) -> dict[str, str]:
    """Paths that the stage leaves, with their names as outputs; the model of a training is named so."""
    values: dict[str, str] = {}
    words = _words(stage)
    script = next((facts.scripts[word] for word in words if word in facts.scripts), None)
    trains = "train" in stage.name.lower() or (script is not None and script.role is Role.TRAIN)
    models = [out for out in stage.outs if out.lower().endswith(MODEL_SUFFIXES) or "model" in out.lower()]
    for out in stage.outs:
        is_model = trains and out == (models or list(stage.outs))[0]
        name = "model" if is_model else fresh(job_name(PurePosixPath(out).stem, "output"), [*values.values(), "model"])
        values[out] = name
    return values


def _file(output: str, path: str) -> str:
    """The path of an output in the job's folder: its own file name below its own name."""
    return f"{output}/{PurePosixPath(path).name}" if PurePosixPath(path).suffix else output
