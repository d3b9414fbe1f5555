# make ask Q="What is 48 * 17?"    make run    make test
.PHONY: run ask test test-all check format bench clean
.DEFAULT_GOAL := run
SHELL := /bin/bash

RUNTIME := .venv/runtime.installed
DEV := .venv/dev.installed
BIN := .venv/bin
# Tests wait for terminals and processes more than they compute; those of one file share what is slow to make.
PARALLEL := -n 4 --dist loadfile

run: $(RUNTIME)
	@$(BIN)/octograph

ask: $(RUNTIME)
	@$(if $(Q),,$(error Write the question behind the command: make ask Q="What is 48 * 17?"))$(BIN)/octograph ask -- "$$Q"

test: $(DEV)
	@$(BIN)/python -m pytest $(PARALLEL)

test-all: $(DEV)
	@$(BIN)/python -m pytest $(PARALLEL) -m "slow or not slow" --cov

check: $(DEV)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python scripts/cli_docs.py --check
	@$(BIN)/python scripts/tables_docs.py --check
	@$(BIN)/python -m pytest --doctest-modules --doctest-glob='*.md' octograph docs README.md

format: $(DEV)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Figures for this machine; writes benchmarks/results/. Let nothing else run meanwhile.
bench: $(DEV)
	@$(BIN)/python -m benchmarks.foundation

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(RUNTIME): requirements/runtime.txt pyproject.toml scripts/install
	@scripts/install runtime

$(DEV): requirements/dev.txt $(RUNTIME)
	@scripts/install dev

export Q
