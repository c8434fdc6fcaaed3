"""Runs a job again in the state that a `result.json` recorded: commit, inputs, earlier results, by digest."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit import __version__
from pipeline_kit.adapters.files import remove
from pipeline_kit.adapters.git.checkout import check_out, new_repository, track
from pipeline_kit.adapters.git.repository import project_files
from pipeline_kit.adapters.python.environments import LockedPythons
from pipeline_kit.contract.digest import digest_file, digest_tree
from pipeline_kit.contract.result import JobRecord, Outcome
from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.errors import KitError, UsageError
from pipeline_kit.plan.model import PlannedJob
from pipeline_kit.report.record import from_json
from pipeline_kit.runner.evidence import Evidence
from pipeline_kit.runner.folders import RESULT, Folders, user_cache
from pipeline_kit.runner.inputs import gather
from pipeline_kit.runner.key import key_of, key_parts

DESCRIPTOR_FILES = ("pipeline-kit.yml", "pipeline-kit.decisions.json", ".pipeline-kit/stages")
"""Files that decide how a job runs but are not its inputs; copied where the record has no commit."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The recorded state, set up in a folder."""

    there: JobRecord
    root: Path  # this checkout of the project
    folders: Folders  # of the project as it was recorded
    job: PlannedJob
    descriptor: Descriptor


def read_result(path: Path, job: str) -> JobRecord:
    """The record to replay. Raises KitError where it is missing, belongs to another job, or has no inputs."""
    file = path / RESULT if path.is_dir() else path
    try:
        record = from_json(file.read_bytes(), str(file))
    except OSError as error:
        hint = "download the job's folder .pipeline-kit/out and name the result.json in it"
        raise UsageError(f"{file} cannot be read: {error}", hint=hint) from error
    if record.job != job:
        hint = f"pipeline-kit replay {record.job} --from {file}"
        raise UsageError(f"{file} belongs to job {record.job}, not to {job}", hint=hint)
    if not record.key:
        reason = f"job {job} ended before it read its inputs: {record.reason}"
        raise UsageError(reason, hint="it has no state to replay; run the job")
    return record


def set_up(there: JobRecord, root: Path, folder: Path) -> Path:
    """The project's folder in the recorded state: the commit checked out; without a commit, DESCRIPTOR_FILES copied."""
    if there.commit is not None:
        return check_out(root, there.commit, folder)
    new_repository(folder)
    for name in DESCRIPTOR_FILES:
        source, target = root / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target)
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return folder


def provide(scene: Scene, evidence: Evidence) -> list[str]:
    """Puts every recorded input in its place; returns a line for each missing one."""
    there, job = scene.there, scene.job
    missing: list[str] = []
    taken: set[str] = set()
    for name in job.takes:
        record = evidence.upstream(name, there.inputs)
        if record is None:
            missing.append(f"{name}: no local result has the outputs that were read: {outputs_read(there, name)}")
            taken.update(key for key in there.inputs if key.startswith(f"{name}."))
            continue
        taken.update(f"{name}.{output}" for output in record.outputs)
        missing += evidence.restore(record, scene.folders)
    for name in job.datasets:
        taken.add(f"data.{name}")
        missing += provide_dataset(scene, name)
    missing += provide_files(scene, {key: value for key, value in there.inputs.items() if key not in taken})
    if there.commit is None:
        track(scene.folders.root)
    return missing


def outputs_read(there: JobRecord, job: str) -> str:
    """The outputs of a job that the recorded run read."""
    outputs = [f"{name} {digest}" for name, digest in sorted(there.inputs.items()) if name.startswith(f"{job}.")]
    return ", ".join(outputs) or "it has no outputs, but must have passed"


def provide_dataset(scene: Scene, name: str) -> list[str]:
    """Puts a dataset in its place, as links to the local one where that has the recorded digest."""
    path = scene.descriptor.data[name].path
    target, here = scene.folders.root / path, scene.root / path
    recorded = scene.there.inputs.get(f"data.{name}")
    if target.exists() and digest_tree(target) == recorded:
        return []
    if not here.exists() or digest_tree(here) != recorded:
        local = digest_tree(here) if here.exists() else "missing"
        return [f"data.{name}: {path} was {recorded}, and is {local}"]
    remove(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if here.is_dir():
        shutil.copytree(here, target, copy_function=lambda source, copy: Path(copy).symlink_to(source))
    else:
        target.symlink_to(here)
    return []


def provide_files(scene: Scene, recorded: Mapping[str, str]) -> Iterator[str]:
    """Makes the project's files the recorded ones: copies local files of the same digest, removes any other."""
    root = scene.folders.root
    for name, digest in recorded.items():
        here, target = scene.root / name, root / name
        if target.is_dir() or (target.is_file() and digest_file(target) == digest):
            continue
        if here.is_file() and digest_file(here) == digest:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(here, target)
            shutil.copymode(here, target)
        else:
            yield f"{name}: {digest} is neither in commit {scene.there.commit} nor in this directory"
    if scene.job.inputs is None:
        data = {scene.descriptor.data[name].path.as_posix() for name in scene.job.datasets}
        for name in set(project_files(root)) - set(recorded) - data:
            remove(root / name)


def differences(scene: Scene, log: Callable[[str], None]) -> list[str]:
    """What decides the job's result and differs from the record, by the digests of the job's key."""
    job = scene.job
    inputs = gather(job, scene.descriptor, scene.folders)
    digests = inputs.digests()
    wrong = sorted(
        name for name in {*digests, *scene.there.inputs} if digests.get(name) != scene.there.inputs.get(name)
    )
    environment = environment_here(scene, log) if job.spec.project_code else None
    if environment != scene.there.environment_digest:
        wrong.append(f"the environment: recorded {scene.there.environment_digest}, local {environment}")
    elif not wrong and key_of(key_parts(job, inputs, environment, scene.descriptor.plugins)) != scene.there.key:
        wrong.append(f"the kit's version (local {__version__}), the stage {job.stage}, or the job's variables")
    return wrong


def environment_here(scene: Scene, log: Callable[[str], None]) -> str:
    """The digest of the locked environment on this machine, or why it cannot be made."""
    project = scene.descriptor.project
    pythons = LockedPythons(user_cache(), {}, log)
    try:
        return pythons.digest(scene.folders.root / project.lock, project.python)
    except KitError as error:
        return f"none: {error.message}"


def comparison(there: JobRecord, here: JobRecord) -> str:
    """The sentence that ends a replay."""
    if here.outcome is Outcome.PASSED and there.outcome is not Outcome.PASSED:
        return f"not reproduced: the replay passed; the recorded run {ending(there)}"
    if (here.outcome, here.category) != (there.outcome, there.category):
        return f"not reproduced: the replay {ending(here)}; the recorded run {ending(there)}"
    other = sorted(
        name
        for name in {*here.outputs, *there.outputs}
        if digest_of(here, name) != digest_of(there, name) and here.outcome is Outcome.PASSED
    )
    if other:
        return f"not reproduced: the replay passed too, but these outputs differ: {', '.join(other)}"
    if here.reason == there.reason:
        return f"reproduced: it {ending(here)}"
    return f"reproduced: it {ending(here)}; the recorded reason was: {there.reason}"


def ending(record: JobRecord) -> str:
    """Outcome, category and reason of a job."""
    category = f" ({record.category.value})" if record.category else ""
    return f"{record.outcome.value}{category}: {record.reason}"


def digest_of(record: JobRecord, output: str) -> str | None:
    """The digest of an output, None where the job has no such output."""
    return record.outputs[output].digest if output in record.outputs else None


def refuse(there: JobRecord, missing: list[str]) -> None:
    """Raises UsageError with the missing inputs, if any."""
    if missing:
        lines = "".join(f"\n  {line}" for line in missing)
        hint = "download .pipeline-kit/out of the jobs that it needs to the same place, or fetch the data"
        raise UsageError(f"job {there.job} cannot be replayed; missing:{lines}", hint=hint)


def check_world(job: PlannedJob) -> None:
    """Raises UsageError for a job with effects outside, such as a release: a replay would repeat them."""
    if job.spec.changes_world:
        raise UsageError(
            f"job {job.name} has effects outside the project and is not replayed", hint="read its log instead"
        )
