"""Names that no job may have, because a CI server, its language or YAML reads them as its own."""

from __future__ import annotations

# https://docs.gitlab.com/ci/jobs/#job-names, and the root keys of GitLab's own schema of the file.
_GITLAB = (
    "image services stages types before_script after_script variables cache include true false nil "
    "pages default workflow spec"
)
# https://www.jenkins.io/doc/book/pipeline/syntax/: directives and sections of a declarative pipeline.
_JENKINS = (
    "pipeline agent stage steps post environment options parameters triggers tools input when parallel matrix "
    "libraries node script"
)
# https://groovy-lang.org/syntax.html#_keywords. Not `package`: the kit's own stage has that name, and a job's name
# stands in a Jenkinsfile between quotes or behind a prefix only.
_GROOVY = (
    "abstract as assert boolean break byte case catch char class const continue def do double else enum extends final "
    "finally float for goto if implements import in instanceof int interface long native new null private protected "
    "public return short static super switch synchronized this threadsafe throw throws trait transient try void "
    "volatile while"
)
_YAML = "yes no on off y n"
# Inputs are written `data.NAME` and `JOB.OUTPUT`.
_KIT = "data"

RESERVED: dict[str, str] = {
    name: owner
    for owner, names in (
        ("pipeline-kit", _KIT),
        ("YAML", _YAML),
        ("Groovy", _GROOVY),
        ("Jenkins", _JENKINS),
        ("GitLab", _GITLAB),
    )
    for name in names.split()
}
"""Each reserved name with whose word it is."""
