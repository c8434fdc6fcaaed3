"""The descriptor's own keys as parameters: the single source of their check, their schema and their reference."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline_kit.descriptor.model import ColumnType, SecretType, When
from pipeline_kit.descriptor.parameter import Kind, Parameter
from pipeline_kit.descriptor.server_words import ServerWords

SHORTEST_TIMEOUT = 60  # seconds: a server's job takes longer to start than what is shorter
LONGEST_TIMEOUT = 7 * 86400

_MANUAL = tuple(when.value for when in When)


def _words(name: str, grammar: str, help_: str) -> Parameter:
    return Parameter(name, Kind.LIST, help_, items=Parameter("", Kind.STRING, help_, grammar=grammar))


def _word(name: str, grammar: str, help_: str, *, required: bool = False) -> Parameter:
    return Parameter(name, Kind.STRING, help_, grammar=grammar, required=required)


def _choice(name: str, choices: tuple[str, ...], help_: str, *, required: bool = False) -> Parameter:
    return Parameter(name, Kind.CHOICE, help_, choices=choices, required=required)


def _record(name: str, help_: str, *fields: Parameter, required: bool = False) -> Parameter:
    return Parameter(name, Kind.RECORD, help_, fields=fields, required=required)


def _named(name: str, help_: str, item: Parameter, *, grammar: str = "name") -> Parameter:
    return Parameter(name, Kind.MAP, help_, items=item, grammar=grammar)


VERSION = Parameter("version", Kind.INTEGER, "The version of the descriptor's format, `version: 1`.", required=True)

KIT = _record(
    "kit",
    "The kit that CI installs, such as `kit: 0.1.0`.",
    _word("version", "version", "The exact version of pipeline-kit.", required=True),
    Parameter("lock", Kind.PATH, "A lock file with hashes that pip installs the kit from."),
    _word("index", "index", "A package index that holds the kit."),
    _word("image", "image_digest", "An image that carries the kit, by digest."),
    required=True,
)

ORGANISATION = _record(
    "organisation",
    "The organisation's file that this one builds on.",
    _word("source", "source", "Where it is kept: a path, or git+URL@TAG with an optional #FILE.", required=True),
    _word("digest", "digest", "The digest of the vendored copy.", required=True),
)

PROJECT = _record(
    "project",
    "The project, such as `project: {name: fraud}`.",
    _word("name", "project_name", "The project's name.", required=True),
    Parameter("python", Kind.STRING, "The Python it runs on.", default=">=3.11", grammar="python"),
    Parameter("lock", Kind.PATH, "Its locked requirements.", default="requirements.lock"),
    required=True,
)

STORE = _word("store", "store", "Where models are kept between jobs.")
"""The key `store` as an address alone; `descriptor/store.py` has its form as a mapping."""


def runner(servers: Iterable[ServerWords]) -> Parameter:
    """A runner class, with a key for each server that has one."""
    image = _word("image", "image", "The image that jobs run in.")
    keys = [words.runner for words in servers if words.runner is not None]
    return _record("", "A runner class: the image, and how each server names it.", image, *keys)


def secret(servers: Iterable[ServerWords]) -> Parameter:
    """A secret, with a key for each server that has one."""
    shape = _choice(
        "type", tuple(secret_type.value for secret_type in SecretType), "The secret's shape.", required=True
    )
    keys = [words.secret for words in servers if words.secret is not None]
    return _record("", "A reference to a secret, never its value.", shape, *keys)


SCHEDULE = _record(
    "",
    "A time table.",
    _word("cron", "cron", 'Five fields, such as "0 2 * * *".', required=True),
    Parameter("timezone", Kind.STRING, "An IANA time zone.", default="UTC", grammar="timezone"),
    Parameter("branch", Kind.STRING, "The branch whose head it runs.", default="main", grammar="branch"),
)

REPORT = _record(
    "report",
    "That CI's pipelines end with a job that gathers one report of all jobs, such as `report: {}`.",
    _word("runner", "name", "The runner class it runs on."),
    _word(
        "comment",
        "name",
        "The secret with a token of the server's API: merge requests then get the report as a comment.",
    ),
)

COLUMN = _record(
    "",
    "What is declared of a column.",
    _choice("type", tuple(column_type.value for column_type in ColumnType), "What the column holds.", required=True),
    Parameter("min", Kind.NUMBER, "The least value."),
    Parameter("max", Kind.NUMBER, "The largest value."),
    Parameter("missing", Kind.NUMBER, "The largest share of empty cells.", default=0.0, minimum=0, maximum=1),
    _words("values", "label", "The only values it may have."),
    Parameter("unique", Kind.BOOLEAN, "Whether values must be unique.", default=False),
)

DATASET = _record(
    "",
    "A declared dataset.",
    Parameter("path", Kind.PATH, "Its file.", required=True),
    _word("target", "label", "The column to predict."),
    _word("id", "label", "The column that names a row."),
    _named("columns", "What is declared of each column.", COLUMN, grammar="label"),
    Parameter("minimum_rows", Kind.INTEGER, "The fewest rows it may have.", default=1, minimum=1),
    _word("digest", "digest", "The digest of its full content."),
)

ENVIRONMENT = _record(
    "",
    "A place that a release goes to.",
    _word("namespace", "namespace", "The Kubernetes namespace."),
    _words("secrets", "name", "The secrets that its jobs get."),
    _words("refs", "ref", "The branches that may go there."),
    Parameter("approval", Kind.CHOICE, "Whether a person must approve.", default="auto", choices=_MANUAL),
    _named("jobs", "What differs there, by job.", Parameter("", Kind.MAP, "The keys that differ."), grammar="job_name"),
)

JOB = (
    _word("stage", "name", "The stage it uses; the job's own name where this is left out."),
    _words("needs", "job_name", "The jobs that must have passed before it."),
    _words("events", "event", "What starts it; what starts all its needs where this is left out."),
    _words("changes", "glob", "Files of which a merge request must change one."),
    Parameter("when", Kind.CHOICE, "Whether it waits for a person.", default="auto", choices=_MANUAL),
    _words("inputs", "glob", "What it reads: patterns of files, data.NAME, JOB.OUTPUT."),
    _named(
        "outputs", "What it leaves: names and paths in its folder.", Parameter("", Kind.PATH, "A path in its folder.")
    ),
    _word("runner", "name", "The runner class it runs on."),
    Parameter(
        "timeout",
        Kind.DURATION,
        "How long the job may run, from 1m to 7d; the server's own limit is rendered five minutes later.",
        default="1h",
        minimum=SHORTEST_TIMEOUT,
        maximum=LONGEST_TIMEOUT,
    ),
    _words("secrets", "name", "The secrets it gets."),
    _word("environment", "name", "The environment it acts on."),
    _word("lock", "name", "A name that only one job at a time may hold."),
    _named(
        "matrix",
        "Lists of values, by parameter: one job for each combination.",
        Parameter("", Kind.LIST, "The values of one parameter.", items=Parameter("", Kind.ANY, "A value.")),
        grammar="label",
    ),
    _named("variables", "Variables of its process.", _word("", "text", "A text."), grammar="variable"),
)
"""The keys that every job may have, whatever its stage."""


def root_keys(servers: Iterable[ServerWords], store: Parameter = STORE) -> tuple[Parameter, ...]:
    """The keys of a descriptor; `jobs` is read job by job, with the parameters of each one's stage."""
    servers = tuple(servers)
    return (
        VERSION,
        KIT,
        ORGANISATION,
        PROJECT,
        REPORT,
        store,
        _words(
            "plugins", "distribution", "Installed packages whose extensions the project uses, pinned in `kit.lock`."
        ),
        _words("insecure", "host", "Hosts, with their ports, that may be spoken to without verified TLS."),
        _named("runners", "The runner classes.", runner(servers)),
        _named("secrets", "References to secrets.", secret(servers)),
        _named("schedules", "Time tables.", SCHEDULE),
        _named("data", "The declared datasets.", DATASET),
        Parameter(
            "jobs",
            Kind.MAP,
            "The jobs, such as `jobs: {test: {}}`.",
            required=True,
            grammar="job_name",
            items=Parameter("", Kind.MAP, "A job's keys."),
        ),
        _named("environments", "The promotion path, in order.", ENVIRONMENT),
    )


LOCKED = _words("locked", "locked_path", "What a repository may not set.")
"""The one key that only the organisation's file may have."""
