"""A job run again in the state that another run's `result.json` tells: commit, inputs, earlier results, by digest."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
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
"""What decides how a job runs and is no input of it: taken along where there is no commit to take it from."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The state of the other run, made again in a folder, as far as it is known by now."""

    there: JobRecord
    root: Path  # the project here
    folders: Folders  # of the project as it was there
    job: PlannedJob
    descriptor: Descriptor


def read_result(path: Path, job: str) -> JobRecord:
    """The record to replay. Raises KitError where there is none, it is another job's, or it tells no inputs."""
    file = path / RESULT if path.is_dir() else path
    try:
        record = from_json(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        hint = "give the result.json of a job, downloaded with the rest of its folder .pipeline-kit/out"
        raise UsageError(f"{file} cannot be read: {error}", hint=hint) from error
    if record.job != job:
        raise UsageError(
            f"{file} is of job {record.job}, not of {job}", hint=f"pipeline-kit replay {record.job} --from {file}"
        )
    if not record.key:
        reason = f"job {job} ended before it knew its inputs: {record.reason}"
        raise UsageError(reason, hint="there is no state to replay; run the job")
    return record


def set_up(there: JobRecord, root: Path, folder: Path) -> Path:
    """The folder of the project as the other run had it: checked out, or copied where there was no commit."""
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
    """Puts every input of the other run in its place; what is missing, a line each."""
    there, job = scene.there, scene.job
    missing: list[str] = []
    taken: set[str] = set()
    for name in job.takes:
        record = evidence.upstream(name, there.inputs)
        if record is None:
            missing.append(f"{name}: no result of it here has the outputs that were read: {told(there, name)}")
            taken.update(each for each in there.inputs if each.startswith(f"{name}."))
            continue
        taken.update(f"{name}.{output}" for output in record.outputs)
        missing += evidence.restore(record, scene.folders.out(name))
    for name in job.datasets:
        taken.add(f"data.{name}")
        missing += provide_dataset(scene, name)
    missing += provide_files(scene, {key: value for key, value in there.inputs.items() if key not in taken})
    if there.commit is None:
        track(scene.folders.root)
    return missing


def told(there: JobRecord, job: str) -> str:
    """The outputs of a job that the other run read."""
    found = [f"{name} {digest}" for name, digest in sorted(there.inputs.items()) if name.startswith(f"{job}.")]
    return ", ".join(found) or "it made none, but has to have passed"


def provide_dataset(scene: Scene, name: str) -> list[str]:
    """Puts a dataset in its place, by links to the one here, if that is the same."""
    path = scene.descriptor.data[name].path
    target, here = scene.folders.root / path, scene.root / path
    wanted = scene.there.inputs.get(f"data.{name}")
    if target.exists() and digest_tree(target) == wanted:
        return []
    if not here.exists() or digest_tree(here) != wanted:
        found = digest_tree(here) if here.exists() else "not here"
        return [f"data.{name}: {path} was {wanted}, and is {found}"]
    remove(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if here.is_dir():
        shutil.copytree(here, target, copy_function=lambda source, copy: Path(copy).symlink_to(source))
    else:
        target.symlink_to(here)
    return []


def provide_files(scene: Scene, wanted: Mapping[str, str]) -> Iterator[str]:
    """Makes the project's files those that were read: others from here where they are the same, and none too many."""
    root = scene.folders.root
    for name, digest in wanted.items():
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
        for name in set(project_files(root)) - set(wanted) - data:
            remove(root / name)


def differences(scene: Scene) -> list[str]:
    """What decides the job's result and is not as it was there, by the same digests that the job will be keyed by."""
    job = scene.job
    inputs = gather(job, scene.descriptor, scene.folders)
    found = inputs.digests()
    wrong = sorted(name for name in {*found, *scene.there.inputs} if found.get(name) != scene.there.inputs.get(name))
    environment = environment_here(scene) if job.spec.project_code else None
    if environment != scene.there.environment_digest:
        wrong.append(f"the environment: there {scene.there.environment_digest}, here {environment}")
    elif not wrong and key_of(key_parts(job, inputs, environment, scene.descriptor.plugins)) != scene.there.key:
        wrong.append(f"the kit (here {__version__}), the stage {job.stage}, or the job's variables")
    return wrong


def environment_here(scene: Scene) -> str:
    """The digest of the environment that the lock file means on this machine, or why it means none."""
    project = scene.descriptor.project
    pythons = LockedPythons(user_cache(), {}, print)
    try:
        return pythons.digest(scene.folders.root / project.lock, project.python)
    except KitError as error:
        return f"none: {error.message}"


def comparison(there: JobRecord, here: JobRecord) -> str:
    """The sentence that ends a replay."""
    if here.outcome is Outcome.PASSED and there.outcome is not Outcome.PASSED:
        return f"not reproduced: it passed here; there it {ending(there)}"
    if (here.outcome, here.category) != (there.outcome, there.category):
        return f"not reproduced: it {ending(here)} here; there it {ending(there)}"
    other = sorted(
        name
        for name in {*here.outputs, *there.outputs}
        if digest_of(here, name) != digest_of(there, name) and here.outcome is Outcome.PASSED
    )
    if other:
        return f"not reproduced: it passed here too, with other outputs: {', '.join(other)}"
    if here.reason == there.reason:
        return f"reproduced: it {ending(here)}"
    return f"reproduced: it {ending(here)}; there the reason was: {there.reason}"


def ending(record: JobRecord) -> str:
    """How a job ended, in words."""
    category = f" ({record.category.value})" if record.category else ""
    return f"{record.outcome.value}{category}: {record.reason}"


def digest_of(record: JobRecord, output: str) -> str | None:
    """The digest of an output, or none where it made none of the name."""
    return record.outputs[output].digest if output in record.outputs else None


def refuse(there: JobRecord, missing: list[str]) -> None:
    """Raises UsageError naming what is missing, if anything is."""
    if missing:
        lines = "".join(f"\n  {line}" for line in missing)
        hint = "download the folders .pipeline-kit/out of the jobs before it beside it, or fetch the data"
        raise UsageError(f"job {there.job} cannot be run here as it ran there; missing:{lines}", hint=hint)


def check_world(job: PlannedJob) -> None:
    """Raises UsageError for a job that acts on the world: a replay would do it a second time."""
    if job.spec.changes_world:
        raise UsageError(f"job {job.name} changes the world outside: it is not replayed", hint="read its log instead")
