"""Every rule of `.gitlab-ci.yml`: its page in the documentation and its findings come from here.

Sources: https://docs.gitlab.com/ci/yaml/, and the validations of GitLab's own `lib/gitlab/ci/config/entry/`.
"""

from __future__ import annotations

from pipeline_kit.lint.finding import Level, Rule

_E, _W, _N = Level.ERROR, Level.WARNING, Level.NOTE

RULES: tuple[Rule, ...] = (
    Rule(
        "GL001", _N, "other files complete this one",
        "include: other.yml",
        "lint the merged file that GitLab's pipeline editor shows, too",
    ),
    Rule(
        "GL002", _E, "the file is not valid YAML",
        "test: {script: [true}",
        "fix the syntax",
    ),
    Rule(
        "GL003", _E, "a duplicate job or keyword",
        "test: {script: a}\n"
        "test: {script: b}",
        "give one of the two another name: the first is dropped",
    ),
    Rule(
        "GL004", _E, "neither a keyword nor a job",
        "retries: 2\n"
        "test: {script: make}",
        "a job is a mapping with a `script`; a keyword is one that GitLab documents",
    ),
    Rule(
        "GL005", _E, "an unknown keyword in a job",
        "test: {script: make, scripts: make}",
        "remove it, or put it where it belongs",
    ),
    Rule(
        "GL006", _E, "an unknown key in a section",
        "test: {script: make, artifacts: {path: [a]}}",
        "remove it, or put it where it belongs",
    ),
    Rule(
        "GL007", _E, "a value of the wrong type",
        "test: {script: make, tags: {docker: true}}",
        "write the value in the form that the message names",
    ),
    Rule(
        "GL008", _E, "a value that is not allowed",
        "test: {script: make, artifacts: {when: never}}",
        "use one of the allowed values",
    ),
    Rule(
        "GL009", _E, "a job that has a keyword's name",
        "image: {script: make}\n"
        "test: {script: make}",
        "give the job another name",
    ),
    Rule(
        "GL010", _E, "no job that can run",
        ".test: {script: make}",
        "add a job whose name does not begin with a dot",
    ),
    Rule(
        "GL011", _E, "a job that runs nothing",
        "test: {stage: test}",
        "add `script`, `run` or `trigger`",
    ),
    Rule(
        "GL012", _E, "an empty script",
        "test: {script: []}",
        "add a command, or remove the job",
    ),
    Rule(
        "GL013", _E, "a line of a script that is not text",
        'test: {script: [{echo "a": b}]}',
        "quote the whole line",
    ),
    Rule(
        "GL014", _E, "`trigger` beside `script` or `run`",
        "test: {script: make, trigger: a/b}",
        "split it into two jobs",
    ),
    Rule(
        "GL015", _E, "`extends` of a job that is not there",
        "test: {extends: .base, script: make}",
        "name a job of this file",
    ),
    Rule(
        "GL016", _E, "`extends` in a circle, or too deep",
        "test: {extends: test, script: make}",
        "break the circle; GitLab follows eleven levels",
    ),
    Rule(
        "GL017", _E, "a `!reference` to nowhere, or to itself",
        "test: {script: [!reference [.base, script]]}",
        "name a job and a key that exist",
    ),
    Rule(
        "GL018", _W, "a keyword that GitLab has removed",
        "test: {script: make, type: test}",
        "write `stage` for `type` and `stages` for `types`",
    ),
    Rule(
        "GL019", _W, "a duplicate key in a mapping",
        "test: {script: a, script: b}",
        "keep one of the two",
    ),
    Rule(
        "GL020", _E, "a stage that is not defined",
        "stages: [build]\n"
        "test: {script: make, stage: tests}",
        "add it to `stages`, or name one of them",
    ),
    Rule(
        "GL021", _E, "`needs` of a job that is not there",
        "test: {script: make, needs: [build]}",
        "name a job of this file, or write `optional: true`",
    ),
    Rule(
        "GL022", _E, "`needs` in a circle",
        "test: {script: make, needs: [test]}",
        "remove one of the needs: no job of the circle can ever start",
    ),
    Rule(
        "GL023", _E, "`needs` of a job in a later stage",
        "a: {script: make, stage: build, needs: [b]}\n"
        "b: {script: make, stage: test}",
        "move one of the jobs to another stage",
    ),
    Rule(
        "GL024", _E, "more than 50 `needs`",
        "all: {script: make, needs: [(51 jobs)]}",
        "group the needs by a job between, or order by stages",
    ),
    Rule(
        "GL025", _E, "`needs` of a job that the event does not start",
        "a: {script: make, rules: [{if: $CI_COMMIT_TAG}]}\n"
        "b: {script: make, needs: [a], rules: [{if: $CI_COMMIT_BRANCH}]}",
        "give both jobs the same rules, or write `optional: true`",
    ),
    Rule(
        "GL026", _E, "an entry of `needs` without a job",
        "test: {script: make, needs: [{artifacts: true}]}",
        "name the job: `- job: NAME`",
    ),
    Rule(
        "GL027", _E, "`dependencies` of a job that is not there, or in a later stage",
        "test: {script: make, dependencies: [build]}",
        "name a job of an earlier stage",
    ),
    Rule(
        "GL028", _E, "`dependencies` of a job that is not in `needs`",
        "a: {script: make, stage: build}\n"
        "b: {script: make, needs: [], dependencies: [a]}",
        "add it to `needs`, or remove it",
    ),
    Rule(
        "GL030", _E, "an `on_stop` job that is not there",
        "a: {script: make, environment: {name: a, on_stop: stop}}",
        "name the job that stops the environment",
    ),
    Rule(
        "GL031", _E, "an `on_stop` job that does not stop this environment",
        "a: {script: make, environment: {name: a, on_stop: b}}\n"
        "b: {script: make, environment: {name: a}}",
        "give it the same `environment: name`, and `action: stop`",
    ),
    Rule(
        "GL032", _E, "an environment without a name",
        "a: {script: make, environment: {url: https://a.example}}",
        "add `name`",
    ),
    Rule(
        "GL040", _E, "`rules` beside `only`, `except` or `start_in`",
        "a: {script: make, only: [main], rules: [{when: always}]}",
        "say all of it in `rules`",
    ),
    Rule(
        "GL041", _E, "a `when` that GitLab does not know there",
        "a: {script: make, when: never}",
        "use one of the allowed words; `never` belongs in `rules`",
    ),
    Rule(
        "GL042", _W, "a rule that is never reached",
        "a: {script: make, rules: [{when: always}, {if: $A}]}",
        "put the rule without a condition last",
    ),
    Rule(
        "GL043", _E, "a condition that GitLab cannot read",
        "a: {script: make, rules: [{if: $A = 1}]}",
        "compare with == != =~ !~, join with && ||, and quote texts",
    ),
    Rule(
        "GL044", _N, "a manual job that blocks the pipeline",
        "a: {script: make, rules: [{when: manual}]}",
        "write `allow_failure: true` to let the pipeline continue, or `false` to say that it must wait",
    ),
    Rule(
        "GL050", _E, "a duration that GitLab cannot read",
        "a: {script: make, timeout: 1 fortnight}",
        "write numbers and units, such as `1 hour 30 minutes`, as text",
    ),
    Rule(
        "GL051", _E, "`start_in` and `when: delayed` apart",
        "a: {script: make, when: delayed}",
        "write both, or neither",
    ),
    Rule(
        "GL052", _E, "a `retry` that GitLab refuses",
        "a: {script: make, retry: 3}",
        "retry at most twice, on the failures that GitLab names",
    ),
    Rule(
        "GL053", _E, "a `parallel` that GitLab refuses",
        "a: {script: make, parallel: 201}",
        "use at most 200 jobs: a number, or `matrix` with a list of variables",
    ),
    Rule(
        "GL054", _W, "a word that YAML turns into true or false",
        "variables: {ANSWER: no}\n"
        "a: {script: make}",
        "quote it: the job sees `true` or `false` otherwise",
    ),
    Rule(
        "GL055", _W, "a number that YAML writes in another way",
        "variables: {PYTHON: 3.10}\n"
        "a: {script: make}",
        "quote it: the job sees what YAML makes of it otherwise",
    ),
    Rule(
        "GL056", _E, "a variable whose value is not text",
        "variables: {A: [b]}\n"
        "a: {script: make}",
        "write one text; a mapping may hold value, description, options and expand",
    ),
    Rule(
        "GL057", _E, "a `coverage` that is not a regular expression",
        "a: {script: make, coverage: 90%}",
        "write it between slashes: `/Coverage: (\\d+)/`",
    ),
)  # fmt: skip
