"""The conformance cases on a real GitLab or Jenkins: `python -m smoke gitlab|jenkins ...`; see smoke/README.md."""
