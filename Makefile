# The two commands of the README: `make demo` and `make test`. Each makes its own environment under .make/, once.
PYTHON ?= python3
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo demo-cluster test test-fast drill lint docs transcript bench clean help

help:
	@echo 'make demo   run the whole pipeline of examples/tumour_logistic on this machine'
	@echo 'make demo-cluster   the whole way on the cluster that KUBECONFIG names: images, releases, and back'
	@echo 'make test   pass the tests, on all cores; PYTEST=... adds arguments of pytest'
	@echo 'make test-fast   pass the tests that need nothing but Python, in a minute'
	@echo 'make drill  pass the long tests whole, and write benchmarks/DRILL.md'
	@echo 'make lint   ruff, mypy and import-linter'
	@echo 'make bench  measure the speed beside other tools, and write benchmarks/RESULTS.md'
	@echo 'make docs   build the documentation as a site: .make/docs/index.html'
	@echo 'make clean  remove the environments and what the demo left'

# The pipeline, and then the image that it made: proved, and asked for a prediction. docs/generator/readme.py types the same.
IMAGE := oci:.pipeline-kit/out/package_image/image
demo: .make/demo/ready
	@.make/demo/bin/python -m pipeline_kit -C examples/tumour_logistic run
	@printf '\n$$ pipeline-kit verify $(IMAGE) --unsigned\n'
	@.make/demo/bin/python -m pipeline_kit -C examples/tumour_logistic verify $(IMAGE) --unsigned
	@printf '\n$$ pipeline-kit predict\n'
	@.make/demo/bin/python -m pipeline_kit -C examples/tumour_logistic predict

demo-cluster: .make/demo-cluster/ready
	@.make/demo-cluster/bin/python examples/cluster.py

# What follows overrides: `make test PYTEST='-n 0 -x tests/plan'` runs one folder in one process.
WORKERS := -n auto --dist worksteal
test: .make/test/ready
	@.make/test/bin/python -m pytest $(WORKERS) $(PYTEST)

# tests/fast.py chooses them, and refuses what they must not start.
test-fast: .make/test/ready
	@.make/test/bin/python -m pytest -q $(WORKERS) --fast $(PYTEST)

# One at a time: what is killed at a random moment should not meet what else is killed.
drill: .make/test/ready
	@.make/test/bin/python -m pytest --drill benchmarks/DRILL.md $(PYTEST)

lint: .make/test/ready
	@.make/test/bin/python -m ruff check .
	@.make/test/bin/python -m ruff format --check .
	@.make/test/bin/python -m mypy
	@.make/test/bin/lint-imports

docs: .make/test/ready
	@.make/test/bin/python docs/generate.py --check
	@.make/test/bin/python -m sphinx -W --keep-going -q -b html -d .make/doctrees docs .make/docs
	@echo '.make/docs/index.html'

# What the README shows of `make demo`, its picture (which needs Chromium), and the pages of docs/reference/.
transcript: .make/test/ready
	@.make/test/bin/python docs/generate.py
	@.make/test/bin/python docs/generate.py readme
	@.make/test/bin/python docs/generate.py picture

# Measures the kit as users have it: installed from its wheel, not editable.
bench: .make/bench/ready
	@rm -rf build
	@.make/bench/kit/bin/python -m pip install --quiet --disable-pip-version-check --force-reinstall .
	@.make/bench/kit/bin/python -m benchmarks

clean:
	rm -rf .make examples/*/.pipeline-kit

.make/demo/ready: setup.cfg pyproject.toml | python
	@echo 'making the environment of the demo, once' >&2
	@rm -rf .make/demo
	@$(PYTHON) -m venv .make/demo
	@.make/demo/bin/python -m pip install -qq --disable-pip-version-check --editable .
	@touch $@

.make/demo-cluster/ready: setup.cfg pyproject.toml | python
	@echo 'making the environment of the demo, once' >&2
	@rm -rf .make/demo-cluster
	@$(PYTHON) -m venv .make/demo-cluster
	@.make/demo-cluster/bin/python -m pip install -qq --disable-pip-version-check --editable '.[kubernetes]'
	@touch $@

.make/test/ready: setup.cfg pyproject.toml requirements.lock | python
	@echo 'making the environment of the tests, once' >&2
	@rm -rf .make/test
	@$(PYTHON) -m venv .make/test
	@.make/test/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --requirement requirements.lock
	@.make/test/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# The peers that the kit is measured beside; one that cannot be installed is reported as such.
.make/bench/ready: Makefile | python
	@echo 'making the environments of the benchmarks, once' >&2
	@rm -rf .make/bench
	@$(PYTHON) -m venv .make/bench/kit
	@$(PYTHON) -m venv .make/bench/python
	@for peer in copier==9.19.1 dvc==3.67.1 bitrab==0.5.0; do \
	  .make/bench/python/bin/python -m pip install --quiet --disable-pip-version-check $$peer || echo "$$peer cannot be installed" >&2; \
	done
	@npm install --silent --no-save --prefix .make/bench/node gitlab-ci-local@4.73.0 >/dev/null || echo 'gitlab-ci-local cannot be installed' >&2
	@touch $@

.PHONY: python
python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo 'pipeline-kit needs Python 3.11 or newer: name one, such as: make demo PYTHON=python3.12' >&2; exit 2; }
