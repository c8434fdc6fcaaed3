"""What a `Jenkinsfile` on disk means, job by job.

It may have been edited by hand or come from elsewhere: what is not understood is left out and never an error.
"""

from __future__ import annotations

import re

from pipeline_kit.render.job_facts import JobFacts
from pipeline_kit.render.words import duration_words
from pipeline_kit.servers.jenkins.starts import all_starts

LINES = {
    "needs": re.compile(r"environment name: 'OUTCOME_(\w+)', value: 'passed'"),
    "secrets": re.compile(r"ariable: '(PIPELINE_KIT_SECRET_\w+)'"),
    "image": re.compile(r"image '(.+)'"),
    "runner": re.compile(r"label '(.+)'"),
    "lock": re.compile(r"lock\('(.+)'\)"),
    "timeout": re.compile(r"timeout\(time: (\d+), unit: 'MINUTES'\)"),
}


def jenkins_facts(text: str) -> dict[str, JobFacts]:
    """The stages with an agent of a `Jenkinsfile` as the kit writes them, line by line."""
    job_facts: dict[str, JobFacts] = {}
    blocks: dict[str, str] = {}
    no_return = False
    for block in re.split(r"(?m)^ *stage\(", text)[1:]:
        name = re.match(r"'(\w+)'\) \{", block)
        no_return = no_return or block.startswith("'no return')")
        if name is not None and re.search(r"(?m)^ *agent\b", block):
            blocks[name[1]] = block
            job_facts[name[1]] = jenkins_job(block, no_return)
    starts = all_starts(blocks, {name: job.needs for name, job in job_facts.items()})
    for stage, job in job_facts.items():
        job.starts = starts[stage]
    return job_facts


def jenkins_job(block: str, no_return: bool) -> JobFacts:
    """One stage's text."""
    values = {key: pattern.findall(block) for key, pattern in LINES.items()}
    minutes = values["timeout"]
    return JobFacts(
        needs={need.lower() for need in values["needs"]},
        secrets=set(values["secrets"]),
        manual=re.search(r"(?m)^ *input \{", block) is not None,
        interruptible=not no_return,
        timeout=duration_words(60 * int(minutes[0])) if minutes and len(minutes[0]) < 9 else "",
        image=next(iter(values["image"]), ""),
        runner=next(iter(values["runner"]), ""),
        lock=next(iter(values["lock"]), ""),
    )
