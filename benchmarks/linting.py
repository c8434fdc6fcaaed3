"""How long the linter takes for a big CI file, beside a parser that only reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.machine import ROOT
from benchmarks.measure import in_turns, reported
from benchmarks.results import Row, at_most, missing, seconds
from benchmarks.scale import Scale
from benchmarks.tools import Tools

SCRIPT = ROOT / "benchmarks" / "lint_once.py"
PEER_SCRIPT = ROOT / "benchmarks" / "parse_once.py"
LIMITS = {".gitlab-ci.yml": ("PyYAML", 1.0), "Jenkinsfile": ("Pygments", 2.0)}
"""A file's peer, and how many times as long as the peer the linter may take."""


def measure(tools: Tools, scale: Scale, folder: Path) -> Iterator[Row]:
    """For each CI server: processor time in fresh processes, with the rules loaded."""
    contents = {".gitlab-ci.yml": gitlab_file(scale.planned_jobs), "Jenkinsfile": jenkins_file(scale.planned_jobs)}
    python = tools.peers / "python" / "bin" / "python"
    for name, (peer, limit) in LIMITS.items():
        what = f"lint of a {name} of {scale.planned_jobs} jobs, to {peer} reading it"
        path = folder / name
        path.write_bytes(contents[name])
        lint = reported([tools.python, SCRIPT, path], cwd=folder)
        if not python.exists():
            lint()
            yield missing(what, f"at most {limit:g} times", peer)
            continue
        pairs = in_turns(lint, reported([python, PEER_SCRIPT, path], cwd=folder), scale.pairs)
        figures = (seconds(pairs.ours_seconds), f"{seconds(pairs.peer_seconds)} ({peer})", pairs.ratio)
        yield at_most(what, figures, limit)


def gitlab_file(jobs: int) -> bytes:
    """A pipeline of so many jobs with rules, needs, artifacts and templates."""
    stages = [f"level-{level}" for level in range(10)]
    lines = [f"stages: [{', '.join(stages)}]", "default: {interruptible: true, retry: {max: 1, when: [api_failure]}}"]
    lines.append(".base: {image: python, variables: {A: b}, before_script: [date], artifacts: {expire_in: 30 days}}")
    for job in range(jobs):
        level = job * 10 // jobs
        needs = [f"job-{max(0, job - 20 - step)}" for step in range(min(3, job // 20))]
        lines += [
            f"job-{job}:",
            "  extends: .base",
            f"  stage: level-{level}",
            f"  needs: [{', '.join(needs)}]",
            "  rules:",
            '    - if: $CI_PIPELINE_SOURCE == "merge_request_event"',
            '    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CI_COMMIT_TITLE !~ /^draft/',
            "  timeout: 1 hour 5 minutes",
            "  script:",
            f"    - make job-{job}",
            "  artifacts:",
            "    when: always",
            f"    paths: [out/{job}/]",
            "    reports: {junit: report.xml}",
        ]  # fmt: skip
    return "\n".join(lines).encode()


def jenkins_file(jobs: int) -> bytes:
    """A pipeline of so many stages in parallel groups of 20."""
    stage = """        stage('job {job}') {{
          when {{
            beforeAgent true
            environment name: 'OUTCOME', value: 'passed'
          }}
          agent {{ label 'docker' }}
          options {{ retry(count: 2, conditions: [agent(), nonresumable()]) }}
          steps {{
            catchError(buildResult: 'FAILURE', stageResult: 'FAILURE') {{
              timeout(time: 65, unit: 'MINUTES') {{ sh "make job-{job} ${{env.EXTRA}}" }}
              script {{ env.OUTCOME = 'passed' }}
            }}
          }}
          post {{ always {{ junit testResults: 'out/{job}.xml', allowEmptyResults: true }} }}
        }}
"""
    groups = [
        f"    stage('level {start}') {{\n      parallel {{\n"
        + "".join(stage.format(job=job) for job in range(start, min(start + 20, jobs)))
        + "      }\n    }\n"
        for start in range(0, jobs, 20)
    ]
    return ("pipeline {\n  agent none\n  stages {\n" + "".join(groups) + "  }\n}\n").encode()
