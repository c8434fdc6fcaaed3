"""The jobs of a `Jenkinsfile` on disk, for the comparison with the rendered one.

It may have been edited by hand or come from elsewhere: what is not understood is left out and never an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline_kit.render.job_facts import JobFacts
from pipeline_kit.render.words import duration_words
from pipeline_kit.servers.jenkins.groovy.syntax import Statement
from pipeline_kit.servers.jenkins.groovy.tokens import Form, GroovyError
from pipeline_kit.servers.jenkins.groovy.tree import body, everything_in, parse, strings_of, tokens_of, value_of
from pipeline_kit.servers.jenkins.starts import all_starts, conditions_in, first_string, named_text

LARGEST = 1_000_000  # characters
OUTCOME = "OUTCOME_"
SECRET = re.compile(r"PIPELINE_KIT_SECRET_\w+")
NO_RETURN = "no return"
UNIT_SECONDS = {"SECONDS": 1, "MINUTES": 60, "HOURS": 3600, "DAYS": 86400}


def jenkins_facts(text: str) -> dict[str, JobFacts]:
    """The stages with an agent of their own, by name; empty where the text is not Groovy."""
    if len(text) > LARGEST:
        return {}
    try:
        statements = parse(text)
    except GroovyError:
        return {}
    jobs: dict[str, JobFacts] = {}
    whens: dict[str, Sequence[Statement]] = {}
    interruptible = True
    for stage in stages_in(statements):
        name = first_string(stage)
        interruptible = interruptible and name != NO_RETURN
        if section(stage, "agent") is not None:
            whens[name] = body_of(section(stage, "when"))
            jobs[name] = jenkins_job(stage, interruptible)
    starts = all_starts(whens, {name: job.needs for name, job in jobs.items()})
    for name, job in jobs.items():
        job.starts = starts[name]
    return jobs


def stages_in(statements: Sequence[Statement]) -> Iterator[Statement]:
    """All stages, nested ones included, in the order of the file."""
    for statement in statements:
        for inner in (statement, *everything_in(statement)):
            if inner.name == "stage":
                yield inner


def jenkins_job(stage: Statement, interruptible: bool) -> JobFacts:
    """The facts of one stage."""
    conditions = list(conditions_in(body_of(section(stage, "when"))))
    outcomes = [named_text(entry, "name") for entry in conditions if entry.name == "environment"]
    agent = section(stage, "agent")
    agents = [agent, *everything_in(agent)] if agent is not None else []
    images = [entry for entry in agents if entry.name in ("docker", "image")]
    steps = list(everything_in(stage))
    strings = [value_of(token) for step in steps for token in strings_of(step)]
    return JobFacts(
        needs={name.removeprefix(OUTCOME).lower() for name in outcomes if name.startswith(OUTCOME)},
        secrets={text for text in strings if SECRET.fullmatch(text)},
        manual=section(stage, "input") is not None,
        interruptible=interruptible,
        timeout=next((timeout_words(step) for step in steps if step.name == "timeout"), ""),
        image=next(filter(None, map(first_string, images)), ""),
        runner=next((first_string(entry) for entry in agents if entry.name == "label"), ""),
        lock=next((first_string(step) for step in steps if step.name == "lock"), ""),
    )


def section(stage: Statement, name: str) -> Statement | None:
    """The stage's own section of that name, or `None`."""
    return next((entry for entry in body_of(stage) if entry.name == name), None)


def body_of(statement: Statement | None) -> Sequence[Statement]:
    """The statements in the block of a section; empty where it is missing."""
    return (body(statement) or ()) if statement is not None else ()


def timeout_words(step: Statement) -> str:
    """The time limit of a `timeout` step; empty where it is not a plain number. Jenkins' default unit is minutes."""
    numbers = [token.text for token in tokens_of(step) if token.form is Form.NUMBER]
    seconds = UNIT_SECONDS.get(named_text(step, "unit") or "MINUTES")
    if seconds is None or not numbers or not numbers[0].isdecimal() or len(numbers[0]) > 8:
        return ""
    return duration_words(seconds * int(numbers[0]))
