# Chophien: `make` lists the targets. Needs Python 3.11+ with venv and pip, make and git; everything else is fetched into .venv and the user's cache.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MEMBERS := chassis proto/gen services/catalog services/orders services/payments services/shipping simulation deploy/laptop
UV_VERSION := 0.13.9
UNFETCHED := echo "Python packages could not be fetched: check the network (or pip's index settings) and the free disk space"; exit 1
SEEDS ?= 3
RUN_DIR ?= .run
# The day's words are Vietnamese, whatever the locale says.
export PYTHONUTF8 := 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup demo test verify up down status story clean generate check-generate format lint types unit chaos bench bench-saga bench-livestream bench-planner bench-nation lock golden release-contracts

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make the virtual environment with every package

$(READY): requirements.lock $(addsuffix /pyproject.toml,$(MEMBERS))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Chophien needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=…")'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || { echo "no virtual environment: install Python's venv and pip (Debian: python3-venv)"; exit 1; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) || { $(UNFETCHED); }
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock || { $(UNFETCHED); }
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(addprefix -e ,$(MEMBERS))
	@touch $@

demo: $(READY) ## run the Bình Lư day on real Kafka, PostgreSQL, gRPC and traces
	@$(BIN)/python -m simulation demo

test: $(READY) ## run every test (unit, integration, contract, then the end-to-end journeys)
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not e2e and not chaos"
	@$(BIN)/python -m pytest -q -m "e2e or chaos" tests/e2e

unit: $(READY) ## run the tests that need nothing running (seconds)
	@$(BIN)/python -m pytest -q chassis/tests/unit services/*/tests/unit tests/tidy

verify: lint types check-generate test ## what must hold before a push: format, lint, types, import rules, contracts, tests

up: $(READY) ## start the laptop stack and keep it (Ctrl-C or `make down` stops it)
	@$(BIN)/python -m laptop up --run-dir "$(RUN_DIR)"

down: $(READY) ## stop the laptop stack, or the demo
	@$(BIN)/python -m laptop down --run-dir "$(RUN_DIR)"

status: $(READY) ## show each part, outboxes, lag, dead letters, and what waits for somebody (of the demo, if that runs)
	@$(BIN)/python -m laptop status --run-dir "$(RUN_DIR)"

# What somebody pasted, untouched by make and shell.
unexport CODE
story: export PASTED = $(value CODE)
story: $(READY) ## tell the life of an order, parcel or batch: make story CODE=…
	@$(BIN)/python -m laptop story --run-dir "$(RUN_DIR)" --code "$$PASTED"

clean: $(READY) ## stop the stack and remove its data, that of the demo too
	@$(BIN)/python -m laptop clean --run-dir "$(RUN_DIR)"

generate: $(READY) ## generate the Python of the contracts
	@$(BIN)/python proto/generate.py

check-generate: $(READY) ## are the generated files fresh, and do the contracts still hold what was released?
	@$(BIN)/python proto/generate.py --check
	@cd proto && buf lint && buf format --diff --exit-code && buf breaking --against released.binpb

release-contracts: $(READY) ## freeze the contracts as the release that later changes must not break
	@cd proto && buf build -o released.binpb

golden: $(READY) ## write the golden examples of facts that have none yet
	@$(BIN)/python -m tests.contract.examples

format: $(READY) ## format Python and contracts
	@$(BIN)/ruff format -q . && $(BIN)/ruff check -q --fix . ; cd proto && buf format -w

lint: $(READY) ## format, lint and import rules
	@$(BIN)/ruff format --check -q . && $(BIN)/ruff check -q . && $(BIN)/lint-imports --no-cache >/dev/null || { $(BIN)/ruff format --check . ; $(BIN)/ruff check . ; $(BIN)/lint-imports --no-cache; exit 1; }

types: $(READY) ## mypy --strict
	@MYPYPATH=chassis/tests $(BIN)/mypy $(addsuffix /src,$(filter-out proto/gen,$(MEMBERS))) bench tests examples $(addsuffix /tests,chassis services/orders services/payments simulation deploy/k8s)

chaos: $(READY) ## the chaos journey with more seeds: make chaos SEEDS=3
	@CHOPHIEN_CHAOS_SEEDS=$(SEEDS) $(BIN)/python -m pytest -q -m chaos tests/e2e

bench: bench-saga bench-livestream ## run the benches and print their tables

bench-saga: $(READY) ## sagas per second against the hand-written floor and DBOS
	@$(BIN)/python -m bench.saga

bench-livestream: $(READY) ## 4,000 orders of one livestream at full speed
	@$(BIN)/python -m bench.livestream

bench-planner: $(READY) ## the planner against simple rules and hindsight
	@$(BIN)/python -m bench.planner

bench-nation: $(READY) ## the peak wave of 3,321 communes
	@$(BIN)/python -m bench.planner.nation

lock: $(READY) ## lock the third-party packages again
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements.in -o requirements.lock
