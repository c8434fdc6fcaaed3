"""Finds what is wrong in a `.gitlab-ci.yml` or a `Jenkinsfile`, rendered by the kit or not. Pure: text to findings."""
