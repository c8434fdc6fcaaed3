"""Prints the median processor time of `pipeline-kit lint` on a large file of each server."""

from __future__ import annotations

import statistics
import time

from pipeline_kit.servers.lint import check_file

JOBS = 200
ROUNDS = 7


def gitlab_file() -> bytes:
    """A pipeline of 200 jobs with rules, needs, artifacts and templates."""
    stages = [f"level-{level}" for level in range(10)]
    lines = [f"stages: [{', '.join(stages)}]", "default: {interruptible: true, retry: {max: 1, when: [api_failure]}}"]
    lines.append(".base: {image: python, variables: {A: b}, before_script: [date], artifacts: {expire_in: 30 days}}")
    for job in range(JOBS):
        level = job * 10 // JOBS
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


def jenkins_file() -> bytes:
    """A pipeline of 200 stages in parallel groups of 20."""
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
        + "".join(stage.format(job=job) for job in range(start, start + 20))
        + "      }\n    }\n"
        for start in range(0, JOBS, 20)
    ]
    return ("pipeline {\n  agent none\n  stages {\n" + "".join(groups) + "  }\n}\n").encode()


def main() -> None:
    """Lints each file ROUNDS times and prints the median."""
    for name, content in ((".gitlab-ci.yml", gitlab_file()), ("Jenkinsfile", jenkins_file())):
        times = []
        for _ in range(ROUNDS):
            started = time.process_time()
            findings = check_file(name, content)
            times.append(time.process_time() - started)
            assert not findings, findings[0]
        median = statistics.median(times) * 1000
        size = f"{JOBS} jobs, {len(content) // 1024} KiB"
        print(f"lint {name}: {size}, median {median:.0f} ms of processor time in {ROUNDS} rounds")


if __name__ == "__main__":
    main()
