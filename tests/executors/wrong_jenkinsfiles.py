"""Jenkinsfiles that Jenkins refuses, each with a part of what the harness says; all are one change away from GOOD."""

from __future__ import annotations

GOOD = """pipeline {
  agent none
  stages {
    stage('a') {
      agent any
      steps {
        sh 'true'
      }
    }
  }
}
"""


def changed(old: str, new: str) -> str:
    """GOOD with one part replaced."""
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


STAGE = GOOD[GOOD.index("    stage(") : GOOD.index("  }\n}")]
BRANCHES = "    stage('b') {\n parallel {\n" + STAGE + "    }\n    }\n"

WRONG = {
    "no pipeline block": ("node { sh 'true' }\n", "not one pipeline"),
    "code beside the pipeline": ("def x = 1\n" + GOOD, "code where only directives"),
    "broken Groovy": (GOOD.replace("'true'", "'true"), "no Groovy"),
    "no agent at the top": (changed("  agent none\n", ""), "pipeline has no agent"),
    "no stages": ("pipeline {\n  agent any\n}\n", "pipeline has no stages"),
    "empty stages": ("pipeline {\n  agent any\n  stages {\n  }\n}\n", "stages is empty"),
    "a step without an agent": (changed("      agent any\n", ""), "sh needs an agent"),
    "an unknown agent": (changed("agent any", "agent { machine 'a' }"), "unknown directive machine"),
    "docker without an image": (changed("agent any", "agent { docker { label 'a' } }"), "docker has no image"),
    "an unknown directive": (
        changed("      agent any\n", "      agent any\n      needs 'b'\n"),
        "unknown directive needs",
    ),
    "a directive in the wrong place": (
        changed("  agent none\n", "  agent none\n  when { branch 'a' }\n"),
        "directive when",
    ),
    "a directive twice": (changed("      agent any\n", "      agent any\n      agent any\n"), "agent stands twice"),
    "steps and parallel": (
        changed("      agent any\n", "      agent any\n parallel {\n" + STAGE + "}\n"),
        "exactly one of",
    ),
    "steps and stages": (
        changed("      agent any\n", "      agent any\n stages {\n" + STAGE + "}\n"),
        "exactly one of",
    ),
    "a stage with neither": (changed("      steps {\n        sh 'true'\n      }\n", ""), "exactly one of"),
    "empty steps": (changed("        sh 'true'\n", ""), "steps is empty"),
    "parallel in parallel": (GOOD.replace(STAGE, BRANCHES.replace(STAGE, BRANCHES)), "parallel within parallel"),
    "an agent beside parallel": (
        GOOD.replace(STAGE, BRANCHES.replace("{\n parallel", "{\n agent any\n parallel")),
        "no agent",
    ),
    "two stages of one name": (GOOD.replace(STAGE, STAGE + STAGE), "two stages of one name"),
    "a stage without a name": (changed("stage('a')", "stage"), "needs a name"),
    "an unknown step": (changed("sh 'true'", "shell 'true'"), "unknown directive shell"),
    "code among steps": (changed("sh 'true'", "if (true) { sh 'true' }"), "code where only directives"),
    "a loop around stages": (
        changed("    stage('a') {", "    for (x in [1]) stage('a') {"),
        "code where only directives",
    ),
    "an unknown condition": (
        changed("agent any", "when { weekday 'Monday' }\n agent any"),
        "unknown directive weekday",
    ),
    "an empty when": (changed("agent any", "when { }\n agent any"), "when is empty"),
    "a when without a condition": (
        changed("agent any", "when { beforeAgent true }\n agent any"),
        "when has no condition",
    ),
    "two conditions in not": (
        changed("agent any", "when { not { branch 'a'; branch 'b' } }\n agent any"),
        "more than one",
    ),
    "an unknown option": (changed("agent any", "options { faster() }\n agent any"), "unknown directive faster"),
    "a timeout without a time": (changed("agent any", "options { timeout(unit: 'HOURS') }\n agent any"), "has no time"),
    "a question without a message": (changed("agent any", "input { ok 'Go' }\n agent any"), "input has no message"),
    "an unknown post condition": (changed("agent any", "post { later { sh 'true' } }\n agent any"), "directive later"),
    "no assignment in environment": (changed("agent any", "environment { sh 'true' }\n agent any"), "assignments only"),
    "a wrapper without a block": (
        changed("sh 'true'", "catchError(buildResult: 'FAILURE')"),
        "catchError needs a block",
    ),
}
