# Everything a person needs, on a machine that has Python 3.11 or newer, make and the package registries.
# Python, Node, Java, the CDK command line and the engines come from packages, into .venv/ and node_modules/ of this folder.

.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv

.PHONY: help install format check test test-unit simulate demo bench synth generate proof lock clean

help:  ## what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/.installed  ## .venv/ and node_modules/, from the lock files

.venv/.installed: requirements.lock package-lock.json local/install.py
	@command -v $(PYTHON) > /dev/null || { echo "livehour: there is no $(PYTHON) here: install Python 3.11 or newer, or name yours with 'make PYTHON=/path/to/python3 ...'." >&2; exit 2; }
	@$(PYTHON) local/install.py

format: install  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: install  ## format, lint, types, direction of imports, generated files up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m local.generate --check

test: install  ## every test (PYTEST_ARGS="-k campaign" for some of them)
	@$(BIN)/pytest -n 2 --no-loadscope-reorder $(PYTEST_ARGS)

test-unit: install  ## the rules, with fakes and without sockets: a minute
	@$(BIN)/pytest -n 2 tests/unit $(PYTEST_ARGS)

simulate: install  ## whole shows in memory, with faults and every invariant (SIMULATE_ARGS="--shows 500 --seed 7")
	@$(BIN)/livehour simulate $(SIMULATE_ARGS)

demo: install  ## the Washington Apple hour in two minutes, with a verdict
	@$(BIN)/livehour demo $(DEMO_ARGS)

bench: install  ## what a reservation costs: a table, and bench/results.json
	@$(BIN)/python -m bench $(BENCH_ARGS)

synth: install  ## the production template into cdk.out/, without AWS and without a network
	@$(BIN)/python -m local.cdk synth -c stage=production --quiet && echo "cdk.out/livehour-production.template.json"

generate: install  ## write the generated files anew (docs/openapi.json, docs/proof.md, events/)
	@$(BIN)/python -m local.generate

proof: install  ## put what the last `make test` has tried into docs/proof.md
	@$(BIN)/python -m local.proof
	@$(BIN)/python -m local.generate

lock: install  ## resolve the dependencies anew and write the lock files
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --generate-hashes \
	    --no-header --no-emit-index-url pyproject.toml --output-file requirements.lock
	$(UV) pip compile --quiet --upgrade --python-platform aarch64-manylinux2014 --python-version 3.13 --generate-hashes \
	    --no-header --no-emit-index-url --constraint requirements.lock pyproject.toml --output-file requirements-lambda.lock
	PATH="$(CURDIR)/$(BIN):$$PATH" npm install --package-lock-only --loglevel=error
	@$(PYTHON) local/install.py

clean:  ## stop the engine, and remove what was made here
	@if [ -x $(BIN)/livehour ]; then $(BIN)/livehour down --quiet || true; fi
	rm -rf .venv node_modules .livehour build cdk.out .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
