# Set-up happens by itself: a virtual environment from the hashed locks, renewed when they change.
# The first interpreter from 3.11 on that works and can make a virtual environment is taken. To pick one, and to keep
# its environment apart: make test PYTHON=python3.13 VENV=.venv-3.13

SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
CANDIDATES := $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python)
# Run, not looked up: version managers leave commands behind that only print an error.
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
STAMP := $(VENV)/.stamp-$(shell cat requirements/*.txt pyproject.toml 2>/dev/null | cksum | cut -d' ' -f1)

.PHONY: help demo test lint bench mutants lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

demo: $(STAMP) ## the whole journey against a simulated AWS, nine days in under a minute
	@$(BIN)/iamflow demo

test: $(STAMP) ## every test
	@$(BIN)/python -m pytest

lint: $(STAMP) ## style, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(STAMP) ## measure iamflow against the floor of the bare database, in one run
	@$(BIN)/python -m benchmarks

mutants: $(STAMP) ## mutation testing of the guards; fails below 95 % killed
	@$(BIN)/python -m tests.project.mutants

lock: $(STAMP) ## renew the locks from pyproject.toml
	@$(BIN)/python requirements/renew.py

clean: ## remove the virtual environment and every cache
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache mutants dist build

$(STAMP):
	@if ! test -x $(BIN)/python; then \
		for candidate in $(CANDIDATES); do \
			if $$candidate -c '$(FITS)' 2>/dev/null; then python=$$candidate; break; fi; \
		done; \
		test -n "$$python" || { echo "iamflow needs Python 3.11, 3.12 or 3.13 with venv; none of these is: $(CANDIDATES)" >&2; exit 1; }; \
		echo "making $(VENV) with $$($$python --version)"; \
		$$python -m venv $(VENV); \
	fi
	@$(BIN)/python -c '$(FITS)' || { echo "$(VENV) is not of Python 3.11, 3.12 or 3.13: remove it" >&2; exit 1; }
	@echo "installing what the locks name"
	@# --no-deps: the lock names everything, so nothing is left to resolve. Left to it, older pips prefer a release newer
	@# than the lock for a requirement with an extra (coverage[toml]), and then refuse it for want of a hash.
	@$(PIP) install --quiet --no-deps --require-hashes -r requirements/dev.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@$(PIP) check >/dev/null || { $(PIP) check; exit 1; }
	@rm -f $(VENV)/.stamp-*; touch $@
