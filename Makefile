# Two commands for a bare machine with Python 3.11 and pip: `make demo` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest -q -n 2 --dist worksteal
RUN_DIR ?= demo-run
STUDY ?= radiator_balancing
ASK_radiator_balancing := --treatment radiators_balanced --outcome heat_kwh_m2
ASK_hive_syrup := --treatment syrup_kg --outcome spring_brood_frames
ASK_ferry_coating := --treatment silicone_coating --outcome fuel_l_per_nm
SUGGEST := $(BIN)/copilot suggest-graph fixtures/$(STUDY)/data.csv $(ASK_$(STUDY)) \
	  --context @fixtures/$(STUDY)/context.md --describe fixtures/$(STUDY)/describe.yaml
ANALYZE := $(subst suggest-graph,analyze,$(SUGGEST))
# Tests and checks read compiled bytecode; some machines turn its writing off, and start-up would crawl.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check lint fast slow fix bench record docs clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.run: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("copilot needs Python 3.11 or newer; try make PYTHON=python3.11 …" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/pip install --quiet -e '.[dev]'
	@touch $@

demo: $(VENV)/.run ## Install, then run the main job on a fixture with recorded answers: no key, no network (RUN_DIR=… for its files)
	@$(BIN)/python -m compileall -q copilot
	@[ "$(RUN_DIR)" != demo-run ] || rm -rf demo-run
	@mkdir -p $(RUN_DIR)
	$(ANALYZE) --replay fixtures/$(STUDY)/answers.jsonl --yes --run-dir $(RUN_DIR)

test: fast slow ## Run all tests, the slow ones included

check: lint fast ## Lint, types, layers, documents in step, fast tests

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/docs.py --check

# One make that is asked for `test` and for `check` runs the fast tests once.
fast: $(VENV)/.dev
	@$(BIN)/python -m compileall -q copilot
	$(PYTEST) -m 'not slow'

slow: $(VENV)/.dev
	@$(BIN)/python -m compileall -q copilot
	$(PYTEST) -m slow

fix: $(VENV)/.dev ## Format the code and bring the generated documents in step
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python scripts/docs.py

bench: $(VENV)/.dev ## Measure speed, as ratios within one run, and hold published numbers (COPILOT_TRUTH=…) against ours
	@$(BIN)/python -m compileall -q copilot
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/effect.py
	$(BIN)/python benchmarks/many_graphs.py
	$(BIN)/python benchmarks/validation.py --write

record: $(VENV)/.run ## Ask a model for a fixture's answers anew (STUDY=…; needs OPENAI_BASE_URL or a key, and COPILOT_MODEL)
	$(SUGGEST) --record fixtures/$(STUDY)/answers.jsonl --answered-by "$(ANSWERED_BY)" --yes --cache off

clean: ## Remove what make has made
	rm -rf $(VENV) demo-run .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
