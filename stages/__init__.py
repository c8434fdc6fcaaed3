"""The built-in stages, a folder each: `stage.yml` says what it is, `run.py` what it does."""
