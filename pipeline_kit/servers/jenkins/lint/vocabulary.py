"""The keywords of a declarative pipeline, from https://www.jenkins.io/doc/book/pipeline/syntax/."""

from __future__ import annotations

PIPELINE = {
    "agent": "section", "stages": "section", "post": "section", "environment": "block", "options": "block",
    "parameters": "block", "triggers": "block", "tools": "block", "libraries": "block",
}  # fmt: skip
STAGE = {
    "agent": "section", "steps": "section", "stages": "section", "parallel": "section", "matrix": "section",
    "post": "section", "environment": "block", "options": "block", "tools": "block", "when": "block", "input": "block",
    "failFast": "value",
}  # fmt: skip
MATRIX = {
    "axes": "section", "excludes": "section", "stages": "section", "agent": "section", "post": "section",
    "environment": "block", "options": "block", "tools": "block", "when": "block", "input": "block",
}  # fmt: skip
BODIES = ("steps", "stages", "parallel", "matrix")
POST = (
    "always", "changed", "fixed", "regression", "aborted", "failure", "success", "unstable", "unsuccessful",
    "notBuilt", "cleanup",
)  # fmt: skip
WHEN = (
    "branch", "buildingTag", "changelog", "changeset", "changeRequest", "environment", "equals", "expression", "tag",
    "not", "allOf", "anyOf", "triggeredBy", "isRestartedRun",
)  # fmt: skip
WHEN_FLAGS = ("beforeAgent", "beforeInput", "beforeOptions")
AGENTS = ("any", "none", "label", "node", "docker", "dockerfile", "kubernetes")
AGENT_KEYS = {
    "node": ("label", "customWorkspace"),
    "docker": (
        "image", "label", "args", "registryUrl", "registryCredentialsId", "customWorkspace", "reuseNode", "alwaysPull",
        "containerPerStageRoot",
    ),
    "dockerfile": (
        "filename", "dir", "label", "args", "additionalBuildArgs", "registryUrl", "registryCredentialsId",
        "customWorkspace", "reuseNode", "alwaysPull",
    ),
}  # fmt: skip
AGENT_NEEDS = {"node": "label", "docker": "image"}
JOB_OPTIONS = (
    "buildDiscarder", "disableConcurrentBuilds", "disableResume", "durabilityHint", "newContainerPerStage",
    "parallelsAlwaysFailFast", "quietPeriod", "rateLimitBuilds", "copyArtifactPermission", "githubProjectProperty",
    "disableRestartFromStage",
)  # fmt: skip
OPTIONS = (
    *JOB_OPTIONS, "overrideIndexTriggers", "preserveStashes", "skipDefaultCheckout", "skipStagesAfterUnstable",
    "checkoutToSubdirectory", "timeout", "retry", "timestamps", "ansiColor", "gitLabConnection", "lock", "throttle",
    "withCredentials", "withEnv", "warnError", "catchError", "gitlabBuilds", "gitlabCommitStatus", "cache",
    "sidebarLinks",
)  # fmt: skip
PARAMETERS = (
    "string", "text", "booleanParam", "choice", "password", "file", "credentials", "run", "base64File", "stashedFile",
    "gitParameter", "extendedChoice", "activeChoice", "reactiveChoice", "separator", "imageTag",
)  # fmt: skip
TRIGGERS = (
    "cron", "pollSCM", "upstream", "githubPush", "gitlab", "bitbucketPush", "GenericTrigger", "issueCommentTrigger",
    "parameterizedCron", "githubPullRequests", "snapshotDependencies", "eventTrigger",
)  # fmt: skip
INPUT_KEYS = ("message", "id", "ok", "submitter", "submitterParameter", "parameters")
UNITS = ("NANOSECONDS", "MICROSECONDS", "MILLISECONDS", "SECONDS", "MINUTES", "HOURS", "DAYS")
NODE_STEPS = frozenset((
    "sh", "bat", "powershell", "pwsh", "checkout", "stash", "unstash", "archiveArtifacts", "junit", "deleteDir",
    "cleanWs", "dir", "readFile", "writeFile", "fileExists", "publishHTML", "recordIssues", "findFiles",
    "withMaven",
))  # fmt: skip
"""Steps that work on files, so that they fail without an agent."""

PLAIN_WRAPPERS = frozenset(
    [
        "ansiColor",
        "catchError",
        "lock",
        "retry",
        "stage",
        "timeout",
        "timestamps",
        "warnError",
        "withCredentials",
        "withEnv",
    ]
)
"""Steps that wrap others and certainly give them no agent; one of a shared library may."""

NO_STEPS = frozenset((
    "if", "else", "for", "while", "switch", "try", "def", "return", "throw", "break", "continue", "new",
    "import", "assert",
))  # fmt: skip
CODE_TYPES = frozenset((
    "String", "int", "Integer", "boolean", "Boolean", "List", "Map", "Object", "final", "long", "float",
    "double", "var",
))  # fmt: skip
BLOCK_STEPS = frozenset(
    ["catchError", "warnError", "dir", "node", "retry", "script", "timeout", "withCredentials", "withEnv"]
)
"""Steps that wrap others, and do nothing without a block."""
