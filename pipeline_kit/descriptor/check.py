"""The merged tree to a Descriptor: every section read, every name resolved, every problem reported at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from pipeline_kit.descriptor.fields import Fields
from pipeline_kit.descriptor.graph import check_graph
from pipeline_kit.descriptor.jobs import JobReader, ReadJob
from pipeline_kit.descriptor.model import (
    Column,
    ColumnType,
    Dataset,
    Descriptor,
    Environment,
    EventKind,
    Kit,
    Organisation,
    Position,
    Project,
    Report,
    Runner,
    Schedule,
    Secret,
    SecretType,
    When,
)
from pipeline_kit.descriptor.parameter import Parameter, Value
from pipeline_kit.descriptor.problem import Problems, shown
from pipeline_kit.descriptor.refs import check_refs
from pipeline_kit.descriptor.sections import root_keys
from pipeline_kit.descriptor.server_words import ServerWords
from pipeline_kit.descriptor.store import store_address, store_forms, store_parameter
from pipeline_kit.descriptor.tree import Entry, ListNode, MapNode, plain, words
from pipeline_kit.descriptor.values import Reader
from pipeline_kit.descriptor.vocabulary import Vocabulary, grammars_of, needs_limit
from pipeline_kit.extensions import Plugins


def check(root: MapNode, vocabulary: Vocabulary, problems: Problems) -> Descriptor:
    """The descriptor of a merged tree. Raises DescriptorError with every problem, earlier ones included."""
    servers = vocabulary.servers
    stores = vocabulary.stores if "store" in root.entries else {}
    reader = Reader(problems, {**grammars_of(servers.values()), **(store_forms(stores) if stores else {})})
    keys = root_keys(servers.values(), store_parameter(root.get("store"), stores, problems))
    sections = Fields(reader.record(_without_bodies(root), keys, ""))
    jobs, limit = _jobs(root, vocabulary.stages, reader), needs_limit(servers.values())
    _check_kit(root, problems)
    _check_secrets(root.child("secrets"), servers, problems)
    _check_data(root.child("data"), sections, problems)
    _check_environments(root, jobs, problems)
    _check_names(root, jobs, problems)
    check_refs(jobs, check_graph(jobs, limit, problems), sections, problems)
    if isinstance(root.get("jobs"), MapNode) and not root.child("jobs").entries:
        problems.add(root.place("jobs"), "no jobs are declared", "add one: `jobs: {test: {}}`")
    problems.stop()
    return Descriptor(
        project=_project(sections.record("project")),
        kit=_kit(sections.record("kit")),
        jobs={name: job.job for name, job in jobs.items()},
        data={name: _dataset(name, record) for name, record in sections.records("data").items()},
        runners={name: _runner(name, record, servers) for name, record in sections.records("runners").items()},
        secrets={name: _secret(name, record, servers) for name, record in sections.records("secrets").items()},
        schedules={name: _schedule(name, record) for name, record in sections.records("schedules").items()},
        environments=_environments(root, sections),
        organisation=_organisation(sections.record("organisation")),
        report=_report(root, sections),
        store=store_address(sections.values.get("store"), stores),
        plugins=Plugins(sections.texts("plugins")),
        needs_limit=limit,
        insecure=sections.texts("insecure"),
        digest=_digest(root),
    )


def _without_bodies(root: MapNode) -> MapNode:
    """The tree without the jobs, there and in environments: they are read one by one."""
    entries = dict(root.entries)
    if "jobs" in entries:
        entries["jobs"] = _emptied(entries["jobs"])
    environments = entries.get("environments")
    if environments and isinstance(environments.node, MapNode):
        inner = {
            name: Entry(entry.position, _with_emptied_jobs(entry.node)) if isinstance(entry.node, MapNode) else entry
            for name, entry in environments.node.entries.items()
        }
        entries["environments"] = Entry(environments.position, replace(environments.node, entries=inner))
    return replace(root, entries=entries)


def _with_emptied_jobs(node: MapNode) -> MapNode:
    if "jobs" not in node.entries:
        return node
    return replace(node, entries={**node.entries, "jobs": _emptied(node.entries["jobs"])})


def _emptied(entry: Entry) -> Entry:
    if not isinstance(entry.node, MapNode):
        return entry
    jobs = {
        name: Entry(item.position, MapNode(item.node.position)) if isinstance(item.node, MapNode) else item
        for name, item in entry.node.entries.items()
    }
    return Entry(entry.position, replace(entry.node, entries=jobs))


def _jobs(root: MapNode, stages: Mapping[str, tuple[Parameter, ...]], reader: Reader) -> dict[str, ReadJob]:
    jobs = JobReader(stages, root.child("environments"), reader)
    return {
        name: jobs.read(name, entry.position, entry.node)
        for name, entry in root.child("jobs").entries.items()
        if isinstance(entry.node, MapNode)
    }


def _check_kit(root: MapNode, problems: Problems) -> None:
    kit = root.child("kit")
    given = [key for key in ("lock", "index", "image") if key in kit.entries]
    for other in given[1:]:
        message = f"kit.{other} conflicts with kit.{given[0]}: CI gets the kit from one place"
        problems.add(kit.place(other), message, f"keep one of them; `{given[0]}` is at {kit.place(given[0])}")
    for package, place in words(root.get("plugins")):
        if not {"lock", "image"} & set(given):
            hint = "set kit.lock to a lock file with hashes that holds the kit and its plugins, or set kit.image"
            problems.add(place, f"plugins: nothing pins {shown(package)} for CI", hint)


def _check_secrets(secrets: MapNode, servers: Mapping[str, ServerWords], problems: Problems) -> None:
    keys = {server: item.secret_example for server, item in servers.items() if item.secret is not None}
    for name, entry in secrets.entries.items():
        if isinstance(entry.node, MapNode) and not set(keys) & set(entry.node.entries):
            examples = [f"`{server}: {example.replace('{NAME}', name.upper())}`" for server, example in keys.items()]
            several = ", or both" if len(examples) == 2 else ", or several of them" if examples[1:] else ""
            hint = f"add {', '.join(examples)}{several}"
            problems.add(entry.position, f"secrets.{name} says nowhere where it is kept", hint)


def _check_data(data: MapNode, sections: Fields, problems: Problems) -> None:
    for name, record in sections.records("data").items():
        node, target = data.child(name), record.text("target")
        if target is not None and target == record.text("id"):
            message = f"data.{name}: {shown(target)} is both `target` and `id`"
            problems.add(node.place("target"), message, "a row is not named by what is predicted")
        for column, values in record.records("columns").items():
            _check_column(f"data.{name}.columns.{column}", node.child("columns").child(column), values, problems)


def _check_column(path: str, node: MapNode, values: Fields, problems: Problems) -> None:
    low, high, kind = values.number("min"), values.number("max"), values.text("type")
    if low is not None and high is not None and low > high:
        problems.add(node.place("min"), f"{path}: its min {low:g} is above its max {high:g}", "swap them")
    if kind is None:
        return
    for key in ("min", "max"):
        if values.number(key) is not None and kind not in ("number", "integer"):
            problems.add(node.place(key), f"{path}: a {kind} has no `{key}`", "number and integer have one")
    if values.texts("values") and kind not in ("category", "text"):
        problems.add(node.place("values"), f"{path}: a {kind} has no list of values", "category and text have one")


def _check_environments(root: MapNode, jobs: Mapping[str, ReadJob], problems: Problems) -> None:
    """Reports changes that an environment makes to jobs that are not there, or act elsewhere."""
    for name in root.child("environments").entries:
        for job, entry in root.child("environments").child(name).child("jobs").entries.items():
            if job not in jobs:
                message = f"environments.{name}.jobs: no job is called {shown(job)}"
                problems.add(entry.position, message, problems.choice_hint(job, jobs, "jobs"))
            elif jobs[job].job.environment != name:
                message = f"environments.{name}.jobs: the job `{job}` does not act on `{name}`"
                problems.add(entry.position, message, f"add `environment: {name}` to jobs.{job}, or remove it here")


def _check_names(root: MapNode, jobs: Mapping[str, ReadJob], problems: Problems) -> None:
    """Reports names of sections that nothing declares."""

    def known(word: str, section: str, place: Position, path: str, what: str) -> None:
        names = root.child(section).entries
        if word not in names:
            hint = problems.choice_hint(word, names, section)
            problems.add(place, f"{path}: no {what} is called {shown(word)}", hint)

    for owner, key, section, what in (
        ("store", "secrets", "secrets", "secret"),
        ("report", "runner", "runners", "runner class"),
        ("report", "comment", "secrets", "secret"),
    ):
        node = root.child(owner).get(key)
        for word, place in words(
            node if isinstance(node, ListNode) or node is None else ListNode(node.position, (node,))
        ):
            known(word, section, place, f"{owner}.{key}", what)
    for name, read_job in jobs.items():
        job, path = read_job.job, f"jobs.{name}"
        if job.runner is not None:
            known(job.runner, "runners", read_job.value_place("runner"), f"{path}.runner", "runner class")
        if job.environment is not None:
            known(
                job.environment,
                "environments",
                read_job.value_place("environment"),
                f"{path}.environment",
                "environment",
            )
        for secret in job.secrets:
            known(secret, "secrets", read_job.place("secrets", secret), f"{path}.secrets", "secret")
        for event in job.events or ():
            if event.kind is EventKind.SCHEDULE and event.pattern != "*":
                place = read_job.event_place(event)
                known(event.pattern, "schedules", place, f"{path}.events", "schedule")
        for item in job.inputs or ():
            if item.startswith("data.") and not set("*?[/") & set(item):
                place = read_job.place("inputs", item)
                known(item.removeprefix("data."), "data", place, f"{path}.inputs", "dataset")
    for name in root.child("environments").entries:
        for secret, place in words(root.child("environments").child(name).get("secrets")):
            known(secret, "secrets", place, f"environments.{name}.secrets", "secret")


def _project(fields: Fields) -> Project:
    default = Project("")
    return Project(
        name=fields.text("name") or "",
        python=fields.text("python") or default.python,
        lock=fields.path("lock") or default.lock,
    )


def _kit(fields: Fields) -> Kit:
    return Kit(fields.text("version") or "", fields.path("lock"), fields.text("index"), fields.text("image"))


def _organisation(fields: Fields) -> Organisation | None:
    source, digest = fields.text("source"), fields.text("digest")
    return Organisation(source, digest) if source and digest else None


def _report(root: MapNode, sections: Fields) -> Report | None:
    fields = sections.record("report")
    return Report(fields.text("runner"), fields.text("comment")) if "report" in root.entries else None


def _runner(name: str, fields: Fields, servers: Iterable[str]) -> Runner:
    return Runner(name, fields.text("image"), _by_server(fields, servers))


def _secret(name: str, fields: Fields, servers: Iterable[str]) -> Secret:
    return Secret(name, SecretType(fields.text("type")), _by_server(fields, servers))


def _by_server(fields: Fields, servers: Iterable[str]) -> dict[str, Value]:
    """What is declared under each server's name."""
    return {server: value for server in servers if (value := fields.values.get(server)) is not None}


def _schedule(name: str, fields: Fields) -> Schedule:
    return Schedule(name, fields.text("cron") or "", fields.text("timezone") or "UTC", fields.text("branch") or "main")


def _dataset(name: str, fields: Fields) -> Dataset:
    return Dataset(
        name=name,
        path=fields.path("path") or PurePosixPath(),
        target=fields.text("target"),
        id=fields.text("id"),
        columns=tuple(_column(column, record) for column, record in fields.records("columns").items()),
        minimum_rows=fields.integer("minimum_rows", 1),
        digest=fields.text("digest"),
    )


def _column(name: str, fields: Fields) -> Column:
    return Column(
        name=name,
        type=ColumnType(fields.text("type")),
        minimum=fields.number("min"),
        maximum=fields.number("max"),
        missing=fields.number("missing") or 0.0,
        values=fields.texts("values"),
        unique=fields.flag("unique"),
    )


def _environments(root: MapNode, sections: Fields) -> dict[str, Environment]:
    """The chain, in the order of the files."""
    environments = {}
    for order, (name, fields) in enumerate(sections.records("environments").items()):
        bodies = root.child("environments").child(name).child("jobs")
        environments[name] = Environment(
            name=name,
            order=order,
            namespace=fields.text("namespace"),
            secrets=fields.texts("secrets"),
            refs=fields.texts("refs"),
            approval=When(fields.text("approval") or "auto"),
            settings={job: _mapping(plain(entry.node)) for job, entry in bodies.entries.items()},
        )
    return environments


def _mapping(value: Value) -> Mapping[str, Value]:
    return value if isinstance(value, Mapping) else {}


def _digest(root: MapNode) -> str:
    """The digest of the merged values: comments, layout and the order of keys do not count, but that of chains does."""
    ordered = {key: list(root.child(key).entries) for key in ("jobs", "environments")}
    text = json.dumps([plain(root), ordered], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
