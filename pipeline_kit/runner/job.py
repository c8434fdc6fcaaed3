"""One job, on any executor: a tuple of phases that ends with a record."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.adapters.files import empty_folder, locked
from pipeline_kit.adapters.git.repository import checkout
from pipeline_kit.adapters.host import ThisHost
from pipeline_kit.adapters.process.run import hurry
from pipeline_kit.adapters.python.environments import LockedPythons
from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.ports import Store
from pipeline_kit.contract.result import JobRecord, Outcome
from pipeline_kit.errors import Category, InfrastructureError, KitError
from pipeline_kit.runner.cache import Cache
from pipeline_kit.runner.carry import hand_over
from pipeline_kit.runner.cleanup import clean_up_job
from pipeline_kit.runner.collect import collect, masked, masked_result, size_of, write_cases
from pipeline_kit.runner.decisions import read_decisions
from pipeline_kit.runner.folders import LOG, RESULT, user_cache
from pipeline_kit.runner.inputs import gather
from pipeline_kit.runner.job_run import JobRun
from pipeline_kit.runner.key import key_of, key_parts
from pipeline_kit.runner.leaks import refuse_leaks, remove_leaks
from pipeline_kit.runner.log import Log
from pipeline_kit.runner.origin import Machine
from pipeline_kit.runner.redaction import Redactor
from pipeline_kit.runner.secrets import hidden_values, hidden_variables, take_secrets, values_to_mask
from pipeline_kit.runner.stop import Interrupted, Stop, limited, stoppable, stopped_by
from pipeline_kit.runner.temporary import temporary_files_in
from pipeline_kit.runner.why import write_why
from pipeline_kit.runner.workspace import make_workspace
from pipeline_kit.runner.world import world_of

if TYPE_CHECKING:
    from pipeline_kit.runner.diagnosis import Cause

LITTLE_BYTES = 16 * 1024 * 1024
PROGRAM_ERRORS = {errno.ENOENT, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EBADF, errno.EINVAL, errno.EPIPE}
"""Errors of the system for a wrong call of a program; all others are faults of the machine."""


def open_secrets(run: JobRun) -> None:
    """Reads the job's secrets; from here on they and all others that this process was given are masked."""
    hidden = hidden_variables(run.descriptor, run.catalog.servers.values(), run.variables)
    run.secrets = take_secrets(run.job.secrets, run.variables)
    run.mask = Redactor([*values_to_mask(run.job.secrets, run.secrets), *hidden_values(hidden, run.variables)])
    run.log = Log(run.show, run.mask)
    shown = {name: value for name, value in run.variables.items() if name not in hidden}
    variables = {**shown, **run.job.variables, **run.secrets}
    run.pythons = LockedPythons(user_cache(), variables, run.log, run.mask)


def gather_inputs(run: JobRun) -> None:
    """Digests the job's inputs; refuses those that differ from what earlier jobs recorded."""
    if run.files is None:
        run.git, run.files = run.look() if run.look else checkout(run.folders.root)
    run.inputs = gather(run.job, run.descriptor, run.folders, run.files, store_of(run))


def make_key(run: JobRun) -> None:
    """Collects everything that decides the result, for the cache key."""
    assert run.inputs is not None
    if run.job.spec.project_code:
        project = run.descriptor.project
        run.environment = run.pythons.digest(run.folders.root / project.lock, project.python)
    run.parts = key_parts(run.job, run.inputs, run.environment, run.descriptor.plugins)


def restore_from_cache(run: JobRun) -> None:
    """Ends the job with the cached result of this key, if there is one."""
    if not (run.use_cache and run.job.spec.cacheable):
        return
    kept = cache_of(run).restore(key_of(run.parts), run.out)
    if kept is not None:
        run.record = replace(kept, cached=True, commit=run.git.commit, job=run.job.name)


def cache_of(run: JobRun) -> Cache:
    """The cache of the project."""
    return Cache(run.folders.cache, Machine(user_cache()))


def prepare_workspace(run: JobRun) -> None:
    """Makes the folder of results with the log, a temporary folder and the workspace."""
    assert run.inputs is not None
    empty_folder(run.out)
    empty_folder(run.folders.temporary(run.job.name))
    run.log.open(run.out / LOG)
    run.datasets = make_workspace(run.inputs, run.folders.root, run.folders.work(run.job.name))


def run_stage(run: JobRun) -> None:
    """Runs the stage."""
    context = context_of(run, run.folders.work(run.job.name))
    run.result = masked_result(run.catalog.specs.load_run(run.job.stage)(context), run.mask)


def context_of(run: JobRun, workspace: Path) -> StageContext:
    """The context of the job's stage, after its inputs were gathered."""
    assert run.inputs is not None
    standard = {output.name: output.path for output in run.job.spec.outputs}
    declared = {
        name: run.out / output.path for name, output in run.job.outputs.items() if standard.get(name) != output.path
    }
    return StageContext(
        job=run.job.name,
        settings=run.job.settings,
        project=run.descriptor.project,
        workspace=workspace,
        out=run.out,
        outputs=declared,
        datasets=run.datasets,
        upstream=run.inputs.upstream,
        git=run.git,
        pythons=run.pythons,
        host=ThisHost(),
        log=run.log,
        store=store_of(run),
        decisions=read_decisions(run.folders.root),
        secrets=run.secrets,
        declared_secrets=run.job.secrets,
        variables=run.job.variables,
        world=world_of(run),
        environment=run.job.environment,
        environments=tuple(sorted(run.descriptor.environments.values(), key=lambda environment: environment.order)),
        declared=run.descriptor.data,
        plugins=run.descriptor.plugins,
    )


def store_of(run: JobRun) -> Store | None:
    """The run's own store, else the project's; None where the plan gives the job none of the store's secrets."""
    address = run.descriptor.store
    if run.store is not None or address is None:
        return run.store
    if not set(address.secrets) <= {secret.name for secret in run.job.secrets}:
        return None
    from pipeline_kit.adapters.stores import open_store

    return open_store(run.descriptor, run.folders.root, run.secrets)


def cause_of(run: JobRun) -> Cause | None:
    """The cause of a failure, from the job's last lines."""
    from pipeline_kit.runner.diagnosis import diagnose

    return diagnose(list(run.log.tail))


def collect_outputs(run: JobRun) -> None:
    """Makes the record from the stage's result."""
    assert run.result is not None
    refuse_leaks(run.out, run.mask, run.result)
    cause = cause_of(run) if run.result.outcome is Outcome.FAILED else None
    record = collect(run.job, run.result, run.out)
    category = record.category
    tests_failed = any(case.failure for case in run.result.cases)
    if cause and category is Category.PROJECT and run.job.spec.project_code and not tests_failed:
        category = cause.category
    reported = run.result.facts.get("cause")
    line = reported if isinstance(reported, str) else cause.line if cause else None
    run.record = replace(record, cause=line, category=category, seconds=time.monotonic() - run.started)
    write_cases(run.record, run.result.cases, run.out)


def hand_over_outputs(run: JobRun) -> None:
    """Stores the outputs that CI artifacts leave out, for jobs on other machines."""
    store = store_of(run) if run.shared else None
    if store is not None and run.record is not None and run.record.outcome is Outcome.PASSED:
        hand_over(run.record.outputs, run.out, store)


def keep_in_cache(run: JobRun) -> None:
    """Caches the results of a passed job; a cache that cannot be written does not fail the job."""
    if run.use_cache and run.record and run.record.outcome is Outcome.PASSED and run.job.spec.cacheable:
        run.log.close()
        try:
            cache_of(run).keep(complete(run, run.record), run.out)
        except OSError as error:
            run.show(f"the result was not cached: {error.strerror}: {error.filename}")


PHASES: tuple[Callable[[JobRun], None], ...] = (
    open_secrets,
    gather_inputs,
    make_key,
    restore_from_cache,
    prepare_workspace,
    run_stage,
    collect_outputs,
    hand_over_outputs,
    keep_in_cache,
)


def run_job(run: JobRun) -> JobRecord:
    """Runs a job's phases up to the first failure, and returns its record; `result.json` is written last.

    Raises Interrupted, after the record of that was written, and InfrastructureError where it cannot be written.
    """
    stop = Stop(hurry, raising=False)
    with locked(folders_lock(run), busy=f"job {run.job.name} is already running in this directory"), stoppable(stop):
        try:
            (run.out / RESULT).unlink(missing_ok=True)
            with temporary_files_in(run.folders.temporary(run.job.name)), limited(stop, run.job.timeout_seconds):
                stop.check()
                run_phases(run)
        except (Exception, Interrupted, SystemExit) as error:  # SystemExit: a plugin or a library must not end the kit
            run.record = failure_of(run, stopped_by(error) or error)
        stop.raising = False  # the time limit may pass while it is being lifted
        assert run.record is not None
        record = complete(run, replace(run.record, seconds=time.monotonic() - run.started))
        try:
            finish(run, record)
        except OSError as error:
            reason = f"the result of job {run.job.name} cannot be written: {error.strerror}: {error.filename}"
            raise InfrastructureError(reason, hint=f"the job {record.outcome.value}: {record.reason}") from error
    stop.check()
    return record


def recall(run: JobRun) -> JobRecord | None:
    """The record of a cached job with small inputs, without a process of its own; None for any other.

    Errors are ignored: they occur again, and are reported, when the job runs.
    """
    if not (run.use_cache and run.job.spec.cacheable and reads_little(run)):
        return None
    try:
        with locked(folders_lock(run), busy="it is running"):
            for phase in PHASES[: PHASES.index(restore_from_cache) + 1]:
                phase(run)
            if run.record is None:
                return None
            record = complete(run, replace(run.record, seconds=time.monotonic() - run.started))
            finish(run, record)
            return record
    except (KitError, OSError):
        return None


def reads_little(run: JobRun) -> bool:
    """Whether the job's inputs are digested at once. Larger ones need a process that a signal can end."""
    root, datasets = run.folders.root, run.descriptor.data
    paths = [root / name for name in run.files or ()]
    paths += [root / datasets[name].path for name in run.job.datasets]
    paths += [run.folders.out(name) for name in run.job.takes]
    left = LITTLE_BYTES
    for path in paths:
        left -= size_of(path) if path.exists() else 0
        if left < 0:
            return False
    return True


def run_phases(run: JobRun) -> None:
    """Runs the phases; a cached result ends the job."""
    for phase in PHASES:
        phase(run)
        if run.record is not None and run.record.cached:
            return


def folders_lock(run: JobRun) -> Path:
    """The lock that excludes two runs of one job at a time."""
    return run.folders.lock(f"job-{run.job.name}")


def complete(run: JobRun, record: JobRecord) -> JobRecord:
    """The record with key, commit, environment and inputs."""
    inputs = {run.mask(name): digest for name, digest in run.inputs.digests().items()} if run.inputs else {}
    key = key_of(run.parts) if run.parts else ""
    return replace(record, key=key, commit=run.git.commit, environment_digest=run.environment, inputs=inputs)


def finish(run: JobRun, record: JobRecord) -> None:
    """Writes the job's results, the record last, and removes its workspace."""
    clean_up_job(run.folders, run.job.name)
    run.log.close()
    write_why(run.folders.why(run.job.name), record, {name: masked(part, run.mask) for name, part in run.parts.items()})
    if run.result is None and not record.cached:
        remove_leaks(run.out, run.mask)
        write_cases(record, (), run.out)
    run.folders.write(record)


def failure(run: JobRun, category: Category, reason: str, cause: str | None = None) -> JobRecord:
    """The record of a job that did not finish its stage."""
    line = run.mask(cause) if cause else None
    return JobRecord(run.job.name, run.job.stage, Outcome.FAILED, run.mask(reason), category, line)


def failure_of(run: JobRun, error: BaseException) -> JobRecord:
    """The record of a job that an exception ended: a KitError, an error of the machine, or a fault of the kit."""
    if isinstance(error, Interrupted):
        return failure(run, Category.INTERRUPTED, str(error))
    if isinstance(error, KitError):
        if error.hint:
            run.log(f"hint: {error.hint}")
        reason = f"{error.message}" + (f" ({error.hint})" if error.hint else "")
        return failure(run, error.category, reason)
    if isinstance(error, OSError) and error.errno and error.errno not in PROGRAM_ERRORS:
        reason = f"{error.strerror}: {error.filename or run.folders.kit}"
        return failure(run, InfrastructureError.category, reason, str(error))
    import traceback

    for line in traceback.format_exception(error):
        run.log(line.rstrip("\n"))
    reason = f"a fault of pipeline-kit itself: {type(error).__name__}: {error}"
    return failure(run, Category.INTERNAL, reason, traceback.format_exception(error)[-1].strip())
