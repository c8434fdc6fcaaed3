"""Every rule of a `Jenkinsfile`: its page in the documentation and its findings come from here.

Sources: https://www.jenkins.io/doc/book/pipeline/syntax/, and the `ModelParser` and `ModelValidatorImpl` of Jenkins'
pipeline-model-definition plugin.
"""

from __future__ import annotations

from pipeline_kit.lint.finding import Level, Rule

_E, _W, _N = Level.ERROR, Level.WARNING, Level.NOTE

RULES: tuple[Rule, ...] = (
    Rule(
        "JK001", _E, "text that cannot be Groovy",
        "pipeline { agent any",
        "close every bracket, string and comment",
    ),
    Rule(
        "JK002", _N, "no declarative pipeline",
        "node { sh 'make' }",
        "scripted pipelines are code: only brackets and strings are checked",
    ),
    Rule(
        "JK003", _E, "a required section is missing",
        "pipeline { stages { stage('a') { steps { sh 'make' } } } }",
        "add it",
    ),
    Rule(
        "JK004", _E, "an unknown or misplaced section or directive",
        "pipeline { agent any; stages { stage('a') { steps { sh 'make' }; step { sh 'a' } } } }",
        "remove it, or move it to where it belongs",
    ),
    Rule(
        "JK005", _E, "a duplicate section",
        "pipeline { agent any; stages { stage('a') { steps { sh 'a' }; steps { sh 'b' } } } }",
        "put both into one",
    ),
    Rule(
        "JK006", _E, "an empty section",
        "pipeline { agent any; stages { stage('a') { steps { } } } }",
        "fill it, or remove it",
    ),
    Rule(
        "JK007", _E, "a stage without a literal name",
        "pipeline { agent any; stages { stage() { steps { sh 'a' } } } }",
        "give it a name in quotes without ${...}",
    ),
    Rule(
        "JK008", _E, "a stage with more than one of steps, stages, parallel and matrix",
        "pipeline { agent any; stages { stage('a') { steps { sh 'a' }; stages { stage('b') { steps "
        "{ sh 'b' } } } } } }",
        "keep one of them; put the steps into a stage of their own",
    ),
    Rule(
        "JK009", _E, "a stage that does nothing",
        "pipeline { agent any; stages { stage('a') { when { branch 'main' } } } }",
        "add steps, stages, parallel or matrix",
    ),
    Rule(
        "JK010", _E, "parallel or matrix inside parallel or matrix",
        "pipeline { agent any; stages { stage('a') { parallel { stage('b') { parallel { stage('c') "
        "{ steps { sh 'c' } } } } } } } }",
        "flatten it: all branches side by side",
    ),
    Rule(
        "JK011", _E, "a duplicate stage name",
        "pipeline { agent any; stages { stage('a') { steps { sh 'a' } }; stage('a') { steps { sh "
        "'b' } } } }",
        "give each stage a name of its own",
    ),
    Rule(
        "JK012", _E, "an agent or tools beside parallel or matrix",
        "pipeline { agent any; stages { stage('a') { agent any; parallel { stage('b') { steps { sh "
        "'b' } } } } } }",
        "move it into the stages inside",
    ),
    Rule(
        "JK013", _E, "an agent that Jenkins does not know",
        "pipeline { agent linux; ; stages { stage('a') { steps { sh 'make' } } } }",
        "write `agent any`, `agent none` or `agent { label '...' }`",
    ),
    Rule(
        "JK014", _E, "a step that needs an agent and has none",
        "pipeline { agent none; stages { stage('a') { steps { sh 'make' } } } }",
        "give the stage an agent",
    ),
    Rule(
        "JK015", _E, "code outside of `script`",
        "pipeline { agent any; stages { stage('a') { steps { def a = 1 } } } }",
        "put it into `script { }`",
    ),
    Rule(
        "JK016", _E, "a `when` that Jenkins cannot read",
        "pipeline { agent any; stages { stage('a') { when { branches 'main' }; steps { sh 'make' } } } }",
        "use one of the documented conditions",
    ),
    Rule(
        "JK017", _E, "an unknown condition in `post`",
        "pipeline { agent any; post { allways { sh 'a' } }; stages { stage('a') { steps { sh 'make' } } } }",
        "use one of the documented conditions",
    ),
    Rule(
        "JK018", _E, "an option that is not one there",
        "pipeline { agent any; options { timestamp() }; stages { stage('a') { steps { sh 'make' } } } }",
        "use a documented option; those of the whole job are at the top",
    ),
    Rule(
        "JK019", _E, "a `timeout` without a time, or with an unknown unit",
        "pipeline { agent any; options { timeout(time: 1, unit: 'HOUR') }; stages { stage('a') { "
        "steps { sh 'make' } } } }",
        "use SECONDS, MINUTES, HOURS or DAYS",
    ),
    Rule(
        "JK020", _E, "an environment value that Jenkins refuses",
        "pipeline { agent any; environment { A = params.B }; stages { stage('a') { steps { sh "
        "'make' } } } }",
        'write it as text, such as "${params.B}"',
    ),
    Rule(
        "JK021", _E, "an unknown kind of parameter",
        "pipeline { agent any; parameters { strings(name: 'A') }; stages { stage('a') { steps { sh "
        "'make' } } } }",
        "use one of the documented kinds",
    ),
    Rule(
        "JK022", _E, "an unknown trigger",
        "pipeline { agent any; triggers { crons('@daily') }; stages { stage('a') { steps { sh "
        "'make' } } } }",
        "use one of the documented triggers",
    ),
    Rule(
        "JK023", _E, "an invalid schedule",
        "pipeline { agent any; triggers { cron('0 2 * *') }; stages { stage('a') { steps { sh "
        "'make' } } } }",
        "write five fields: minute hour day month weekday",
    ),
    Rule(
        "JK024", _E, "a matrix without axes or stages, or with wrong ones",
        "pipeline { agent any; stages { stage('a') { matrix { stages { stage('b') { steps { sh 'b' "
        "} } } } } } }",
        "write axes { axis { name 'A'; values 'b', 'c' } } and stages",
    ),
    Rule(
        "JK025", _E, "an `input` without a message",
        "pipeline { agent any; stages { stage('a') { input { ok 'go' }; steps { sh 'make' } } } }",
        "add `message`",
    ),
    Rule(
        "JK026", _E, "`failFast` where nothing is parallel",
        "pipeline { agent any; stages { stage('a') { failFast true; steps { sh 'make' } } } }",
        "remove it",
    ),
    Rule(
        "JK027", _E, "a step that needs a block and has none",
        "pipeline { agent any; stages { stage('a') { steps { dir('src') } } } }",
        "put the steps that it is for into { } behind it",
    ),
)  # fmt: skip
