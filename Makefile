# Penstock. `make` alone shows what there is.
PYTHON ?= python3
VENV := .venv
BENCH := .venv-bench
BIN := $(VENV)/bin
PORT ?= 8080

.DEFAULT_GOAL := help
.PHONY: help serve dev test check format generate bench bench-quick wheel clean

help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  (PYTHON=python3.12 picks the interpreter, PORT=8000 the port)"

# The stamp is younger than what it was made from, so a second run installs nothing.
$(VENV)/installed: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("penstock needs Python 3.11 or newer: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || { echo "making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing penstock and its tools into $(VENV)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@touch $@

serve: $(VENV)/installed ## serve the sample app of workflows.d, following its files
	@$(BIN)/penstock dev --port $(PORT)

test: $(VENV)/installed ## run the tests
	@$(BIN)/python -m pytest

check: $(VENV)/installed ## format, lint, types and the floors of imports
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary runtime cli tests
	@$(BIN)/lint-imports

format: $(VENV)/installed ## mend format and lint
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

generate: $(VENV)/installed ## write schema/ and the generated pages of docs/ anew
	@$(BIN)/python -m penstock.spec
	@$(BIN)/python -m penstock_cli.reference > docs/commands.tmp && mv docs/commands.tmp docs/commands.md

$(BENCH)/installed: setup.cfg benchmarks/requirements.txt
	@test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	@echo "installing penstock and its rivals into $(BENCH)"
	@$(BENCH)/bin/python -m pip install -qq --disable-pip-version-check --editable '.[fast]' -r benchmarks/requirements.txt
	@touch $@

bench: $(BENCH)/installed ## measure against bare aiohttp and FastAPI (about 6 minutes, needs wrk and two cores)
	@$(BENCH)/bin/python benchmarks/run.py

bench-quick: $(BENCH)/installed ## the same in 40 seconds, rougher, writing nothing
	@$(BENCH)/bin/python benchmarks/run.py --quick

wheel: $(VENV)/installed ## build the wheel into dist/
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

clean: ## throw away what was built
	rm -rf build dist runtime/*.egg-info *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
