# Needs Python 3.11 or newer and make, nothing else. Everything lives in .venv.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test soak bench clean

PYTHON = $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
BIN := .venv/bin
BASE := .venv/.base
DEV := .venv/.dev

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## */\t/' | awk -F'\t' '{printf "  make %-6s %s\n", $$1, $$2}'

$(BASE): pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: Python 3.11 or newer (with its venv module) is needed; none was found on PATH." >&2; exit 1; }
	@echo "Setting up .venv with $(PYTHON) (once; downloads the libraries)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(DEV): $(BASE)
	@echo "Adding what tests and measurements need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(BASE)  ## answer a question about a real table, and show what was made
	@AGENTFORGE_STORE=out/store $(BIN)/agentforge analyze examples/cars.csv \
		"How did Miles_per_Gallon develop over the years?" --out out/demo

test: $(DEV)  ## lint, types, import rules and all tests
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest

soak: $(DEV)  ## the tests with many more random examples (long)
	@export SOAK=1 SEED=$${SEED:-$$(date +%s)} && echo "SEED=$$SEED" && $(BIN)/pytest --hypothesis-profile=soak

bench: $(DEV)  ## every measurement in docs/benchmarks.md (long; wants a quiet machine and 3 GB of disk)
	@$(BIN)/python -m bench.cold
	@$(BIN)/python -m bench.warm
	@$(BIN)/python -m bench.ingest
	@$(BIN)/python -m bench.large
	@$(BIN)/python -m bench.sandbox
	@$(BIN)/python -m bench.state
	@$(BIN)/python -m bench.api
	@$(BIN)/python -m bench.money
	@$(BIN)/python -m bench.quotes
	@$(BIN)/python -m bench.forge.cognate muon
	@$(BIN)/python -m bench.forge.cognate loop
	@$(BIN)/python -m bench.forge.data
	@$(BIN)/python -m bench.forge.quiet_star
	@$(BIN)/python -m bench.forge.bitnet
	@$(BIN)/python -m bench.questions.run --half dev
	@$(BIN)/python -m bench.questions.run --half heldout

clean:  ## remove all that was made here, .venv too
	rm -rf .venv out build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
